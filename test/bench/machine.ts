/** Prints the machine, for docs/benchmarks.md. */
import { printMachine } from "./report";

printMachine();
