import { X509Certificate } from "crypto";
import * as pulumi from "@pulumi/pulumi";
import { certificatesIn, endOf } from "../../../provider/pem";
import { Certificate, CrossCertificate } from "../../../provider/resources";
import type { Host } from "../../hosts/host";

/** An authority of the user's own, as PEM. */
export interface UsersAuthority {
    /** Its certificate and, after it, those of the authorities between it and the one that browsers trust, if there are any. */
    certificate: string;
    /** Its private key, without a password. */
    key: pulumi.Input<string>;
}

/** Arguments of {@link Authority}. */
export interface AuthorityArgs {
    /** The cluster's name, by which the authority is named. */
    clusterName: string;
    /** What it signs for, such as `zookeeper`. */
    role: string;
    /** Days for which what it signs is valid. Once less than a third of them is left, an update replaces it. */
    certificateDays: number;
    /** Signs it too, for those outside the cluster; default: nobody does. */
    authority?: UsersAuthority | undefined;
}

/**
 * An authority of the stack's own, valid for ten years, and what it has signed. Daemons trust its own certificate, which it has signed
 * itself, and so nothing else that the user's authority has signed. That one's cross-certificate of it is in the chain that certificates
 * are delivered with. So whatever happens to the user's authority, daemons connect.
 */
export class Authority {
    /** Its certificate, as PEM. */
    readonly certificate: pulumi.Output<string>;
    /** When its own certificate ends. */
    readonly end: pulumi.Output<string>;
    /** When its cross-certificate ends, and those above that, if it has one. */
    readonly crossEnds: readonly pulumi.Output<string>[] = [];
    private readonly own: Certificate;
    private readonly chain: pulumi.Output<string> | undefined;
    private readonly signed: Certificate[] = [];

    /**
     * @param name First part of the names of resources.
     * @param parent Parent of the resources.
     */
    constructor(
        private readonly name: string,
        private readonly args: AuthorityArgs,
        private readonly parent: pulumi.Resource,
    ) {
        const { clusterName, role, authority } = args;
        const fullName = `${clusterName}-${role}`;
        this.own = new Certificate(`${name}-${role}-authority`, { name: fullName }, { parent });
        this.certificate = this.own.certificate;
        this.end = this.certificate.apply(endOf);
        if (authority) {
            const all = certificatesIn(authority.certificate);
            const by = pulumi.secret({ certificate: all[0] ?? "", key: authority.key });
            const cross = new CrossCertificate(
                `${name}-${role}-cross-certificate`,
                { name: fullName, of: this.certificate, by },
                { parent },
            );
            const above = all.filter((each) => !isRoot(each));
            this.chain = cross.certificate.apply((certificate) => [certificate, ...above].join(""));
            this.crossEnds = [cross.certificate.apply(endOf), ...above.map((each) => pulumi.output(endOf(each)))];
        }
    }

    /** When each certificate ends that it has, or has signed so far. */
    get expires(): pulumi.Output<string>[] {
        return [this.end, ...this.crossEnds, ...this.signed.map(({ expires }) => expires)];
    }

    /**
     * Signs a certificate.
     * @param owner Middle part of the resource's name.
     * @param host Where its owner is: until that can be used, the certificate stays as it is. Default: nowhere.
     */
    certify(
        owner: string,
        args: Omit<ConstructorParameters<typeof Certificate>[1], "by" | "days" | "chain">,
        host?: Host,
    ): Certificate {
        const { certificate, key } = this.own;
        const signed = new Certificate(
            `${this.name}-${owner}-certificate`,
            {
                ...args,
                days: this.args.certificateDays,
                by: pulumi.secret({ certificate, key }),
                ...(this.chain && { chain: this.chain }),
            },
            { parent: this.parent, dependsOn: host?.docker.provider },
        );
        this.signed.push(signed);
        return signed;
    }
}

/** Whether an authority has signed its certificate itself: then others trust it, and need not be sent it. */
function isRoot(pem: string): boolean {
    const certificate = new X509Certificate(pem);
    return certificate.checkIssued(certificate);
}

/** A certificate and its key, in one PEM. */
export function withKey({ certificate, key }: Certificate): pulumi.Output<string> {
    return pulumi.all([certificate, key]).apply((parts) => parts.join(""));
}

/** When the first of some certificates ends. */
export function firstEnd(expires: pulumi.Output<string>[]): pulumi.Output<string> {
    return pulumi.all(expires).apply((all) => all.sort()[0] ?? "");
}
