import { z } from "zod";

/** A whole number within limits, both included. */
export const count = (minimum: number, maximum: number) => {
    const wanted = `must be a whole number from ${minimum} to ${maximum}`;
    return z.int({ error: wanted }).min(minimum, wanted).max(maximum, wanted);
};
