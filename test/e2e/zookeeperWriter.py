"""
Writes to a ZooKeeper ensemble ten times a second until its input ends, with a line for each write that is acknowledged; then prints, as
JSON, what became of them: writer.py SERVERS
"""
import json
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError
from kazoo.retry import KazooRetry

FOLDER = "/written-by-a-test"

over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()

forever = KazooRetry(max_tries=-1, delay=0.05, backoff=1, max_jitter=0)
client = KazooClient(hosts=sys.argv[1], timeout=10, connection_retry=forever)
client.start(timeout=60)
client.ensure_path(FOLDER)
print("writing", flush=True)

acknowledged, failed, gap, last = set(), 0, 0.0, time.monotonic()
number = len(client.get_children(FOLDER))
while not over.wait(0.1):
    number += 1
    try:
        client.create_async(f"{FOLDER}/{number:08}").get(timeout=15)
    except NodeExistsError:
        pass
    except Exception:  # of a connection that is lost, nobody knows whether the write was done: it counts for none
        failed += 1
        continue
    acknowledged.add(f"{number:08}")
    print("acknowledged", flush=True)
    gap, last = max(gap, time.monotonic() - last), time.monotonic()

client.retry(client.sync, FOLDER)
there = set(client.retry(client.get_children, FOLDER))
print(json.dumps({"acknowledged": len(acknowledged), "failed": failed, "lost": sorted(acknowledged - there), "longestGapSeconds": round(gap, 1)}))
client.stop()
