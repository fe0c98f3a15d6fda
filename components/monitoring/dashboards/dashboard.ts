/** What dashboards consist of. */

/**
 * How a value is shown, by Grafana's name for it:
 * https://github.com/grafana/grafana/blob/v11.6.0/packages/grafana-data/src/valueFormats/categories.ts
 */
export type Unit = "short" | "s" | "percentunit" | "bytes" | "Bps" | "ops";

/** A query of a panel. */
export interface Query {
    /** What it is: a series' name in a graph, after its labels; a column's in a table. */
    name: string;
    /** In PromQL. `$topology` in it is the chosen topology, as a regular expression. */
    expr: string;
    /** Default: the panel's. */
    unit?: Unit;
    /** A value from it on is shown as a problem. Default: none is. */
    limit?: number;
}

/** A panel: one question, and what answers it. */
export interface Panel {
    title: string;
    /** The question, and how to read the answer. */
    question: string;
    /** `stat`: the values now; `timeseries`: a graph; `table`: a row for each series, a column for each query. */
    kind: "stat" | "timeseries" | "table";
    unit: Unit;
    /** Labels that tell the series of a query apart. Those of a table's queries are aggregated by them, so that rows can be joined. */
    labels: string[];
    /** The first has a series for each of the others': the rows of a table, and of the console pages. */
    queries: Query[];
    /** What no result means. Default: that there is no data. */
    none?: string;
}

/** A dashboard. */
export interface Dashboard {
    title: string;
    /** What it is for. */
    description: string;
    /** Whether one topology can be chosen: queries then have `$topology`. */
    byTopology?: boolean;
    panels: Panel[];
}
