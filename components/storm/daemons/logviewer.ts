import { shellFile } from "../../../provider/machines/shell";

/**
 * Runs a supervisor and a logviewer side by side, as the logviewer reads and cleans by the supervisor's local state and UI
 * expects both at one address. The container ends with the supervisor; a logviewer that ends is started again, as
 * Storm's ends itself on any error of its cleaning, which must not take the workers along.
 */
export const withLogviewer = shellFile(__dirname, "withLogviewer.sh").trim();

/** The same for a Nimbus, whose log Storm UI links to at the address of Nimbus. */
export const nimbusWithLogviewer = withLogviewer.replaceAll("supervisor", "nimbus");
