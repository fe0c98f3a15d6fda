/**
 * The dashboards as Prometheus' console pages: https://prometheus.io/docs/visualization/consoles/. They are Go's html/template, which
 * escapes what it inserts by where that is. They need no console libraries, which Prometheus 3 does not have.
 */
import { firing } from "./cluster";
import type { Dashboard, Panel, Query, Unit } from "./dashboard";
import { dashboards } from "./dashboards";

const style = `
:root { color-scheme: light dark; --line: #8885; --dim: #888; --bad: light-dark(#b3261e, #ff8a80); }
body { font: 15px/1.4 system-ui, sans-serif; margin: 1.5rem auto; padding: 0 1rem; max-width: 75rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding-bottom: .6rem; border-bottom: 1px solid var(--line); }
nav b, nav a.here { font-weight: bold; }
h1 { font-size: 1.5rem; margin: 1.2rem 0 .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .1rem; } p { margin: .2rem 0 .6rem; }
.dim, th a { color: var(--dim); }
main { display: flex; flex-wrap: wrap; gap: 0 3rem; } section { flex: 1 1 30rem; overflow-x: auto; } .wide { flex-basis: 100%; }
table { border-collapse: collapse; }
th, td { padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: normal; font-size: .85rem; } td.value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.bad { color: var(--bad); font-weight: bold; }
`;

/**
 * Templates of a page. A column is (args name query unit result limit), the last only where there is one.
 * - value: (args unit value)
 * - cell: (args column sample)
 * - rows: columns, of queries that have one sample each
 * - table: (args labels columns none); a row for each sample of the first column, in the order of its label `row`
 */
const templates = `
{{ define "value" }}{{ $u := .arg0 }}{{ $v := .arg1 }}
{{- if eq $u "s" }}{{ humanizeDuration $v }}{{ else if eq $u "percentunit" }}{{ humanizePercentage $v }}
{{- else if eq $u "bytes" }}{{ humanize1024 $v }}B{{ else if eq $u "Bps" }}{{ humanize1024 $v }}B/s
{{- else if eq $u "ops" }}{{ humanize $v }}/s{{ else }}{{ humanize $v }}{{ end }}{{ end }}
{{ define "cell" }}<td class="value{{ if .arg0.arg4 }}{{ if ge .arg1.Value .arg0.arg4 }} bad{{ end }}{{ end }}">
{{- template "value" (args .arg0.arg2 .arg1.Value) }}</td>{{ end }}
{{ define "graph" }}<th><a href="../graph?g0.expr={{ .arg1 }}&amp;g0.tab=0&amp;g0.range_input=1h" title="graph">
{{- or .arg0 "now" }} ↗</a></th>{{ end }}
{{ define "rows" }}<table>{{ range $c := . }}<tr>{{ template "graph" $c }}
{{- range $c.arg3 }}{{ template "cell" (args $c .) }}{{ else }}<td class="dim">no data</td>{{ end }}</tr>
{{ end }}</table>{{ end }}
{{ define "table" }}{{ $labels := .arg0 }}{{ $columns := .arg1 }}{{ $none := .arg2 }}{{ with .arg1.arg0.arg3 -}}
<table><tr>{{ range $labels }}<th>{{ . }}</th>{{ end }}{{ range $columns }}{{ template "graph" . }}{{ end }}</tr>
{{ range $row := sortByLabel "row" . }}<tr>
{{- range $labels }}{{ $is := label . $row }}<td>
{{- if eq . "topology" }}<a href="topology.html?topology={{ $is }}">{{ $is }}</a>{{ else }}{{ $is }}{{ end }}</td>{{ end }}
{{- range $c := $columns }}{{ $found := false }}{{ range $s := $c.arg3 }}{{ $same := true }}
{{- range $labels }}{{ if ne (label . $s) (label . $row) }}{{ $same = false }}{{ end }}{{ end }}
{{- if $same }}{{ $found = true }}{{ template "cell" (args $c $s) }}{{ end }}{{ end }}
{{- if not $found }}<td class="dim">–</td>{{ end }}{{ end }}</tr>
{{ end }}</table>{{ else }}<p class="dim">{{ $none }}</p>{{ end }}{{ end }}
`;

/** Pages by the name of a file, such as `cluster.html`; `index.html` has the alerts that fire. */
export function consolePages(): Record<string, string> {
    const pages = Object.entries(dashboards).map(([name, dashboard]) => [`${name}.html`, pageOf(name, dashboard)]);
    return { "index.html": index(), ...Object.fromEntries(pages) } as Record<string, string>;
}

function index(): string {
    const links = Object.entries(dashboards).map(
        ([name, { title, description }]) => `<li><a href="${name}.html">${title}</a>: ${text(description)}</li>\n`,
    );
    return page(
        "index",
        "Storm",
        "What is wrong, and where to look.",
        `<main>${panelOf(firing)}</main>
<p><a href="../alerts">Prometheus' page of alerts ↗</a> has what each is about, and what to do.</p>
<h2>Pages</h2><ul>${links.join("")}</ul>`,
    );
}

function pageOf(name: string, { title, description, byTopology, panels }: Dashboard): string {
    const content = `<main>${panels.map(panelOf).join("")}</main>`;
    return page(name, title, description, (byTopology ? choice : "") + content);
}

/** Sets $topology, a regular expression: of the parameter's topology, or of all; and has links to each. */
const choice = `{{ $topology := ".+" }}{{ with .Params.topology }}{{ $topology = . | reReplaceAll "[[:punct:]]" "\\\\$0" }}{{ end -}}
<nav>Topology: <a href="topology.html"{{ if not .Params.topology }} class="here"{{ end }}>all</a>
{{ $chosen := .Params.topology }}{{ range query "count by (topology) (storm_topology_status)" | sortByLabel "topology" -}}
{{ $is := label "topology" . }}<a href="topology.html?topology={{ $is }}"{{ if eq $is $chosen }} class="here"{{ end }}>{{ $is }}</a>
{{ end }}</nav>
`;

function page(name: string, title: string, description: string, content: string): string {
    const links = ["index", ...Object.keys(dashboards)].map(
        (each) =>
            `<a href="${each}.html"${each === name ? ' class="here"' : ""}>${each === "index" ? "alerts" : each}</a>`,
    );
    return `${templates.trim()}
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="60"><meta name="viewport" content="width=device-width">
<title>${title}, {{ $externalLabels.cluster }}</title><style>${style}</style></head><body>
<nav><b>{{ $externalLabels.cluster }}</b> ${links.join(" ")} <a href="../graph">Prometheus ↗</a></nav>
<h1>${title}</h1><p>${text(description)}</p>
${content}</body></html>
`;
}

/** A panel: what a graph shows is a table of its values now. */
function panelOf({ title, question, kind, unit, labels, queries, none = "no data" }: Panel): string {
    const expressions = queries.map(({ expr }, index) => `{{ $q${index} := ${expression(expr)} }}\n`);
    const columns = queries.map((query, index) => column(query, query.unit ?? unit, index, labels));
    const all = `(args ${columns.join(" ")})`;
    const table =
        labels.length === 0
            ? `{{ template "rows" ${all} }}`
            : `{{ template "table" (args (args ${quoted(labels)}) ${all} "${none}") }}`;
    return `<section${kind === "table" ? ' class="wide"' : ""}><h2>${text(title)}</h2><p class="dim">${text(question)}</p>
${expressions.join("")}${table}</section>
`;
}

/** A column, as templates take it. The first has a label by which its samples are ordered. */
function column({ name, limit }: Query, unit: Unit, index: number, labels: string[]): string {
    const isOrdered = index === 0 && labels.length > 0;
    const query = isOrdered ? `(printf \`label_join(%s, "row", " ", ${quoted(labels, ", ")})\` $q0)` : `$q${index}`;
    // Go's comparison takes no whole number beside a fraction.
    const least = limit === undefined ? "" : Number.isInteger(limit) ? ` ${limit}.0` : ` ${limit}`;
    return `(args "${name}" $q${index} "${unit}" (query ${query})${least})`;
}

const quoted = (labels: string[], separator = " ") => labels.map((label) => `"${label}"`).join(separator);

/** A query in Go: a string without escapes, with the topology, quoted as Prometheus reads it. */
function expression(expr: string): string {
    return expr.includes("$topology")
        ? `printf \`${expr.replaceAll("%", "%%").replaceAll('"$topology"', "%[1]q")}\` $topology`
        : `\`${expr}\``;
}

/** As text of HTML. */
function text(given: string): string {
    return given.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
