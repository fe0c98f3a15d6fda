import * as yaml from "yaml";
import { childopts, stormYaml } from "../../components/storm/spec/stormConfig";

test("a text stays one for Storm, whose YAML is 1.1", () => {
    const texts = {
        "ui.title": "yes",
        "storm.zookeeper.auth.payload": "on",
        "topology.version": "1_0",
        "ui.project.bugtracker.url": "22:30:00",
    };
    expect(yaml.parse(stormYaml(texts), { version: "1.1" })).toMatchObject(texts);
    expect(stormYaml({ "topology.debug": true, "nimbus.queue.size": 7 })).toContain(
        "topology.debug: true\nnimbus.queue.size: 7\n",
    );
});

test("Java options may be a list, as Storm has it", () => {
    expect(
        childopts(
            { heaps: { nimbus: 64 }, options: "", image: "storm:2.8.9", revision: 2 },
            { "nimbus.childopts": ["-Da=b", "-Dc=d"] },
        ),
    ).toEqual({
        "nimbus.childopts": "-Da=b -Dc=d -Xmx64m",
    });
});
