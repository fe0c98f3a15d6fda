"""A Prometheus exporter for Apache Storm: GET /metrics asks Nimbus by Thrift, and answers in the text format 0.0.4.

Settings are environment variables:
  STORM_EXPORTER_NIMBUSES  "address:port,address:port": Nimbus daemons, in the order in which they are asked
  STORM_EXPORTER_LISTEN    "address:port" to listen on; default 0.0.0.0:9101
GET /-/healthy answers 200 whether Nimbus answers or not.

Storm's own counts fall when an executor restarts. So the exporter has counters of its own: each starts at 0 when the exporter first
sees the topology, and adds what Storm's count has risen by from one scrape to the next.
"""

import contextlib
import http.server
import json
import math
import os
import socket
import socketserver
import struct
import threading
import time

CALL_SECONDS = 5  # for one call of Nimbus, or one connection to it
SCRAPE_SECONDS = 9  # for all calls of a scrape: Prometheus waits 10 s by default
LARGEST_FRAME = 16 * 1024 * 1024  # bytes; a topology's page has some ten thousand
WINDOW = "600"  # seconds: the window of latencies and capacity
ALL_TIME = ":all-time"

OF_TOPOLOGY = ("topology",)
OF_COMPONENT = ("topology", "component", "type")

# By name: labels, and the text of HELP; docs/monitoring.md has the same table. A name that ends in _total is a counter, the others are gauges.
METRICS = {
    "storm_up": ((), "1 where a Nimbus answered, 0 where none did"),
    "storm_scrape_duration_seconds": ((), "Time that the exporter took to ask Nimbus"),
    "storm_nimbus_leader": (("host",), "1 for the Nimbus that leads, 0 for the others"),
    "storm_nimbus_uptime_seconds": (("host",), "Time since the Nimbus started"),
    "storm_supervisors": ((), "Supervisors that Nimbus knows"),
    "storm_supervisor_uptime_seconds": (("host",), "Time since the supervisor started, as of its last heartbeat"),
    "storm_supervisor_slots": (("host",), "Slots of the supervisor"),
    "storm_supervisor_slots_used": (("host",), "Slots of the supervisor that have a worker"),
    "storm_slots": ((), "Slots of all supervisors"),
    "storm_slots_used": ((), "Slots that have a worker"),
    "storm_slots_free": ((), "Slots that have none"),
    "storm_topology_status": (("topology", "status"), "1 for the status that the topology has, 0 for the others"),
    "storm_topology_uptime_seconds": (OF_TOPOLOGY, "Time since the topology was submitted"),
    "storm_topology_workers": (OF_TOPOLOGY, "Workers that the topology is assigned to"),
    "storm_topology_workers_wanted": (OF_TOPOLOGY, "topology.workers, as submitted: storm rebalance -n does not change it"),
    "storm_topology_executors": (OF_TOPOLOGY, "Executors that are assigned to a worker"),
    "storm_topology_tasks": (OF_TOPOLOGY, "Tasks of these executors"),
    "storm_topology_message_timeout_seconds": (OF_TOPOLOGY, "Time after which a tuple has failed: topology.message.timeout.secs"),
    "storm_topology_complete_latency_seconds": (OF_TOPOLOGY, "Mean time from a spout's emit to the ack, in the last 600 s"),
    "storm_topology_emitted_total": (OF_TOPOLOGY, "Tuples that all components emitted"),
    "storm_topology_transferred_total": (OF_TOPOLOGY, "Tuples that were sent to tasks, once for each receiver"),
    "storm_topology_acked_total": (OF_TOPOLOGY, "Tuples of spouts that were processed completely"),
    "storm_topology_failed_total": (OF_TOPOLOGY, "Tuples of spouts that failed or timed out"),
    "storm_component_executors": (OF_COMPONENT, "Executors that have sent a heartbeat"),
    "storm_component_tasks": (OF_COMPONENT, "Tasks of these executors"),
    "storm_component_capacity_ratio": (OF_COMPONENT, "Share of the last 600 s for which the bolt's busiest executor executed"),
    "storm_component_execute_latency_seconds": (OF_COMPONENT, "Mean time in the bolt's execute, in the last 600 s"),
    "storm_component_process_latency_seconds": (OF_COMPONENT, "Mean time from a tuple's arrival at the bolt to its ack, in the last 600 s"),
    "storm_component_complete_latency_seconds": (OF_COMPONENT, "Mean time from the spout's emit to the ack, in the last 600 s"),
    "storm_component_emitted_total": (OF_COMPONENT, "Tuples that the component emitted"),
    "storm_component_transferred_total": (OF_COMPONENT, "Tuples that it sent to tasks, once for each receiver"),
    "storm_component_acked_total": (OF_COMPONENT, "Tuples that the bolt acked; of a spout, tuples that were processed completely"),
    "storm_component_failed_total": (OF_COMPONENT, "Tuples that the bolt failed; of a spout, tuples that failed or timed out"),
    "storm_component_executed_total": (OF_COMPONENT, "Tuples that the bolt executed"),
    "storm_component_last_error_timestamp_seconds": (OF_COMPONENT, "Unix time of the last error that the component reported"),
    "storm_worker_uptime_seconds": (("topology", "host", "port"), "Time since the worker started, as of its last heartbeat"),
}

STATUSES = ("ACTIVE", "INACTIVE", "REBALANCING", "KILLED")

# Thrift structures, as far as they are read: by field number a name, and the structures in the value. The numbers are equal in Storm 1.2.4
# (storm-core/src/storm.thrift) and 2.x: https://github.com/apache/storm/blob/v2.8.3/storm-client/src/storm.thrift
NIMBUS = {1: ("host", {}), 2: ("port", {}), 3: ("uptime", {}), 4: ("leader", {})}
SUPERVISOR = {1: ("host", {}), 2: ("uptime", {}), 3: ("slots", {}), 4: ("used", {})}
SUMMARY = {1: ("id", {}), 2: ("name", {}), 3: ("tasks", {}), 4: ("executors", {}), 5: ("workers", {}), 6: ("uptime", {}), 7: ("status", {})}
CLUSTER = {1: ("supervisors", SUPERVISOR), 3: ("topologies", SUMMARY), 4: ("nimbuses", NIMBUS)}
COMMON = {1: ("executors", {}), 2: ("tasks", {}), 3: ("emitted", {}), 4: ("transferred", {}), 5: ("acked", {}), 6: ("failed", {})}
BOLT = {1: ("execute_ms", {}), 2: ("process_ms", {}), 3: ("executed", {}), 4: ("capacity", {})}
SPECIFIC = {1: ("bolt", BOLT), 2: ("spout", {1: ("complete_ms", {})})}
COMPONENT = {2: ("common", COMMON), 3: ("specific", SPECIFIC), 4: ("last_error", {2: ("time", {})})}
BY_WINDOW = {1: ("emitted", {}), 2: ("transferred", {}), 3: ("complete_ms", {}), 4: ("acked", {}), 5: ("failed", {})}
WORKER = {2: ("host", {}), 3: ("port", {}), 9: ("uptime", {})}
PAGE = {
    6: ("reporting_workers", {}),
    8: ("configuration", {}),
    9: ("spouts", COMPONENT),
    10: ("bolts", COMPONENT),
    12: ("stats", BY_WINDOW),
    16: ("workers", WORKER),
}

# Types of Thrift's binary protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
STOP, BOOL, STRING, STRUCT, MAP, SET, LIST = 0, 2, 11, 12, 13, 14, 15
BYTE, I16, I32 = struct.Struct(">b"), struct.Struct(">h"), struct.Struct(">i")
NUMBERS = {BOOL: struct.Struct(">?"), 3: BYTE, 4: struct.Struct(">d"), 6: I16, 8: I32, 10: struct.Struct(">q")}
CALL, REPLY = 0x80010001 - (1 << 32), 0x80010002 - (1 << 32)  # the protocol's version, and the kind of message


class Reader:
    """Reads a message from its start. A length in it that is longer than the rest of the message is an error."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self, packed):
        (value,) = packed.unpack_from(self.data, self.at)
        self.at += packed.size
        return value

    def size(self):
        size = self.number(I32)
        if not 0 <= size <= len(self.data) - self.at:  # no element takes less than a byte
            raise ValueError("a length that is not possible")
        return size

    def text(self):
        begin, self.at = self.at, self.at + self.size() + I32.size
        return self.data[begin + I32.size : self.at].decode(errors="replace")

    def value(self, kind, fields):
        """A value of a type; `fields` are those of the structures in it."""
        if kind in NUMBERS:
            return self.number(NUMBERS[kind])
        if kind == STRING:
            return self.text()
        if kind == STRUCT:
            return self.struct(fields)
        if kind in (LIST, SET):
            kind = self.number(BYTE)
            return [self.value(kind, fields) for _ in range(self.size())]
        if kind == MAP:
            kinds = self.number(BYTE), self.number(BYTE)
            pairs = [(self.value(kinds[0], {}), self.value(kinds[1], fields)) for _ in range(self.size())]
            return dict(pairs) if kinds[0] == STRING else pairs
        raise ValueError("a type that is unknown")

    def struct(self, fields):
        """A structure's values by the names of its fields; a field that is not in `fields` is skipped."""
        values = {}
        while True:
            kind = self.number(BYTE)
            if kind == STOP:
                return values
            name, inner = fields.get(self.number(I16), (None, {}))
            value = self.value(kind, inner)
            if name is not None:
                values[name] = value


def string(text):
    data = text.encode()
    return I32.pack(len(data)) + data


class Refused(Exception):
    """An exception that Nimbus returned."""

    def __init__(self, answer):
        super().__init__(next(iter(answer.values()), {}).get("message", "an exception without a message"))
        self.is_not_alive = "first" in answer  # where the call is of getTopologyPageInfo


class Nimbus:
    """A connection to a Nimbus. It raises OSError for no answer in time, or one that is not Thrift, and Refused for an exception."""

    def __init__(self, at, deadline):
        self.at = at
        self.deadline = deadline
        self.begin()
        self.connection = connected(at, self.left())

    def close(self):
        self.connection.close()

    def begin(self):
        """Begins a call: its time runs from here."""
        self.until = min(time.monotonic() + CALL_SECONDS, self.deadline)

    def left(self):
        left = self.until - time.monotonic()
        if left <= 0:
            raise socket.timeout("no answer in time")
        return left

    def cluster(self):
        return self.call("getClusterInfo", b"", CLUSTER)

    def page(self, topology, window, with_system):
        """A topology's page; `with_system`: with Storm's own components, such as __acker, and its own streams."""
        arguments = struct.pack(">bh", STRING, 1) + string(topology) + struct.pack(">bh", STRING, 2) + string(window)
        return self.call("getTopologyPageInfo", arguments + struct.pack(">bh?", BOOL, 3, with_system), PAGE)

    def call(self, method, arguments, fields):
        self.begin()
        message = I32.pack(CALL) + string(method) + I32.pack(0) + arguments + BYTE.pack(STOP)
        self.connection.settimeout(self.left())
        self.connection.sendall(I32.pack(len(message)) + message)
        (size,) = I32.unpack(self.receive(I32.size))
        if not 0 < size <= LARGEST_FRAME:
            raise OSError(f"an answer of {size} bytes")
        reader = Reader(self.receive(size))
        try:
            kind = reader.number(I32)
            reader.text()
            reader.number(I32)
            said = {1: ("message", {})}  # of each exception, Thrift's own included
            if kind != REPLY:
                raise Refused({"thrift": reader.struct(said)})
            answer = reader.struct({0: ("result", fields), 1: ("first", said), 2: ("second", said)})
        except (ValueError, IndexError, struct.error, RecursionError) as error:
            raise OSError(f"an answer that is not Thrift: {error}") from None
        if "result" not in answer:
            raise Refused(answer)
        return answer["result"]

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            self.connection.settimeout(self.left())
            part = self.connection.recv(min(size - len(data), 65536))
            if not part:
                raise OSError("the connection was closed")
            data += part
        return bytes(data)


def connected(at, seconds):
    """A connection. To resolve a name has no time limit in Python, so that is done on a thread, which may outlive the scrape."""
    made = []

    def connect():
        try:
            made.append(socket.create_connection(at, seconds))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    result = made[0] if made else socket.timeout("no connection in time")
    if isinstance(result, OSError):
        raise result
    return result


class Samples:
    """What a scrape answers."""

    def __init__(self):
        self.values = {name: {} for name in METRICS}

    def set(self, name, value, *labels):
        """Sets a value. What Nimbus does not say (None), or has no number for, is left out."""
        if value is not None and math.isfinite(value):
            self.values[name][labels] = value

    def text(self):
        lines = []
        for name, (keys, meaning) in METRICS.items():
            kind = "counter" if name.endswith("_total") else "gauge"
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            for values, number in self.values[name].items():
                labels = ",".join(f'{key}="{escaped(value)}"' for key, value in zip(keys, values))
                lines.append(f"{name}{{{labels}}} {number}" if labels else f"{name} {number}")
        return "\n".join(lines) + "\n"


def escaped(value):
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def seconds(milliseconds):
    return None if milliseconds is None else milliseconds / 1000


def risen(counts, key, count):
    """A counter that starts at 0 and adds each rise of Storm's count; `counts` keeps both by key. None: Storm does not say the count."""
    if count is None:
        return None
    last, total = counts.get(key, (count, 0))
    # A count that fell goes on from there: which part of it is new cannot be known.
    total += max(count - last, 0)
    counts[key] = count, total
    return total


def set_cluster(samples, cluster):
    # The leader last: its host may have another entry, of a port that it had before.
    for nimbus in sorted(cluster["nimbuses"], key=lambda each: each["leader"]):
        samples.set("storm_nimbus_leader", int(nimbus["leader"]), nimbus["host"])
        samples.set("storm_nimbus_uptime_seconds", nimbus["uptime"], nimbus["host"])
    by_host = {}
    for supervisor in cluster["supervisors"]:
        by_host.setdefault(supervisor["host"], []).append(supervisor)
    # One that lost its id is there twice until ZooKeeper forgets the old one.
    for host, supervisors in by_host.items():
        samples.set("storm_supervisor_uptime_seconds", min(each["uptime"] for each in supervisors), host)
        samples.set("storm_supervisor_slots", sum(each["slots"] for each in supervisors), host)
        samples.set("storm_supervisor_slots_used", sum(each["used"] for each in supervisors), host)
    slots, used = (sum(each[key] for each in cluster["supervisors"]) for key in ("slots", "used"))
    samples.set("storm_supervisors", len(cluster["supervisors"]))
    samples.set("storm_slots", slots)
    samples.set("storm_slots_used", used)
    samples.set("storm_slots_free", slots - used)


def set_topology(samples, summary):
    name = summary["name"]
    for status in dict.fromkeys([*STATUSES, summary["status"]]):
        samples.set("storm_topology_status", int(status == summary["status"]), name, status)
    samples.set("storm_topology_uptime_seconds", summary["uptime"], name)
    for key in ("workers", "executors", "tasks"):
        samples.set(f"storm_topology_{key}", summary[key], name)


def set_page(samples, name, page):
    """What a topology's page says of now, and of the last 600 s."""
    configuration = json.loads(page.get("configuration", "{}"))
    samples.set("storm_topology_workers_wanted", configuration.get("topology.workers"), name)
    samples.set("storm_topology_message_timeout_seconds", configuration.get("topology.message.timeout.secs"), name)
    latency = page.get("stats", {}).get("complete_ms", {}).get(WINDOW)
    samples.set("storm_topology_complete_latency_seconds", seconds(latency), name)
    for worker in page.get("workers", []):
        # The page's list of workers, in 1.2.4 and 2.x. Its uptime is 0 for a worker that has sent no heartbeat.
        samples.set("storm_worker_uptime_seconds", worker.get("uptime") or None, name, worker["host"], worker["port"])
    for component, kind, common, specific, error in components_of(page):
        of = (name, component, kind)
        samples.set("storm_component_executors", common.get("executors"), *of)
        samples.set("storm_component_tasks", common.get("tasks"), *of)
        samples.set("storm_component_capacity_ratio", specific.get("capacity"), *of)
        for latency in ("execute", "process", "complete"):
            samples.set(f"storm_component_{latency}_latency_seconds", seconds(specific.get(f"{latency}_ms")), *of)
        samples.set("storm_component_last_error_timestamp_seconds", error.get("time"), *of)


def set_counters(samples, name, page, counts):
    """What a topology's page of all time has counted."""
    if not page.get("reporting_workers"):
        return  # Storm 2 has zeros in the place of counts until a worker has sent a heartbeat.
    stats = counted({key: value[ALL_TIME] for key, value in page.get("stats", {}).items() if ALL_TIME in value})
    for key in ("emitted", "transferred", "acked", "failed"):
        metric = f"storm_topology_{key}_total"
        samples.set(metric, risen(counts, metric, stats.get(key)), name)
    for component, kind, common, specific, _ in components_of(page):
        stats = counted({**common, **specific})
        for key in ("emitted", "transferred", "acked", "failed", "executed"):
            metric = f"storm_component_{key}_total"
            samples.set(metric, risen(counts, (metric, component), stats.get(key)), name, component, kind)


def counted(stats):
    """With 0 for acked or failed, where Storm says the other: its maps have no entry before the first such tuple."""
    return {"acked": 0, "failed": 0, **stats} if "acked" in stats or "failed" in stats else stats


def components_of(page):
    """Of each component that has sent heartbeats: its id, type, common and specific statistics, and last error."""
    if not page.get("reporting_workers"):
        return  # Nor do its zeros say anything of components.
    for kind in ("spout", "bolt"):
        for component, stats in page.get(f"{kind}s", {}).items():
            specific = stats.get("specific", {}).get(kind, {})
            yield component, kind, stats.get("common", {}), specific, stats.get("last_error", {})


class Exporter:
    """Asks Nimbus for each scrape, the leader for topologies: it alone is sure to have them."""

    def __init__(self, nimbuses):
        self.nimbuses = nimbuses
        self.counts = {}  # of each topology, by its id
        self.lock = threading.Lock()
        self.text, self.ended = "", -math.inf
        self.said = None

    def metrics(self):
        """The text of a scrape. One scrape at a time asks Nimbus; those that came meanwhile get the same answer."""
        came = time.monotonic()
        with self.lock:
            if self.ended < came:
                self.text = self.scrape()
                self.ended = time.monotonic()
            return self.text

    def scrape(self):
        began = time.monotonic()
        samples, problems = Samples(), []
        with contextlib.ExitStack() as connections:

            def connect(at):
                return connections.enter_context(contextlib.closing(Nimbus(at, began + SCRAPE_SECONDS)))

            cluster, nimbus = self.cluster(connect, problems)
            samples.set("storm_up", int(cluster is not None))
            if cluster is not None:
                set_cluster(samples, cluster)
                self.topologies(samples, cluster, nimbus, connect, problems)
        samples.set("storm_scrape_duration_seconds", time.monotonic() - began)
        problem = "; ".join(problems) or "Nimbus answers"
        if problem != self.said:
            print(problem, flush=True)
            self.said = problem
        return samples.text()

    def cluster(self, connect, problems):
        """What the first Nimbus that answers says of the cluster, and that Nimbus; None: none answered."""
        for at in list(self.nimbuses):
            try:
                nimbus = connect(at)
                return nimbus.cluster(), nimbus
            except (OSError, Refused) as error:
                problems.append(f"{at[0]}:{at[1]}: {error}")
                self.nimbuses.append(self.nimbuses.pop(0))  # from now on the last that is asked
        return None, None

    def topologies(self, samples, cluster, nimbus, connect, problems):
        left = list(cluster["topologies"])
        self.counts = {each["id"]: self.counts.get(each["id"], {}) for each in left}
        leader = next(((each["host"], each["port"]) for each in cluster["nimbuses"] if each["leader"]), None)
        for at in dict.fromkeys([leader or nimbus.at, nimbus.at]):
            try:
                asked = nimbus if at == nimbus.at else connect(at)
                while left:
                    self.topology(samples, left[0], asked, at == leader, problems)
                    left.pop(0)
            except OSError as error:
                problems.append(f"{at[0]}:{at[1]}: {error}")
        for summary in left:
            set_topology(samples, summary)

    def topology(self, samples, summary, nimbus, leads, problems):
        try:
            recent = nimbus.page(summary["id"], WINDOW, True)
            ever = nimbus.page(summary["id"], ALL_TIME, False)
        except Refused as error:
            if error.is_not_alive and leads:
                return  # killed since
            problems.append(f"{summary['id']}: {error}")
        else:
            set_page(samples, summary["name"], recent)
            set_counters(samples, summary["name"], ever, self.counts[summary["id"]])
        set_topology(samples, summary)


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = 10  # seconds for a client to send its request

    def do_GET(self):
        if self.path.split("?")[0] == "/metrics":
            self.answer("text/plain; version=0.0.4; charset=utf-8", self.server.exporter.metrics())
        elif self.path == "/-/healthy":
            self.answer("text/plain", "The exporter runs.\n")
        else:
            self.send_error(404)

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Requests are not logged."""


class Server(socketserver.ThreadingTCPServer):  # not HTTPServer, which asks DNS for its own name when it starts
    allow_reuse_address = True
    daemon_threads = True


def addressed(text):
    host, port = text.strip().rsplit(":", 1)
    return host, int(port)


def main():
    nimbuses = [addressed(each) for each in os.environ["STORM_EXPORTER_NIMBUSES"].split(",")]
    with Server(addressed(os.environ.get("STORM_EXPORTER_LISTEN", "0.0.0.0:9101")), Handler) as server:
        server.exporter = Exporter(nimbuses)
        print(f"listens on {server.server_address[0]}:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
