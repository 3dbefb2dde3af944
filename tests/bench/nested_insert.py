#!/usr/bin/env python3
"""Measures a nested insert beside hand-written SQL: one user with many posts, each connected to two tags.

    python3 tests/bench/nested_insert.py [--children 10000] [--rounds 9]

Starts a PostgreSQL and a rowand of its own (binaries in ROWAN_TEST_BIN, default build/dev/bin), and prints one line of JSON: the medians over the rounds in
milliseconds, their ratio, and the statements of the insert. The hand-written side is one transaction of three statements with arrays, sent to psql over a pipe
that stays open; both sides run in turn. Figures of a shared machine vary; the ratio is what counts.
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


class HandWritten:
    """The same insert as SQL with arrays."""

    def __init__(self, url, children):
        self.psql = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.children = children
        self.first = 10_000_000

    def run(self):
        """Returns how long one insert takes, in milliseconds, until its commit is answered."""
        ids = range(self.first, self.first + self.children)
        self.first += self.children
        joined = ",".join(map(str, ids))
        titles = ",".join(f"post {i}" for i in range(self.children))
        posts = ",".join(f"{i},{i}" for i in ids)
        tags = ",".join(["1,2"] * self.children)
        script = (
            "BEGIN;\n"
            f"INSERT INTO users (id, name, role_id) VALUES ({self.first}, 'u', 1);\n"
            f"INSERT INTO posts (id, title, user_id) SELECT k.i, k.t, {self.first} FROM unnest('{{{joined}}}'::bigint[], '{{{titles}}}'::text[]) AS k(i, t);\n"
            f"INSERT INTO post_tags (post_id, tag_id) SELECT k.p, k.t FROM unnest('{{{posts}}}'::bigint[], '{{{tags}}}'::bigint[]) AS k(p, t);\n"
            "COMMIT;\nSELECT 'done';\n")
        begun = time.perf_counter()
        self.psql.stdin.write(script)
        self.psql.stdin.flush()
        assert self.psql.stdout.readline().strip() == "done"
        return (time.perf_counter() - begun) * 1000


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--children", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=9)
    given = options.parse_args()

    postgres = conftest.Postgres()
    server = None
    try:
        postgres.start()
        server = conftest.Rowand("--db-url", postgres.url)
        with server.client() as client:
            client.apply_schema(conftest.BLOG)
            client.insert("blog", "Role", {"name": "admin"})
            client.insert("blog", "Tag", [{"name": "a"}, {"name": "b"}])
            record = {"name": "u", "role": {"connect": 1},
                      "posts": {"create": [{"title": f"post {i}", "tags": {"connect": [1, 2]}} for i in range(given.children)]}}
            statements = len(client.explain("insert", "blog", "User", {**record, "posts": {"create": [record["posts"]["create"][0]]}}).statements)
            hand = HandWritten(postgres.url, given.children)
            ours, theirs, cpu = [], [], []
            for _ in range(given.rounds):
                theirs.append(hand.run())
                begun, spent = time.perf_counter(), time.process_time()
                client.insert("blog", "User", record)
                client_cpu = (time.process_time() - spent) * 1000
                ours.append((time.perf_counter() - begun) * 1000)
                cpu.append(client_cpu)
            hand.psql.kill()
    finally:
        if server:
            server.stop()
        postgres.remove()
    figures = {"children": given.children, "rowan_ms": statistics.median(ours), "client_cpu_ms": statistics.median(cpu),
               "hand_written_ms": statistics.median(theirs), "statements": statements}
    figures["ratio"] = figures["rowan_ms"] / figures["hand_written_ms"]
    figures["ratio_without_client"] = (figures["rowan_ms"] - figures["client_cpu_ms"]) / figures["hand_written_ms"]
    print(json.dumps({name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()}))


if __name__ == "__main__":
    main()
