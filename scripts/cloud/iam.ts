/** What IAM has of a cluster, as `make leftovers` lists and deletes it. */
import {
    GetInstanceProfileCommand,
    GetRoleCommand,
    ListRolePoliciesCommand,
    paginateListInstanceProfiles,
    paginateListRoles,
} from "@aws-sdk/client-iam";
import { all, type Kind } from "./kind";

/** Names that Pulumi gives to a stack's roles and instance profiles; docs/aws-policy.json allows to read no others. */
const roleNames = /^((host-)?profile|host-network-flow-logs)-role-/;
const profileNames = /^(host-)?profile-/;

/** Instance profiles, with their roles. */
export const instanceProfile: Kind = {
    kind: "instance profile",
    list: async ({ iam: client }) => {
        const profiles = await all(paginateListInstanceProfiles({ client }, {}), (page) => page.InstanceProfiles);
        return Promise.all(
            profiles
                .filter(({ InstanceProfileName = "" }) => profileNames.test(InstanceProfileName))
                .map(async ({ InstanceProfileName: id, Roles = [] }) => {
                    const answer = await client.send(new GetInstanceProfileCommand({ InstanceProfileName: id }));
                    const parts = Roles.map(({ RoleName }) => RoleName);
                    return { id, name: id, tags: answer.InstanceProfile?.Tags, parts };
                }),
        );
    },
    remove: (found) =>
        found.flatMap(({ id, parts }) => [
            ...parts.map(
                (role) => `aws iam remove-role-from-instance-profile --instance-profile-name ${id} --role-name ${role}`,
            ),
            `aws iam delete-instance-profile --instance-profile-name ${id}`,
        ]),
};

/** Roles, with their own policies. */
export const role: Kind = {
    kind: "role",
    list: async ({ iam: client }) => {
        const roles = await all(paginateListRoles({ client }, {}), (page) => page.Roles);
        return Promise.all(
            roles
                .filter(({ RoleName = "" }) => roleNames.test(RoleName))
                .map(async ({ RoleName: id }) => {
                    const { Role } = await client.send(new GetRoleCommand({ RoleName: id }));
                    const { PolicyNames } = await client.send(new ListRolePoliciesCommand({ RoleName: id }));
                    return { id, name: id, tags: Role?.Tags, parts: PolicyNames ?? [] };
                }),
        );
    },
    remove: (found) =>
        found.flatMap(({ id, parts }) => [
            ...parts.map((policy) => `aws iam delete-role-policy --role-name ${id} --policy-name ${policy}`),
            `aws iam delete-role --role-name ${id}`,
        ]),
};
