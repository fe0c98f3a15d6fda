import * as pulumi from "@pulumi/pulumi";
import type { Certificate } from "../../../provider/resources";

/** The files by which one who has a certificate proves itself and checks others: content by path, in a container. */
export type CertificateFiles = Record<string, pulumi.Output<string>>;

/** Where {@link certificateFiles} are: the authority's certificate; the own one with its key. */
export const certificatePaths = { authority: "/certificates/authority.pem", own: "/certificates/own.pem" } as const;

/** Files as an argument of docker.Container. */
export function uploadsOf(files: CertificateFiles = {}): { file: string; content: pulumi.Output<string> }[] {
    return Object.entries(files).map(([file, content]) => ({ file, content }));
}

/** The files of a certificate that an authority has signed. */
export function certificateFiles(own: Certificate, authority: Certificate): CertificateFiles {
    return {
        [certificatePaths.authority]: authority.certificate,
        [certificatePaths.own]: pulumi.all([own.certificate, own.key]).apply((parts) => parts.join("")),
    };
}
