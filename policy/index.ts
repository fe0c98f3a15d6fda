import { PolicyPack } from "@pulumi/policy";
import { encryptedVolumes, imdsV2, noOpenIngress, protectedData, requiredTags } from "./aws";
import { memoryLimit, noDockerSocket, noNewPrivileges, noPlainSecrets, pinnedImages } from "./containers";
import { survivesLosses } from "./production";

new PolicyPack("storm", {
    policies: [
        noOpenIngress,
        imdsV2,
        encryptedVolumes,
        protectedData,
        requiredTags,
        memoryLimit,
        noNewPrivileges,
        noDockerSocket,
        noPlainSecrets,
        pinnedImages,
        survivesLosses,
    ],
});
