/** The setting `authority`: an authority of the user's own. */
import { z } from "zod";
import { type ExistingResource, ofKindIn } from "../components/stackState";
import { certificatesIn, endOf } from "../provider/pem";
import { signerProblems } from "../provider/signer";
import type { Fields } from "./fields";
import type { Problem, Valid } from "./rules";

const pem = z.string({ error: "must be a text in PEM, as the file has it" });

/** Empty: there is none. */
export const authority = z
    .strictObject({ certificate: pem, key: pem }, { error: "must be a map of certificate and key" })
    .partial()
    .transform((given) => (Object.keys(given).length > 0 ? given : undefined));

/** Tells why the user's authority cannot sign the stack's. */
export function authorityProblems({ authority: given }: Valid, problem: Problem): void {
    if (given === undefined) {
        return;
    }
    if (given.certificate === undefined) {
        problem(["authority"], "has no certificate: `pulumi config set --path authority.certificate <file`");
        return;
    }
    for (const { property, reason } of signerProblems({ certificate: given.certificate, key: given.key })) {
        problem(["authority", property], reason);
    }
}

/**
 * Tells why a stack cannot have that authority in this update.
 * @param state The stack's resources, as of its last update.
 */
export function authorityUpdateProblem(
    { authority: given, certificateDays }: Pick<Fields, "authority" | "certificateDays">,
    state: ExistingResource[],
): string | undefined {
    if (given?.certificate === undefined) {
        return undefined;
    }
    if (given.key === undefined) {
        return "storm:authority has no key: `pulumi config set --secret --path authority.key <file`";
    }
    const end = certificatesIn(given.certificate).map(endOf).sort()[0] as string;
    const isNew = ofKindIn("CrossCertificate", state).length === 0;
    // That of a stack which has one already is a warning: an update must remain possible.
    return isNew && Date.parse(end) - Date.now() < certificateDays * 86_400_000
        ? `storm:authority.certificate ends on ${end.slice(0, 10)}, before certificates that it would be for, which are valid for ` +
              `${certificateDays} days: give one that is valid for longer, or lower storm:certificateDays`
        : undefined;
}
