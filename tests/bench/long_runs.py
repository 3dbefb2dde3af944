"""The workloads that are no rate of small requests: the stream, the bulk load, and the registration of many models."""

import json
import pathlib
import subprocess
import tempfile
import threading

from processes import BIN, conftest, memory_mb  # first, for it says where the programs are

import data
import load_rows
import register_models
import workloads
from recorded_sql import draw
from sides import in_rounds, ratio
from workloads import Workload

# The rows of all trees, flat, level by level, in the order in which the trees have them.
LEVELS = ("SELECT id, name, role_id FROM users ORDER BY id", "SELECT user_id, bio FROM profiles ORDER BY user_id", "SELECT id, title, user_id FROM posts ORDER BY id",
          "SELECT j.post_id, t.name FROM post_tags j JOIN tags t ON t.id = j.tag_id ORDER BY j.post_id, t.id")


class Highest:
    """Watches the memory of a process while it is entered."""

    def __init__(self, process):
        self.process, self.mb, self._stop = process, memory_mb(process), threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self):
        while not self._stop.wait(0.02):
            self.mb = max(self.mb, memory_mb(self.process))

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


def stream(bench):
    """All users with their trees as one stream, beside a program that reads the same rows flat with libpq."""
    request = {"model": "User", "stream": {"select": data.TREE}}
    workload = Workload("stream", "stream of nested users", request, clients=1, connections=1)
    bench.rowan(Workload("", "", {"model": "User", "get": {"select": data.TREE, "limit": 1}}))  # what a server that works has at least
    idle = memory_mb(bench.rowand.process)

    def rowan(_):
        with Highest(bench.rowand.process) as highest:
            figures = bench.rowan(workload)
        return {**figures, "rows_per_second": figures["records_per_second"] * data.ROWS_OF_USER, "memory_over_idle_mb": highest.mb - idle}

    def flat(_):
        done = subprocess.run([BIN / "bench_read_flat", bench.postgres.url, *LEVELS], capture_output=True, text=True, check=True)
        read = json.loads(done.stdout)
        return {"rows_per_second": read["rows"] / read["seconds"]}

    sides = in_rounds(bench.rounds, {"rowan": rowan, "libpq": flat})
    return {"name": "stream", "title": f"stream of {bench.users:,} nested users", "beside": "libpq", "target": 0.6, "memory_target_mb": 32,
            "ratio": ratio(sides, "rowan", "libpq", "rows_per_second"), "sides": sides}


def bulk_load(bench):
    """Rows from a CSV file, beside COPY of the same file. The users that were there are gone afterwards."""
    rows = bench.users * 5

    def turns(load):
        def run(_):
            seconds = load_rows.timed(bench.postgres, rows, load)
            return {"rows_per_second": rows / seconds}
        return run

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "users.csv"
        with open(path, "w") as file:
            file.write("name,roleId\n")
            file.writelines(f"user number {n},{n % data.ROLES + 1}\n" for n in range(rows))
        copy = f"\\copy users (name, role_id) FROM '{path}' WITH (FORMAT csv, HEADER)\n"
        sides = in_rounds(min(3, bench.rounds), {
            "rowan": turns(lambda: load_rows.by_rowan(bench.rowand, path, "cli")),
            "copy": turns(lambda: subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", bench.postgres.url], input=copy, text=True, check=True, capture_output=True)),
        })
    return {"name": "bulk_load", "title": f"bulk load of {rows:,} rows", "beside": "copy", "target": 0.7,
            "ratio": ratio(sides, "rowan", "copy", "rows_per_second"), "sides": sides}


def bind_and_plan(bench):
    """What a request costs between its bytes and its SQL when its form was met before."""
    result = []
    for one in workloads.reads(bench.users)[:2]:
        done = subprocess.run([BIN / "bench_bind_and_plan", conftest.BLOG, one.request["model"], json.dumps(draw(one.request["get"], []))], capture_output=True, text=True, check=True)
        result.append({"name": one.name, "title": one.title, **json.loads(done.stdout)})
    return result


def registration(bench):
    """Point reads while a schema of many models is registered."""
    figures = register_models.measure(bench.rowand, 2000 if bench.users >= 10_000 else 20)
    return {"name": "register_models", "title": f"point reads while {figures['models']:,} models register", "beside": "alone", "target": None,
            "ratio": figures["alone"]["p99_ms"] / max(1e-9, figures["beside"]["p99_ms"]), "sides": {"rowan": figures["beside"], "alone": figures["alone"]},
            "seconds": figures["seconds"]}
