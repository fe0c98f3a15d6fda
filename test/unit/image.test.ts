import { imageVersion, majorVersion } from "../../provider/image";

test.each([
    ["storm:2.8.9", "2.8.9", 2],
    ["storm:1.2.4", "1.2.4", 1],
    ["storm:2.8.9-jre21@sha256:0123", "2.8.9", 2],
    ["registry.example.com:5000/team/storm:v1.2.4", "1.2.4", 1],
    ["registry.example.com:5000/storm", undefined, undefined],
    ["storm@sha256:0123", undefined, undefined],
    ["storm:2", "2", 2],
    ["storm:10.1", "10.1", 10],
    ["storm:latest", undefined, undefined],
    ["storm:20261128", undefined, undefined],
    ["storm:2x", undefined, undefined],
])("the version of %s is %s", (image, version, major) => {
    expect([imageVersion(image), majorVersion(image)]).toEqual([version, major]);
});
