#!/usr/bin/env python3
"""Measures a bulk load through Rowan beside COPY and a join written by hand: users from a CSV file, each with its role by name.

    python3 tests/bench/load_rows.py [--rows 1000000] [--roles 1000] [--rounds 3] [--client cli|python]

Starts a PostgreSQL and a rowand of its own (binaries in ROWAN_TEST_BIN, default build/dev/bin; a release build is what counts), and prints one line
of JSON: the median seconds of both over the rounds, which take turns on the same table and file, the ratio of their throughputs, and how much
memory the server took on. Figures of a shared machine vary; the ratio is what counts, and it should be 0.5 or more.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "clients/python")]

import conftest  # noqa: E402

BY_HAND = """
BEGIN;
CREATE TEMPORARY TABLE staged (name text, role text) ON COMMIT DROP;
\\copy staged FROM '{path}' WITH (FORMAT csv, HEADER)
INSERT INTO users (name, role_id) SELECT s.name, r.id FROM staged s JOIN roles r ON r.name = s.role;
COMMIT;
"""


def write_file(path, rows, roles):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "role.name"])
        writer.writerows([f"user number {n}", f"role {n * 7919 % roles}"] for n in range(rows))


def by_hand(postgres, path):
    subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", postgres.url], input=BY_HAND.format(path=path), text=True, check=True, capture_output=True)


def by_rowan(server, path, client):
    if client == "cli":
        subprocess.run([conftest.BIN / "rowan", "load", "blog", "User", path, "--quiet", "--address", server.address], check=True, capture_output=True)
        return
    with open(path, newline="") as file, server.client() as connected:
        connected.load("blog", "User", csv.DictReader(file))


class Memory:
    """Watches how much memory a server takes on."""

    def __init__(self, server):
        self.before = self.highest = server.memory_mb()
        self._server, self._stop = server, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self):
        while not self._stop.wait(0.05):
            self.highest = max(self.highest, self._server.memory_mb())

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.highest - self.before


def timed(postgres, rows, load):
    """Returns the seconds of a load into the empty table."""
    postgres.psql("TRUNCATE users RESTART IDENTITY CASCADE")
    postgres.psql("CHECKPOINT")
    begun = time.perf_counter()
    load()
    seconds = time.perf_counter() - begun
    loaded = int(postgres.psql("SELECT count(*) FROM users WHERE role_id IS NOT NULL"))
    if loaded != rows:
        sys.exit(f"{loaded} rows were loaded instead of {rows}")
    return seconds


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--roles", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--client", choices=["cli", "python"], default="cli")
    options = options.parse_args()
    postgres = conftest.Postgres()
    try:
        postgres.start()
        server = conftest.Rowand("--db-url", postgres.url)
        with tempfile.TemporaryDirectory() as folder, server.client() as client:
            path = pathlib.Path(folder) / "users.csv"
            write_file(path, options.rows, options.roles)
            client.apply_schema(conftest.BLOG)
            postgres.psql(f"INSERT INTO roles (name) SELECT 'role ' || n FROM generate_series(0, {options.roles - 1}) n")
            memory = Memory(server)
            seconds = {"by_hand": [], "rowan": []}
            for _ in range(options.rounds):
                seconds["by_hand"].append(timed(postgres, options.rows, lambda: by_hand(postgres, path)))
                seconds["rowan"].append(timed(postgres, options.rows, lambda: by_rowan(server, path, options.client)))
            grown = memory.stop()
        server.stop()
    finally:
        postgres.remove()
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(json.dumps({
        "rows": options.rows,
        "client": options.client,
        **{f"{name}_seconds": round(value, 2) for name, value in medians.items()},
        "rowan_rows_per_second": round(options.rows / medians["rowan"]),
        "ratio": round(medians["by_hand"] / medians["rowan"], 2),
        "memory_mb": round(grown, 1),
    }))


if __name__ == "__main__":
    main()
