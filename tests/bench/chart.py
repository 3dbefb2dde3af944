#!/usr/bin/env python3
"""Draws the figures of tests/bench/run as SVG: a bar for each ratio with its target, and a line for each cost curve.

    python3 tests/bench/chart.py RESULTS.json > chart.svg
"""

import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

from report import BESIDE, number

WIDTH, LEFT, BAR, ROW = 900, 330, 420, 26
CURVE, COLUMNS = 200, 2


def _text(x, y, said, anchor="start", size=12, color="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{escape(said)}</text>'


def _bars(results, top):
    """The ratios: longer is better, the stroke is the target."""
    parts = [_text(10, top, "throughput, as a ratio to what stands beside it", size=15)]
    greatest = max([1.0, *(one["ratio"] for one in results["workloads"])])
    y = top + 12
    for one in results["workloads"]:
        reached = one["target"] is None or one["ratio"] >= one["target"]
        parts.append(_text(LEFT - 10, y + 17, f"{one['title']} / {BESIDE[one['beside']]}", "end"))
        parts.append(f'<rect x="{LEFT}" y="{y + 4}" width="{BAR * one["ratio"] / greatest:.1f}" height="{ROW - 8}" fill="{"#3b7" if reached else "#d73"}"/>')
        if one["target"] is not None:
            x = LEFT + BAR * one["target"] / greatest
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + ROW - 4}" stroke="#222" stroke-width="2"/>')
        aim = "" if one["target"] is None else f", target {number(one['target'])}"
        parts.append(_text(LEFT + BAR + 10, y + 17, f"{number(one['ratio'])}{aim}"))
        y += ROW
    return parts, y


def _curve(curve, left, top):
    """Requests per second and processor time by size, both on logarithmic scales of their own."""
    width, height = WIDTH / COLUMNS - 90, CURVE - 70
    sizes = [max(float(size), 0.5) for size in curve["points"]]
    low, high = math.log(min(sizes)), math.log(max(sizes))
    parts = [_text(left, top + 14, curve["title"], size=13)]
    lines = [("requests/s", "#27b", [one["per_second"] for one in curve["points"].values()]),
             ("CPU us a request", "#b52", [one["server_cpu_us"] + one["database_cpu_us"] for one in curve["points"].values()])]
    for place, (title, color, values) in enumerate(lines):
        logs = [math.log(max(value, 1e-3)) for value in values]
        floor, span = min(logs), max(max(logs) - min(logs), 0.1)
        points = [(left + 20 + width * (math.log(size) - low) / max(high - low, 0.1), top + 30 + height * (1 - (value - floor) / span)) for size, value in zip(sizes, logs)]
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        for (x, y), value in zip(points, values):
            parts.append(_text(x, y - 4 - 10 * place, number(value), "middle", 9, color))
        parts.append(_text(left + 150 * place, top + CURVE - 8, title, size=11, color=color))
    for size, value in zip(curve["points"], sizes):
        parts.append(_text(left + 20 + width * (math.log(value) - low) / max(high - low, 0.1), top + CURVE - 24, str(size), "middle", 10))
    return parts


def draw(results):
    """Returns the drawing."""
    machine = results["machine"]
    parts, y = _bars(results, 50) if results["workloads"] else ([], 40)
    y += 20
    for place, curve in enumerate(results["curves"]):
        parts += _curve(curve, 10 + (place % COLUMNS) * WIDTH / COLUMNS, y + (place // COLUMNS) * CURVE)
    height = y + math.ceil(len(results["curves"]) / COLUMNS) * CURVE + 10
    head = _text(10, 22, f"Rowan {machine['commit']}, PostgreSQL {machine['postgresql']}, {machine['cores']} cores, {machine['date']}", size=13, color="#666")
    body = "\n".join([f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', head, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n{body}\n</svg>\n'


if __name__ == "__main__":
    print(draw(json.loads(pathlib.Path(sys.argv[1]).read_text())), end="")
