#!/usr/bin/env python3
"""Draws the figures of tests/bench/run as SVG: a bar for each ratio with its target, one for where the processor time goes, and lines for cost curves.

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


PARTS = (("client", "client_cpu_us", "#aaa"), ("rowand", "server_cpu_us", "#27b"), ("PostgreSQL", "database_cpu_us", "#b52"))


def _stacks(workloads, top):
    """Where the processor time of a request goes: all of it is the length of the bar."""
    parts = [_text(10, top, "processor time of a request, by process", size=15)]
    for place, (title, _, color) in enumerate(PARTS):
        parts.append(_text(LEFT + 100 * place, top, title, color=color))
    y = top + 12
    for one in workloads:
        figures = one["sides"]["rowan"]
        whole = sum(figures[name] for _, name, _ in PARTS)
        parts.append(_text(LEFT - 10, y + 17, one["title"], "end"))
        x = float(LEFT)
        for _, name, color in PARTS:
            width = BAR * figures[name] / whole
            parts.append(f'<rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" fill="{color}"/>')
            if width > 40:
                parts.append(_text(x + width / 2, y + 17, f"{number(figures[name])} us", "middle", 10, "#fff"))
            x += width
        parts.append(_text(LEFT + BAR + 10, y + 17, f"{number(whole)} us"))
        y += ROW
    return parts, y


COLORS = ("#888", "#27b", "#e90", "#3b7", "#b52", "#85b", "#6cc", "#c7a", "#ccc")


def _profiles(profiles, top):
    """Where rowand's own processor time goes: every bar is the whole of it."""
    names = list(dict.fromkeys(name for one in profiles for name in one["parts"]))
    parts = [_text(10, top, "processor time of rowand, by what it is made of", size=15)]
    color = dict(zip(names, COLORS))
    for place, name in enumerate(names):
        parts.append(_text(LEFT + 180 * (place % 3), top + 16 * (place // 3), name, color=color[name]))
    y = top + 16 * (len(names) // 3) + 12
    for one in profiles:
        parts.append(_text(LEFT - 10, y + 17, one["title"], "end"))
        x = float(LEFT)
        for name, share in one["parts"].items():
            parts.append(f'<rect x="{x:.1f}" y="{y + 4}" width="{BAR * share:.1f}" height="{ROW - 8}" fill="{color[name]}"/>')
            if share > 0.07:
                parts.append(_text(x + BAR * share / 2, y + 17, f"{100 * share:.0f} %", "middle", 10, "#fff"))
            x += BAR * share
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
    y += 30
    requests = [one for one in results["workloads"] if "server_cpu_us" in one["sides"]["rowan"]]
    if requests:
        stacks, y = _stacks(requests, y)
        parts += stacks
        y += 20
    if results["profile"]:
        stacks, y = _profiles(results["profile"], y + 10)
        parts += stacks
        y += 20
    for place, curve in enumerate(results["curves"]):
        parts += _curve(curve, 10 + (place % COLUMNS) * WIDTH / COLUMNS, y + (place // COLUMNS) * CURVE)
    height = y + math.ceil(len(results["curves"]) / COLUMNS) * CURVE + 10
    head = _text(10, 22, f"Rowan {machine['commit']}, PostgreSQL {machine['postgresql']}, {machine['cores']} cores, {machine['date']}", size=13, color="#666")
    body = "\n".join([f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', head, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n{body}\n</svg>\n'


if __name__ == "__main__":
    print(draw(json.loads(pathlib.Path(sys.argv[1]).read_text())), end="")
