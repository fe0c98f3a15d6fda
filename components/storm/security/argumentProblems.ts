import { signerProblems } from "../../../provider/signer";
import { certificateDays } from "../spec/certificateDays";
import { users } from "../spec/users";
import type { StormClusterArgs } from "../stormClusterArgs";

/** Arguments of a cluster that its certificates follow from. */
type CertificateArgs = Pick<StormClusterArgs, "users" | "certificateDays" | "authority">;

/**
 * Why a cluster cannot have these users, or certificates: all at once, each with the argument's path. A key that is an Output is not looked
 * at: the resource that signs by it does that.
 */
export function argumentProblems(args: CertificateArgs): { propertyPath: string; reason: string }[] {
    const issuesOf = (name: "users" | "certificateDays", schema: typeof users | typeof certificateDays) =>
        (schema.optional().safeParse(args[name]).error?.issues ?? []).map(({ path, message: reason }) => ({
            propertyPath: `${name}${path.map((index) => `[${String(index)}]`).join("")}`,
            reason,
        }));
    return [
        ...issuesOf("users", users),
        ...issuesOf("certificateDays", certificateDays),
        ...authorityProblems(args).map(({ property, reason }) => ({ propertyPath: `authority.${property}`, reason })),
    ];
}

function authorityProblems({ authority }: CertificateArgs): ReturnType<typeof signerProblems> {
    if (authority === undefined) {
        return [];
    }
    const { certificate, key } = authority;
    return signerProblems({ certificate, key: typeof key === "string" ? key : undefined });
}
