/**
 * Runs the whole program, index.ts, with mocks as a preview of so many supervisors, and prints the peak of this process's
 * resident memory in MiB: a process of its own for each measurement of preview.ts.
 */
import { finished, mocked } from "../unit/program";

async function main(supervisors: number): Promise<void> {
    // A /24 has addresses for 128 supervisors.
    const pulumi = await mocked({ supervisors, subnet: "172.29.0.0/16" }, { preview: true });
    const { supervisors: addresses } = await finished(pulumi);
    if ((addresses as string[]).length !== supervisors) {
        throw new Error(`not ${supervisors} supervisors: ${JSON.stringify(addresses)}`);
    }
    console.log(process.resourceUsage().maxRSS / 1024);
}

void main(Number(process.argv[2]));
