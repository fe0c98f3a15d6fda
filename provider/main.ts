import { main } from "@pulumi/pulumi/provider/server";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";
import { kinds } from "./kinds";
import { StormProvider } from "./provider";

/** As package.json has it. */
const version = "0.1.0";

// The SDK's server prints each error with its stack before it returns it to the engine, which prints it too.
console.error = () => undefined;

// The last argument is the engine's address, to which Pulumi's `log` sends what the user should see.
resetOptions("", "", -1, process.argv.at(-1) ?? "", "", false, "");

// The engine has the other end. Where it was killed, nobody waits any longer for what is done here.
process.stdin.on("close", () => process.exit()).resume();

void main(new StormProvider(version, kinds), process.argv.slice(2));
