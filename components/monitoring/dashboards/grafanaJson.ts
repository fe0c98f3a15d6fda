/** The dashboards in Grafana's form, by its foundation SDK: https://github.com/grafana/grafana-foundation-sdk. */
import {
    BigValueTextMode,
    GraphThresholdsStyleConfigBuilder,
    GraphThresholdsStyleMode,
} from "@grafana/grafana-foundation-sdk/common";
import {
    DashboardBuilder,
    type DashboardLink,
    DashboardLinkType,
    type GridPos,
    type Panel as GrafanaPanel,
    QueryVariableBuilder,
    ThresholdsConfigBuilder,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Dashboard, Panel, Query } from "./dashboard";

/** The Prometheus server, by the uid that its provisioned data source has. */
const datasource = { type: "prometheus", uid: "prometheus" };
/** Dashboards with this tag link to each other. */
const tag = "storm";
/** Not by the SDK's builder, which hides links in a menu. */
const toOthers: DashboardLink = {
    title: "Storm",
    type: DashboardLinkType.Dashboards,
    tags: [tag],
    icon: "",
    tooltip: "",
    asDropdown: false,
    targetBlank: false,
    includeVars: false,
    keepTime: true,
};
const uidOf = (name: string) => `storm-${name}`;

/** Columns and rows of Grafana's grid, which has 24 columns. */
const sizes = { stat: { w: 24, h: 5 }, timeseries: { w: 12, h: 8 }, table: { w: 24, h: 8 } } as const;

/** A dashboard in JSON. `name` is that of its file, without `.json`. */
export function grafanaJson(name: string, dashboard: Dashboard): string {
    return JSON.stringify(grafanaDashboard(name, dashboard).build());
}

function grafanaDashboard(name: string, { title, description, byTopology, panels }: Dashboard): DashboardBuilder {
    const builder = new DashboardBuilder(title)
        .uid(uidOf(name))
        .description(description)
        .tags([tag])
        .timezone("browser")
        .time({ from: "now-1h", to: "now" })
        .refresh("30s")
        .link({ build: () => toOthers });
    if (byTopology) {
        builder.withVariable(
            new QueryVariableBuilder("topology")
                .label("Topology")
                .datasource(datasource)
                .query("label_values(storm_topology_status, topology)")
                .refresh(VariableRefresh.OnTimeRangeChanged)
                .sort(VariableSort.AlphabeticalAsc)
                .multi(true)
                .includeAll(true)
                .allValue(".+")
                .current({ text: "All", value: "$__all" }),
        );
    }
    const positions = laidOut(panels);
    panels.forEach((panel, index) => {
        const position = positions[index] as GridPos;
        builder.withPanel({ build: () => ({ ...grafanaPanel(panel).build(), id: index + 1, gridPos: position }) });
    });
    return builder;
}

/** Positions of panels: from left to right, and below what does not fit. */
function laidOut(panels: Panel[]): GridPos[] {
    let [x, y, height] = [0, 0, 0];
    return panels.map(({ kind }) => {
        const { w, h } = sizes[kind];
        if (x + w > 24) {
            [x, y, height] = [0, y + height, 0];
        }
        const position = { x, y, w, h };
        [x, height] = [x + w, Math.max(height, h)];
        return position;
    });
}

function grafanaPanel(panel: Panel): { build: () => GrafanaPanel } {
    const { title, question, kind, unit, queries, none = "no data" } = panel;
    const common = { stat, timeseries, table }
        [kind](panel)
        .title(title)
        .description(question)
        .datasource(datasource)
        .unit(unit)
        .noValue(none);
    queries.forEach((query, index) => common.withTarget(target(panel, query, index)));
    for (const query of queries.filter((each) => each.unit !== undefined)) {
        common.overrideByName(query.name, [{ id: "unit", value: query.unit }]);
    }
    return common;
}

/** A target of a panel. Grafana names its value's column in a table by the letter. */
function target({ kind, labels }: Panel, { name, expr }: Query, index: number): DataqueryBuilder {
    const builder = new DataqueryBuilder()
        .datasource(datasource)
        .refId(letter(index))
        .expr(expr)
        .legendFormat([...labels.map((label) => `{{${label}}}`), name].filter(Boolean).join(" "));
    if (kind === "timeseries") {
        return builder.range();
    }
    return kind === "table" ? builder.instant().format(PromQueryFormat.Table) : builder.instant();
}

const letter = (index: number) => String.fromCharCode("A".charCodeAt(0) + index);

/** Red above the limit. Without thresholds Grafana has some of its own, from 80 on. */
function thresholds(limit: number | undefined): ThresholdsConfigBuilder {
    return new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps([{ value: null, color: "green" }, ...(limit === undefined ? [] : [{ value: limit, color: "red" }])]);
}

function stat({ queries }: Panel): StatBuilder {
    const builder = new StatBuilder().textMode(BigValueTextMode.ValueAndName).thresholds(thresholds(undefined));
    for (const { name, limit } of queries.filter((each) => each.limit !== undefined)) {
        builder.overrideByName(name, [{ id: "thresholds", value: thresholds(limit).build() }]);
    }
    return builder;
}

function timeseries({ queries }: Panel): TimeSeriesBuilder {
    const limit = queries.find((each) => each.limit !== undefined)?.limit;
    const mode = limit === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed;
    return new TimeSeriesBuilder()
        .min(0)
        .thresholds(thresholds(limit))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(mode));
}

function table({ labels, queries }: Panel): TableBuilder {
    // Grafana's names of the columns: by letter, or without one where there is one query.
    const columns = queries.map((_, index) => (queries.length === 1 ? "Value" : `Value #${letter(index)}`));
    const builder = new TableBuilder().thresholds(thresholds(undefined)).transformations([
        { id: "merge", options: {} },
        {
            id: "organize",
            options: {
                excludeByName: { Time: true },
                indexByName: Object.fromEntries([...labels, ...columns].map((column, index) => [column, index])),
                renameByName: Object.fromEntries(columns.map((column, index) => [column, queries[index]?.name])),
            },
        },
    ]);
    for (const { name, limit } of queries.filter((each) => each.limit !== undefined)) {
        builder.overrideByName(name, [
            { id: "thresholds", value: thresholds(limit).build() },
            { id: "custom.cellOptions", value: { type: "color-text" } },
        ]);
    }
    if (labels.includes("topology")) {
        const url = `/d/${uidOf("topology")}?var-topology=\${__value.raw}`;
        builder.overrideByName("topology", [{ id: "links", value: [{ title: "This topology", url }] }]);
    }
    return builder;
}
