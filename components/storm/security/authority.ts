import * as pulumi from "@pulumi/pulumi";
import type { Host } from "../../hosts/host";
import { Certificate } from "../../../provider/resources";

/** Days for which a certificate is valid. Once less than a third of them is left, an update replaces it. */
export const validDays = 365;

/** An authority of the stack's own, valid for ten years, and what it has signed. */
export class Authority {
    /** Its certificate, as PEM. */
    readonly certificate: pulumi.Output<string>;
    private readonly own: Certificate;
    private readonly signed: Certificate[] = [];

    /**
     * @param name First part of the names of resources.
     * @param clusterName The cluster's name, by which the authority is named.
     * @param role What it signs for, such as `zookeeper`.
     * @param parent Parent of the resources.
     */
    constructor(
        private readonly name: string,
        clusterName: string,
        role: string,
        private readonly parent: pulumi.Resource,
    ) {
        this.own = new Certificate(`${name}-${role}-authority`, { name: `${clusterName}-${role}` }, { parent });
        this.certificate = this.own.certificate;
    }

    /** When each certificate ends that it has signed so far. */
    get expires(): pulumi.Output<string>[] {
        return this.signed.map(({ expires }) => expires);
    }

    /**
     * Signs a certificate.
     * @param owner Middle part of the resource's name.
     * @param host Where its owner is: until that can be used, the certificate stays as it is. Default: nowhere.
     */
    certify(
        owner: string,
        args: Omit<ConstructorParameters<typeof Certificate>[1], "by" | "days">,
        host?: Host,
    ): Certificate {
        const { certificate, key } = this.own;
        const signed = new Certificate(
            `${this.name}-${owner}-certificate`,
            { ...args, days: validDays, by: pulumi.secret({ certificate, key }) },
            { parent: this.parent, dependsOn: host?.docker.provider },
        );
        this.signed.push(signed);
        return signed;
    }
}

/** A certificate and its key, in one PEM. */
export function withKey({ certificate, key }: Certificate): pulumi.Output<string> {
    return pulumi.all([certificate, key]).apply((parts) => parts.join(""));
}

/** When the first of some certificates ends. */
export function firstEnd(expires: pulumi.Output<string>[]): pulumi.Output<string> {
    return pulumi.all(expires).apply((all) => all.sort()[0] ?? "");
}
