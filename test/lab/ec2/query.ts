/** Who calls, and where. */
export interface Caller {
    /** The server's address: `http://10.77.6.1:5000`. */
    url: string;
    region: string;
    /** Access key id; the server checks no signature. */
    key: string;
}

/** Versions of the APIs, by the service's name in a signature. */
const versions: Record<string, string> = { autoscaling: "2011-01-01", monitoring: "2010-08-01" };

/**
 * Calls an action of EC2 Auto Scaling (`autoscaling`) or CloudWatch (`monitoring`) of moto's server, which can answer in JSON.
 * @returns The result, as AWS documents it; times are text.
 * @throws Error whose message begins with AWS's code.
 */
export async function query(
    { url, region, key }: Caller,
    service: string,
    action: string,
    parameters: Record<string, unknown>,
): Promise<unknown> {
    const asked = { Action: action, Version: versions[service], ContentType: "JSON", ...parameters };
    const scope = `${key}/20261201/${region}/${service}/aws4_request`;
    const answer = await fetch(url, {
        method: "POST",
        headers: { Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none` },
        body: new URLSearchParams(flat(asked)),
    });
    const text = await answer.text();
    if (answer.status >= 500) {
        throw new Error(`${action}: ${answer.status} ${text.slice(0, 500)}`);
    }
    type Answer = { Error?: { Code: string; Message: string } } & Record<string, Record<string, unknown>>;
    const said = JSON.parse(text) as Answer;
    if (said.Error) {
        throw new Error(`${said.Error.Code}: ${said.Error.Message}`);
    }
    return said[`${action}Response`]?.[`${action}Result`] ?? {};
}

/** Parameters as the query protocol has them: `Tags.member.1.Key`. */
function flat(value: unknown, name = ""): [string, string][] {
    if (value === undefined) {
        return [];
    }
    if (Array.isArray(value)) {
        return value.flatMap((item, index) => flat(item, `${name}.member.${index + 1}`));
    }
    if (typeof value === "object" && value !== null) {
        return Object.entries(value).flatMap(([key, item]) => flat(item, name === "" ? key : `${name}.${key}`));
    }
    return [[name, typeof value === "string" ? value : JSON.stringify(value)]];
}
