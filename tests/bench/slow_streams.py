#!/usr/bin/env python3
"""Measures what slow streams cost point reads: the latency of reads by key without streams, beside 50 slow ones, and without again.

    python3 tests/bench/slow_streams.py [--streams 50] [--reads 4000] [--rounds 5] [--mode keyset|snapshot]

Starts a PostgreSQL and a rowand of its own (binaries in ROWAN_TEST_BIN, default build/dev/bin), and prints one line of JSON: medians over the
rounds of p50 and p99 in milliseconds for both, and the ratios. The streams' readers are another process, so that they do not slow down the one that
measures. Figures of a shared machine vary; the ratio of the medians is what counts.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "clients/python")]

import conftest  # noqa: E402
import rowan  # noqa: E402

USERS = 20_000
TREE = {"select": {"id": True, "name": True, "role": {"name": True}, "posts": {"title": True}}}

READERS = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
import rowan
address, count, mode = sys.argv[2], int(sys.argv[3]), sys.argv[4]
begun = threading.Semaphore(0)
def read():
    with rowan.connect(address) as client:
        stream = client.stream("blog", "User", {"select": {"id": True, "name": True, "role": {"name": True}, "posts": {"title": True}}, "mode": mode})
        next(stream)
        begun.release()
        for _ in stream:
            time.sleep(0.2)
for _ in range(count):
    threading.Thread(target=read, daemon=True).start()
for _ in range(count):
    begun.acquire()
print("reading", flush=True)
sys.stdin.read()
"""


def point_reads(client, count):
    """Returns the latencies of reads by key, in milliseconds, sorted."""
    latencies = []
    for i in range(count):
        begun = time.perf_counter()
        client.get("blog", "User", {"select": {"name": True}, "where": {"id": 1 + i * 7919 % USERS}})
        latencies.append((time.perf_counter() - begun) * 1000)
    return sorted(latencies)


def percentiles(latencies):
    return latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--streams", type=int, default=50)
    options.add_argument("--reads", type=int, default=4000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--mode", choices=["keyset", "snapshot"], default="keyset")
    given = options.parse_args()

    postgres = conftest.Postgres()
    server = None
    try:
        postgres.start()
        # In one snapshot every stream holds a connection; page by page a few serve them all.
        connections = given.streams if given.mode == "snapshot" else 4
        server = conftest.Rowand("--db-url", postgres.url, "--db-stream-pool-size", str(connections), "--stream-workers", str(given.streams + 2))
        with server.client() as client:
            client.apply_schema(conftest.BLOG)
            client.insert("blog", "Role", {"name": "admin"})
            postgres.psql(
                f"INSERT INTO users (id, name, role_id) SELECT n, repeat('name ', 20), 1 FROM generate_series(1, {USERS}) n;"
                f"INSERT INTO posts (id, title, user_id) SELECT n, repeat('title ', 20), n FROM generate_series(1, {USERS}) n; ANALYZE")
            point_reads(client, given.reads)
            alone, beside = [], []
            for _ in range(given.rounds):
                alone.append(percentiles(point_reads(client, given.reads)))
                readers = subprocess.Popen(
                    [sys.executable, "-c", READERS, str(ROOT / "clients/python"), server.address, str(given.streams), given.mode],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                assert readers.stdout.readline().strip() == "reading"
                time.sleep(3)  # until what lies between server and readers is full
                beside.append(percentiles(point_reads(client, given.reads)))
                readers.kill()
                readers.wait()
    finally:
        if server:
            server.stop()
        postgres.remove()
    middle = lambda rounds, which: statistics.median(one[which] for one in rounds)  # noqa: E731
    figures = {
        "streams": given.streams, "mode": given.mode,
        "p50_alone": middle(alone, 0), "p99_alone": middle(alone, 1), "p50_beside": middle(beside, 0), "p99_beside": middle(beside, 1),
    }
    figures["p50_ratio"] = figures["p50_beside"] / figures["p50_alone"]
    figures["p99_ratio"] = figures["p99_beside"] / figures["p99_alone"]
    print(json.dumps({name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
