"""The sides of a comparison, each for a short while, and how their rounds become figures."""

import json
import os
import re
import statistics
import subprocess
import tempfile

import data
from processes import BIN, cpu_seconds


class Bench:
    """What all measurements share: the servers, and for how long and how often they are used."""

    def __init__(self, postgres, rowand, empty, seconds, rounds, users):
        self.postgres, self.rowand, self.empty = postgres, rowand, empty
        self.seconds, self.rounds, self.users = seconds, rounds, users

    def rowan(self, workload, address=None, process=None, flags=()):
        """Sends a workload's request to rowand, or to another server."""
        process = process or self.rowand.process
        before = cpu_seconds(process), cpu_seconds(self.postgres.process)
        command = [BIN / "rowan", "bench", "blog", "-", "--format", "json", "--clients", str(workload.clients), "--connections", str(workload.connections),
                   "--duration", f"{self.seconds}s", "--warm-up", "300ms", "--address", address or self.rowand.address, *flags]
        done = subprocess.run(command, input=json.dumps(workload.request), capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{workload.name}: {done.stderr}")
        after = cpu_seconds(process), cpu_seconds(self.postgres.process)
        report = json.loads(done.stdout)
        server, database = [1e6 * (b - a) / max(1, report["sent"]) for a, b in zip(before, after)]
        return {"per_second": report["requests_per_second"], **{f"{name}_ms": report["latency_ms"][name] for name in ("mean", "p50", "p95", "p99", "max")},
                "server_cpu_us": server, "database_cpu_us": database, "client_cpu_us": report["client_cpu_us"], "failed": report["failed"],
                "bytes": report["bytes"] / max(1, report["requests"]), "records_per_second": report["records_per_second"]}

    def empty_call(self, workload):
        return self.rowan(workload, self.empty.address, self.empty.process)

    def pgbench(self, workload, script, turn, constants=None):
        """Runs a script as a workload's clients would run its request. `constants` are texts by the names that it has for them."""
        constants = [word for name, value in (constants or {}).items() for word in ("-D", f"{name}={value}")]
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            before = cpu_seconds(self.postgres.process)
            mine = os.times()
            command = ["pgbench", "-n", "-M", "prepared", "-c", str(workload.clients), "-j", "1", "-T", str(max(1, round(self.seconds))),
                       "-D", f"n={turn * 1_000_000}", *constants, "-f", file.name, self.postgres.url]
            done = subprocess.run(command, capture_output=True, text=True)
            after, mine_after = cpu_seconds(self.postgres.process), os.times()
        if done.returncode or "aborted" in done.stderr:
            raise RuntimeError(f"{workload.name}: pgbench: {done.stderr[-1000:]}")
        count = int(re.search(r"actually processed: (\d+)", done.stdout)[1])
        client = mine_after.children_user + mine_after.children_system - mine.children_user - mine.children_system
        return {"per_second": float(re.search(r"tps = ([\d.]+)", done.stdout)[1]), "mean_ms": float(re.search(r"latency average = ([\d.]+)", done.stdout)[1]),
                "database_cpu_us": 1e6 * (after - before) / max(1, count), "client_cpu_us": 1e6 * client / max(1, count)}


def in_rounds(rounds, sides):
    """Runs the sides by turns, `sides` by name, each given the number of its turn. Returns the medians of each one's figures, and its rounds."""
    taken = {name: [] for name in sides}
    for turn in range(rounds):
        # Neither side is always the one after the other.
        for name in list(sides)[::-1 if turn % 2 else 1]:
            taken[name].append(sides[name](turn))
    return {name: {**{figure: statistics.median(one[figure] for one in runs) for figure in runs[0]}, "rounds": runs} for name, runs in taken.items()}


def ratio(sides, side, beside, figure="per_second"):
    """Returns the median of the ratios of each round: both sides of it saw the same state of the machine."""
    pairs = zip(sides[side]["rounds"], sides[beside]["rounds"])
    return statistics.median(one[figure] / other[figure] if other[figure] else 0.0 for one, other in pairs)
