import { z } from "zod";

const wanted = "must be a whole number of days from 3 to 825";

/**
 * The argument, and setting, `certificateDays`. An update renews certificates in the last third of their time. Apple's systems refuse
 * servers' that are valid for longer, also those of an authority of one's own: https://support.apple.com/103769
 */
export const certificateDays = z
    .int({ error: wanted })
    .min(3, `${wanted}: an update renews certificates in the last third of that time, which would be less than a day`)
    .max(825, `${wanted}: Apple's systems refuse servers whose certificates are valid for longer`);
