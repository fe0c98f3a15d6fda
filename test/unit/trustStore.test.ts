import { spawnSync } from "child_process";
import { X509Certificate } from "crypto";
import * as fs from "fs";
import * as os from "os";
import * as path from "path";
import { trustStore } from "../../provider/trustStore";
import { certify } from "../../provider/kinds/certificate";

// Java takes seconds to start where other tests run too.
jest.setTimeout(60_000);

describe("a trust store", () => {
    const certificates = ["storm-test-storm", "storm-test-clients"].map((name) => certify({ name }).certificate);
    const withJava = spawnSync("keytool", ["-help"]).error ? test.skip : test;
    if (withJava === test.skip) {
        console.log("Skipped: reading trust stores by Java, as there is no keytool.");
    }
    /** What keytool says of a store. */
    const list = (store: string, password: string): string => {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "storm-truststore-"));
        try {
            const file = path.join(folder, "trust.jks");
            fs.writeFileSync(file, Buffer.from(store, "base64"));
            const args = ["-J-Duser.language=en", "-list", "-v", "-keystore", file, "-storepass", password];
            return spawnSync("keytool", args, { encoding: "utf8" }).stdout;
        } finally {
            fs.rmSync(folder, { recursive: true });
        }
    };

    withJava("has, for Java, each certificate by its alias", () => {
        const listed = list(trustStore(certificates, "changeit"), "changeit");
        expect(listed).toMatch(/Keystore type: JKS\n/);
        const entries = listed.split("Alias name: ").slice(1);
        expect(entries).toHaveLength(2);
        for (const [index, certificate] of certificates.entries()) {
            expect(entries[index]).toMatch(new RegExp(`^authority-${index + 1}\\n`));
            expect(entries[index]).toMatch(/Entry type: trustedCertEntry\n/);
            expect(entries[index]).toContain(`SHA256: ${new X509Certificate(certificate).fingerprint256}`);
        }
    });

    withJava("is read by its own password, and by no other", () => {
        const store = trustStore(certificates, "its own");
        expect(list(store, "its own")).toMatch(/Your keystore contains 2 entries/);
        expect(list(store, "changeit")).toMatch(/password was incorrect/);
    });

    test("is the same for the same certificates, and no other", () => {
        expect(trustStore(certificates, "changeit")).toBe(trustStore([...certificates], "changeit"));
        expect(trustStore(certificates, "changeit")).not.toBe(trustStore([...certificates].reverse(), "changeit"));
    });
});
