import * as yaml from "yaml";
import { environment } from "../../scripts/newEnvironment";

const written = (name: string, text: string, others: Record<string, unknown>[] = [], descriptions = {}) => {
    const { text: made, open } = environment(name, "dev", text, others, descriptions);
    return { made, open, config: (yaml.parse(made) as { config: Record<string, unknown> }).config };
};

test("another environment has the settings of the one that it is made from, and comments that say what they are", () => {
    const text =
        "# A small one.\nconfig:\n  storm:target: aws\n  # Ours.\n  storm:slots: 4\n  storm:aws:\n    zones: [eu-central-1a]\n";
    const { made, open } = written("staging", text, [], {
        "storm:slots": "Worker slots.",
        "storm:aws": "Network: [docs/aws.md](docs/aws.md#network).",
    });
    expect(open).toEqual([]);
    expect(made).toBe(
        "# The environment staging, made from dev's by `make env`. All settings: docs/settings.md.\n# A small one.\nconfig:\n" +
            "  storm:target: aws\n  # Ours.\n  storm:slots: 4\n  # Network: docs/aws.md.\n  storm:aws:\n    zones: [eu-central-1a]\n",
    );
});

test("on this machine it gets a network and a port that no other has", () => {
    const { config } = written("other", "config:\n  storm:ui: true\n", [
        {},
        { "storm:subnet": "172.30.78.0/24", "storm:uiPort": 8085 },
    ]);
    expect(config).toEqual({ "storm:ui": true, "storm:subnet": "172.30.79.0/24", "storm:uiPort": 8086 });
});

test("secrets, and machines that it cannot share, are to be set again", () => {
    const text =
        "encryptionsalt: v1:abc\nconfig:\n  storm:target: hosts\n  storm:sshKey:\n    secure: v1:xyz\n  storm:hosts:\n    - name: a\n" +
        "  storm:stormYaml:\n    storm.zookeeper.auth.payload:\n      secure: v1:xyz\n";
    const { made, open, config } = written("staging", text);
    expect(config).toEqual({ "storm:target": "hosts" });
    expect(made).not.toMatch(/secure|encryptionsalt/);
    expect(open).toEqual([
        "storm:sshKey is a secret, which only dev can read: pulumi config set --secret --stack staging storm:sshKey",
        "storm:stormYaml is a secret, which only dev can read: pulumi config set --secret --stack staging storm:stormYaml",
        expect.stringMatching(/^storm:hosts: name machines of its own/),
    ]);
});

test("what is no stack file is refused", () => {
    expect(() => written("staging", "config: [\n")).toThrow(/^Pulumi.dev.yaml, line 2: this is not valid YAML: /);
    expect(() => written("staging", "storm:target: local\n")).toThrow("Pulumi.dev.yaml: has no config");
});
