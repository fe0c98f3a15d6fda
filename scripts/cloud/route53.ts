/** What Route 53 has of a cluster, as `make leftovers` lists and deletes it. */
import {
    ListResourceRecordSetsCommand,
    ListTagsForResourceCommand,
    paginateListHostedZones,
} from "@aws-sdk/client-route-53";
import { quote } from "../../provider/machines/shell";
import { all, type Kind } from "./kind";

/** Private zones, with their records. */
export const hostedZone: Kind = {
    kind: "hosted zone",
    list: async ({ route53: client }) => {
        const zones = await all(paginateListHostedZones({ client }, {}), (page) => page.HostedZones);
        return Promise.all(
            zones
                .filter(({ Config }) => Config?.PrivateZone)
                .map(async ({ Id = "", Name = "" }) => {
                    const id = Id.replace("/hostedzone/", "");
                    const { ResourceTagSet } = await client.send(
                        new ListTagsForResourceCommand({ ResourceType: "hostedzone", ResourceId: id }),
                    );
                    const { ResourceRecordSets = [] } = await client.send(
                        new ListResourceRecordSetsCommand({ HostedZoneId: id }),
                    );
                    const records = ResourceRecordSets.filter(({ Type = "" }) => !["NS", "SOA"].includes(Type));
                    return {
                        id,
                        name: Name.replace(/\.$/, ""),
                        tags: ResourceTagSet?.Tags,
                        parts: records.map((record) => JSON.stringify(record)),
                    };
                }),
        );
    },
    remove: (found) =>
        found.flatMap(({ id, parts }) => {
            const changes = parts.map((record) => `{"Action":"DELETE","ResourceRecordSet":${record}}`);
            const batch = quote(`{"Changes":[${changes.join(",")}]}`);
            return [
                ...(parts.length > 0
                    ? [`aws route53 change-resource-record-sets --hosted-zone-id ${id} --change-batch ${batch}`]
                    : []),
                `aws route53 delete-hosted-zone --id ${id}`,
            ];
        }),
};
