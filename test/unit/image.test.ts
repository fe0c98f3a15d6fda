import { imageVersion, isOfficialForX86Only, majorVersion, parseImage } from "../../provider/image";

const digest = `sha256:${"0123".repeat(16)}`;

test.each([
    ["storm", "storm", undefined, undefined],
    ["storm:3.1.0-lite", "storm", "3.1.0-lite", undefined],
    [`storm:3.1.0@${digest}`, "storm", "3.1.0", digest],
    [`storm@${digest}`, "storm", undefined, digest],
    ["registry:5000/storm", "registry:5000/storm", undefined, undefined],
    ["registry.example.com:5000/team/storm:v1.2.4", "registry.example.com:5000/team/storm", "v1.2.4", undefined],
    [`registry:5000/team/storm@${digest}`, "registry:5000/team/storm", undefined, digest],
    [`registry:5000/storm:3.1.0-lite@${digest}`, "registry:5000/storm", "3.1.0-lite", digest],
])("the parts of %s", (image, name, tag, expected) => {
    expect(parseImage(image)).toEqual({ name, tag, digest: expected });
});

test.each([
    ["storm:2.8.9", "2.8.9", 2],
    ["storm:3.1.0-lite", "3.1.0", 3],
    ["storm:1.2.4", "1.2.4", 1],
    ["storm:2.8.9-jre21@sha256:0123", "2.8.9", 2],
    ["registry.example.com:5000/team/storm:v1.2.4", "1.2.4", 1],
    ["registry.example.com:5000/storm", undefined, undefined],
    ["registry:5000/storm@sha256:0123", undefined, undefined],
    ["storm@sha256:0123", undefined, undefined],
    ["storm:2", "2", 2],
    ["storm:10.1", "10.1", 10],
    ["storm:latest", undefined, undefined],
    ["storm:20261128", undefined, undefined],
    ["storm:2x", undefined, undefined],
])("the version of %s is %s", (image, version, major) => {
    expect([imageVersion(image), majorVersion(image)]).toEqual([version, major]);
});

test.each([
    ["storm:1.2.4", true],
    ["storm:1.2", true],
    ["docker.io/library/storm:2.4.0@sha256:0123", true],
    ["library/storm:2.0.0", true],
    ["public.ecr.aws/docker/library/storm:1.2.4", true],
    ["storm:1.2.4-temurin", false],
    ["storm:2.4-temurin@sha256:0123", false],
    ["storm:1.0.6", false],
    ["storm:2.5.0", false],
    ["storm:2.8.9", false],
    ["storm:3.0.0-lite", false],
    ["storm:nightly", false],
    ["registry.example.com/storm:1.2.4", false],
    ["team/storm:1.2.4", false],
])("whether %s is an official image for x86 processors alone: %s", (image, only) => {
    expect(isOfficialForX86Only(image)).toBe(only);
});
