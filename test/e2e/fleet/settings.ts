/** Settings of stacks whose supervisors are a fleet on AWS. */

/** A fleet of so many machines, no more and no fewer. */
export const fleetOf = (machines: number) => ({ min: machines, max: machines, instanceTypes: ["t3.large"] });

/** What a preview of a stack with such a fleet, and without single supervisors, needs. Its subnets have room for 4000 machines. */
export const stackWithFleet = (machines: number): Record<string, unknown> => ({
    "aws:region": "eu-central-1",
    target: "aws",
    aws: { zones: ["eu-central-1a"] },
    supervisors: 0,
    ui: false,
    logviewers: false,
    fleet: fleetOf(machines),
});
