import type { Policies } from "@pulumi/policy";
import * as aws from "./aws";
import * as containers from "./containers";
import * as production from "./production";

/** All policies, which are what these files export; by name, as a module's exports are in the order that its transpiler gives them. */
export const policies: Policies = [aws, containers, production].flatMap((file) =>
    Object.values<Policies[number]>(file).sort((one, other) => one.name.localeCompare(other.name)),
);
