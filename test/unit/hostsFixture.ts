/** Settings of a cluster on five machines. */
export const onHosts = {
    target: "hosts",
    zookeepers: 3,
    nimbuses: 2,
    supervisors: 2,
    ssh: { user: "storm" },
    hosts: [
        { name: "a", address: "10.0.0.1", daemons: ["zookeeper-1", "nimbus-1", "ui"], hostKey: "ssh-ed25519 AAAAa" },
        { name: "b", address: "10.0.0.2", daemons: ["zookeeper-2", "nimbus-2"] },
        { name: "c", address: "10.0.0.3", daemons: ["zookeeper-3"] },
        { name: "d", address: "10.0.0.4", daemons: ["supervisor-1"], ssh: { address: "d.example.com", port: 2222 } },
        { name: "e", address: "10.0.0.5", daemons: ["supervisor-2"] },
    ],
};
