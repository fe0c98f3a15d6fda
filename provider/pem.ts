import { X509Certificate } from "crypto";

/** The certificates of a PEM text, in its order, each as PEM. */
export function certificatesIn(text: string): string[] {
    return (text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? []).map((each) => `${each}\n`);
}

/** When a certificate ends, such as `2027-11-30T15:00:00.000Z`; the first one, if there are several. */
export function endOf(pem: string): string {
    return new Date(new X509Certificate(pem).validTo).toISOString();
}

/** A certificate's DER as PEM. */
export function toPem(der: Buffer): string {
    const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
    return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
