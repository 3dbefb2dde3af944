"""The benchmark gives all its figures. How good they are is nothing that a test can tell."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import BIN, ROOT

sys.path.append(str(ROOT / "tests/bench"))
import profile_parts  # noqa: E402

FIGURES = {"per_second", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms", "server_cpu_us", "database_cpu_us", "client_cpu_us", "failed"}


def run(*arguments):
    return subprocess.run([sys.executable, ROOT / "tests/bench/run", *arguments], capture_output=True, text=True, timeout=300, env={**os.environ, "ROWAN_TEST_BIN": str(BIN)})


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    only = "point_read,nested_insert,insert_children,stream,depth,bind_and_plan,profile,bulk_load"
    done = run("--only", only, "--seconds", "0.5", "--rounds", "1", "--users", "1000", "--json", str(folder / "results.json"), "--chart", str(folder / "chart.svg"))
    assert done.returncode == 0, done.stderr
    return done, json.loads((folder / "results.json").read_text()), (folder / "chart.svg").read_text()


def test_every_side_has_all_figures(measured):
    _, results, _ = measured
    workloads = {one["name"]: one for one in results["workloads"]}
    assert set(workloads) == {"point_read", "nested_insert", "insert_children", "stream", "bulk_load"}
    assert {name: set(one["sides"]) for name, one in workloads.items()} == {
        "point_read": {"rowan", "pgbench", "empty"}, "nested_insert": {"rowan", "pgbench"}, "insert_children": {"rowan", "pgbench", "sql"},
        "stream": {"rowan", "libpq"}, "bulk_load": {"rowan", "copy"}}
    for name in ("point_read", "nested_insert", "insert_children"):
        rowan = workloads[name]["sides"]["rowan"]
        assert FIGURES <= set(rowan) and rowan["failed"] == 0
        assert rowan["per_second"] > 0 and rowan["server_cpu_us"] > 0 and rowan["database_cpu_us"] > 0
        assert workloads[name]["sides"]["pgbench"]["per_second"] > 0
        assert workloads[name]["ratio"] > 0 and workloads[name]["statements"] >= 1
    assert workloads["point_read"]["cpu_ratio"] > 0
    assert workloads["stream"]["sides"]["libpq"]["rows_per_second"] > 0 and "memory_over_idle_mb" in workloads["stream"]["sides"]["rowan"]
    assert [one["name"] for one in results["bind_and_plan"]] == ["point_read", "nested_read"]
    assert all(one["parse_us"] > 0 and one["bind_and_plan_us"] > 0 for one in results["bind_and_plan"])
    assert {one["name"] for one in results["profile"]} == ({"point_read", "nested_read", "page_of_20", "relation_filter", "nested_insert", "insert_children"} if profile_parts.available() else set())
    # Half a second on a busy machine may pass without a sample.
    assert all(not one["parts"] or abs(sum(one["parts"].values()) - 1) < 1e-6 for one in results["profile"])
    (curve,) = results["curves"]
    assert list(curve["points"]) == ["0", "1", "2", "3"] and all(FIGURES <= set(point) for point in curve["points"].values())
    assert {"cpu", "cores", "postgresql", "commit", "date"} <= set(results["machine"])


def test_the_table_and_the_chart_show_them(measured):
    done, results, chart = measured
    for one in results["workloads"]:
        assert one["title"] in done.stdout
        assert one["title"] in chart
    assert "levels below the root" in done.stdout
    assert xml.etree.ElementTree.fromstring(chart).tag.endswith("svg")


@pytest.mark.parametrize("arguments, says", [
    (["--only", "nested_raed"], "there is no workload 'nested_raed'; there are point_read"),
    (["--rounds", "0"], "--rounds at least 1"),
    (["--seconds", "-1"], "--seconds is above 0"),
    (["--users", "5"], "--users at least 1000"),
    (["--seconds", "fast"], "invalid float value"),
])
def test_what_cannot_be_measured_is_refused(arguments, says):
    done = run(*arguments)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


def test_lists_what_there_is():
    done = run("--list")
    assert done.returncode == 0 and {"nested_read", "stream", "clients_point_read", "children_inserted"} <= set(done.stdout.split())


def test_missing_programs_are_told(tmp_path):
    done = subprocess.run([sys.executable, ROOT / "tests/bench/run"], capture_output=True, text=True, env={**os.environ, "ROWAN_TEST_BIN": str(tmp_path)})
    assert done.returncode == 2 and "cmake --build --preset release" in done.stderr


@pytest.mark.parametrize("arguments, says", [(["--only", "prism"], "there is no 'prism'; there are rowan, rowan_node"), (["--workloads", "reads"], "there is no 'reads'")])
def test_rivals_that_do_not_exist_are_refused(arguments, says):
    done = subprocess.run([sys.executable, ROOT / "tests/bench/rivals/run", *arguments], capture_output=True, text=True, env={**os.environ, "ROWAN_TEST_BIN": str(BIN)})
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""


def test_shapes_of_sql_are_measured():
    done = subprocess.run([sys.executable, ROOT / "tests/bench/sql_shapes.py", "--users", "1000", "--rounds", "1"], capture_output=True, text=True, timeout=300,
                          env={**os.environ, "ROWAN_TEST_BIN": str(BIN)})
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    measured = {row[0]: row[1:] for row in rows}
    assert {"nested sub-selects", "tagged rows", "levels in one pipeline", "one statement of chained CTEs", "statements in one pipeline"} <= set(measured)
    assert all(float(cell.split(" / ")[1].replace(",", "")) > 0 for cell in measured["nested sub-selects"])


def test_shapes_of_nothing_are_refused():
    done = subprocess.run([sys.executable, ROOT / "tests/bench/sql_shapes.py", "--users", "1"], capture_output=True, text=True)
    assert done.returncode == 2 and "--users is at least 1000" in done.stderr
