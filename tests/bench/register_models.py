#!/usr/bin/env python3
"""Measures what the registration of many models costs point reads: their latency without it, and while it lasts.

    python3 tests/bench/register_models.py [--models 2000]

Starts a PostgreSQL and a rowand of its own (binaries in ROWAN_TEST_BIN, default build/release/bin), and prints one line of JSON: p50, p99 and the greatest
latency of both in milliseconds, and how long the registration took. The reads are sent by a process of their own, one after the other. Another one registers; it lets all
others go first, for what a client needs to write and to read thousands of models is no cost of the server.
"""

import argparse
import json
import os
import subprocess
import sys
import time

from processes import BIN, Postgres, conftest

READ = json.dumps({"model": "Role", "get": {"select": {"name": True}, "where": {"id": 1}}})


def many_models(count):
    """Returns a schema of models that refer to each other."""
    return {"schema": "many", "models": {f"M{i}": {
        "fields": {"id": {"type": "auto_increment", "primary": True}, "name": {"type": "string", "unique": True}, "at": {"type": "timestamp", "default": {"generator": "now"}}},
        "relations": {"up": {"belongs_to": f"M{i * 7 % count}", "nullable": True, "index": True}},
    } for i in range(count)}}


def _reads(server, duration):
    command = [BIN / "rowan", "bench", "blog", READ, "--clients", "1", "--duration", duration, "--warm-up", "0", "--format", "json", "--address", server.address]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _figures(reads):
    report = json.loads(reads.communicate()[0])
    return {"per_second": report["requests_per_second"], "failed": report["failed"], **{f"{name}_ms": report["latency_ms"][name] for name in ("p50", "p99", "max")}}


def measure(server, models):
    """Returns the figures; the server has the schema blog."""
    _figures(_reads(server, "1s"))
    alone = _figures(_reads(server, "5s"))
    reads = _reads(server, "3600s")
    time.sleep(0.2)
    begun = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--models", str(models), "--register-at", server.address], check=True)
    seconds = time.perf_counter() - begun
    reads.send_signal(2)  # it tells what it has measured
    return {"models": models, "seconds": seconds, "alone": alone, "beside": _figures(reads)}


def register(address, models):
    """Registers the models from this process, which others go before."""
    os.nice(19)
    with conftest.rowan.connect(address, options=[("grpc.enable_retries", 0)]) as client:
        client.apply_schema(many_models(models), timeout=600)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--models", type=int, default=2000)
    options.add_argument("--register-at", metavar="ADDRESS", help="only register the models, at a server that runs")
    options = options.parse_args()
    if options.register_at:
        return register(options.register_at, options.models)
    postgres = Postgres()
    try:
        postgres.start()
        server = conftest.Rowand("--db-url", postgres.url)
        with server.client() as client:
            client.apply_schema(conftest.BLOG)
            client.insert("blog", "Role", {"name": "admin"})
        print(json.dumps(measure(server, options.models)))
        server.stop()
    finally:
        postgres.remove()


if __name__ == "__main__":
    main()
