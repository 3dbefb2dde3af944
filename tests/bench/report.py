#!/usr/bin/env python3
"""Turns the figures of tests/bench/run and tests/bench/rivals/run into tables.

    python3 tests/bench/report.py RESULTS.json     prints those of tests/bench/run as on a terminal
    python3 tests/bench/report.py --update         writes the tables of docs/performance.md anew, from docs/performance/{results,rivals}.json
"""

import argparse
import json
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs/performance"


def number(value, digits=3):
    """Returns a number with three digits that count, and commas: 1,640, 18.2, 0.71."""
    if value is None:
        return ""
    if value and abs(value) < 100:
        return f"{value:.{max(0, digits - (2 if abs(value) >= 10 else 1))}f}"
    return f"{value:,.0f}"


BESIDE = {"pgbench": "pgbench", "empty": "empty call", "sql": "SQL by hand", "libpq": "libpq", "copy": "COPY", "alone": "without"}


def _rate(side):
    return side.get("per_second") if "rows_per_second" not in side else side["rows_per_second"]


def _verdict(reached, target, more_is_better=True):
    if target is None:
        return ""
    return "yes" if (reached >= target if more_is_better else reached <= target) else "no"


def rows_of(results):
    """Returns the rows of the table of workloads: what, how fast, how fast beside it, ratio, target, reached, latencies, processor times, memory."""
    for one in results["workloads"]:
        rowan, beside = one["sides"]["rowan"], one["sides"][one["beside"]]
        if one["beside"] == "alone":  # the question is what it does to latency, and the ratio is that of the slowest hundredth
            yield [one["title"] + ": p99", number(rowan["p99_ms"]) + " ms", BESIDE["alone"], number(beside["p99_ms"]) + " ms", number(one["ratio"]), *[""] * 8]
            continue
        yield [one["title"], number(_rate(rowan)), BESIDE[one["beside"]], number(_rate(beside)), number(one["ratio"]), number(one["target"]),
               _verdict(one["ratio"], one["target"]), number(rowan.get("p50_ms")), number(rowan.get("p99_ms")), number(rowan.get("server_cpu_us")),
               number(rowan.get("database_cpu_us")), number(beside.get("database_cpu_us") or None), number(one.get("memory_mb"))]
        if "cpu_ratio" in one:
            yield [one["title"] + ": processor time", number(rowan["server_cpu_us"]) + " us", "empty call", number(beside["server_cpu_us"]) + " us", number(one["cpu_ratio"]),
                   "<= " + number(one["cpu_target"]), _verdict(one["cpu_ratio"], one["cpu_target"], False), *[""] * 6]
        if "pgbench" in one["sides"] and one["beside"] != "pgbench":
            pgbench = one["sides"]["pgbench"]
            yield [one["title"], number(_rate(rowan)), "pgbench", number(_rate(pgbench)), number(_rate(rowan) / _rate(pgbench)), "", "", "", "", "", "",
                   number(pgbench["database_cpu_us"]), ""]
        if "memory_target_mb" in one:
            grown = rowan["memory_over_idle_mb"]
            yield [one["title"] + ": memory over idle", number(grown) + " MB", "", "", "", f"<= {one['memory_target_mb']} MB",
                   _verdict(grown, one["memory_target_mb"], False), *[""] * 6]


HEAD = ["workload", "rate/s", "beside", "rate/s", "ratio", "target", "reached", "p50 ms", "p99 ms", "rowand us", "PostgreSQL us", "beside: PostgreSQL us", "memory MB"]


def curve_rows(curve):
    for size, one in curve["points"].items():
        yield [str(size), number(one["per_second"]), number(one["p50_ms"]), number(one["p99_ms"]), number(one["server_cpu_us"]), number(one["database_cpu_us"]),
               number(one["failed"])]


def _curve_head(curve):
    return [curve["unit"], "requests/s", "p50 ms", "p99 ms", "rowand us", "PostgreSQL us", "failed"]


def plain(head, rows):
    rows = [head, ["-" * len(title) for title in head], *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rule = 1
    lines = []
    for at, row in enumerate(rows):
        cells = [("-" * width if at == rule else cell.rjust(width) if re.match(r"^[<\d-]", cell) else cell.ljust(width)) for cell, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def markdown(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def table(results, form=plain):
    """Returns all tables as text."""
    machine = results["machine"]
    parts = [f"{machine['date']}, commit {machine['commit']}, PostgreSQL {machine['postgresql']}, {machine['cores']} cores of {machine['cpu']}; "
             f"{results['rounds']} rounds of {results['seconds']} s, {results['users']:,} users"]
    if results["workloads"]:
        parts.append(form(HEAD, list(rows_of(results))))
    for curve in results["curves"]:
        text = f"{curve['title']}:"
        if "least_of_peak" in curve:
            text += (f" least of the peak before {number(curve['least_of_peak'])} (target >= 0.9, reached: {_verdict(curve['least_of_peak'], 0.9)}), "
                     f"p99 at most clients {number(curve['p99_of_p50'])} times p50 (target <= 5, reached: {_verdict(curve['p99_of_p50'], 5, False)}), "
                     f"{number(curve['failed'])} failed (target 0, reached: {_verdict(curve['failed'], 0, False)})")
        parts.append(text + "\n\n" + form(_curve_head(curve), list(curve_rows(curve))))
    if results["allocations"]:
        rows = [[name, number(one["allocations"]), number(one["bytes"])] for name, one in results["allocations"].items()]
        parts.append(form(["request", "allocations", "bytes"], rows))
    if results["bind_and_plan"]:
        rows = [[one["title"], number(one["parse_us"]), number(one["bind_and_plan_us"]), "<= 5", _verdict(one["bind_and_plan_us"], 5, False)] for one in results["bind_and_plan"]]
        parts.append(form(["request whose form was met before", "decode us", "bind and plan us", "target", "reached"], rows))
    if results["profile"]:
        names = list(dict.fromkeys(name for one in results["profile"] for name in one["parts"]))
        rows = [[one["title"], *(f"{100 * one['parts'].get(name, 0):.0f} %" for name in names)] for one in results["profile"]]
        parts.append(form(["where rowand's processor time goes", *names], rows))
    return "\n\n".join(parts)


def rivals(results, form=plain):
    """Returns the tables of tests/bench/rivals/run as text, one for each workload."""
    parts = [f"{results['rounds']} rounds of {results['seconds']} s, {results['users']:,} users, {results['processes']} processes of Node"]
    for workload, sides in results["workloads"].items():
        rows = [[one["title"], number(one["per_second"]), number(one["p50_ms"]), number(one["p99_ms"]), number(one.get("rowan_times")), number(one["target"]),
                 _verdict(one.get("rowan_times", 0), one["target"])] for one in sides.values()]
        parts.append(f"{workload.replace('_', ' ')}:\n\n" + form(["", "requests/s", "p50 ms", "p99 ms", "Rowan is times", "target", "reached"], rows))
    return "\n\n".join(parts)


def update(page, results, beside):
    """Returns a page with the tables between its marks made anew."""
    for name, text in (("results", table(results, markdown)), ("rivals", rivals(beside, markdown))):
        page = re.sub(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda marks: f"{marks[1]}{text}\n{marks[2]}", page, flags=re.DOTALL)
    return page


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("results", type=pathlib.Path, nargs="?", default=FOLDER / "results.json")
    options.add_argument("--update", action="store_true", help="write the tables of docs/performance.md anew")
    options = options.parse_args()
    if options.update:
        page = FOLDER.with_suffix(".md")
        page.write_text(update(page.read_text(), json.loads((FOLDER / "results.json").read_text()), json.loads((FOLDER / "rivals.json").read_text())))
        return
    print(table(json.loads(options.results.read_text())))


if __name__ == "__main__":
    main()
