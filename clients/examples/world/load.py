#!/usr/bin/env python3
"""Loads the world into Rowan, checks that all of it arrived, and asks three questions.

Running it again adds what is missing and changes nothing else. Progress goes to stderr, questions and answers to
stdout. It exits with 1 when a count or an answer differs from the sources, or a call fails.

Usage: python3 clients/examples/world/load.py [--address HOST:PORT]
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from typing import Any, Iterable, Iterator

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "python")]

import questions  # noqa: E402
import rowan  # noqa: E402
import sources  # noqa: E402

SCHEMA = "world"
MAX_NODES = 2000
"""How many records and keys one insert holds at most: well below the server's limit, and many enough to be fast."""


# --- what to write ----------------------------------------------------------------------------------------------------


def present(names: dict[str, str], entry: dict[str, Any]) -> dict[str, Any]:
    """Returns the entry's values under our names; what the source leaves out stays left out."""
    return {ours: entry[theirs] for ours, theirs in names.items() if theirs in entry}


COUNTRY = {
    "alpha2": "alpha_2",
    "alpha3": "alpha_3",
    "numeric": "numeric",
    "name": "name",
    "officialName": "official_name",
    "commonName": "common_name",
    "flag": "flag",
}
SUBDIVISION = {"code": "code", "name": "name", "type": "type"}
ZONE = {"name": "name", "position": "position", "comments": "comments"}
LANGUAGE = {
    "alpha3": "alpha_3",
    "alpha2": "alpha_2",
    "name": "name",
    "invertedName": "inverted_name",
    "commonName": "common_name",
    "bibliographic": "bibliographic",
    "scope": "scope",
    "type": "type",
}
CURRENCY = {"alpha3": "alpha_3", "numeric": "numeric", "name": "name"}


def country_record(world: sources.World, code: str) -> dict[str, Any]:
    """A country together with its subdivisions of the largest level, which are created with it."""
    largest = [part for part in world.subdivisions.values() if part["country"] == code and "parent" not in part]
    record = present(COUNTRY, world.countries[code])
    if largest:
        record["subdivisions"] = {"create": [present(SUBDIVISION, part) for part in largest]}
    return record


def subdivision_record(world: sources.World, code: str) -> dict[str, Any]:
    """A subdivision that joins its country, and its parent if it has one, which exist already."""
    part = world.subdivisions[code]
    record = {**present(SUBDIVISION, part), "country": {"connect": part["country"]}}
    if "parent" in part:
        record["parent"] = {"connect": {"code": part["parent"]}}
    return record


def zone_record(world: sources.World, name: str) -> dict[str, Any]:
    """A time zone that joins all its countries."""
    zone = world.zones[name]
    return {**present(ZONE, zone), "countries": {"connect": zone["countries"]}}


def language_record(world: sources.World, code: str) -> dict[str, Any]:
    """A language; the sources relate it to nothing."""
    return present(LANGUAGE, world.languages[code])


def currency_record(world: sources.World, code: str) -> dict[str, Any]:
    """A currency that joins its country, found by one of its unique keys, if the standards name one."""
    currency = world.currencies[code]
    record = present(CURRENCY, currency)
    if "country" in currency:
        record["country"] = {"connect": {"numeric": currency["numeric"]}}
    return record


# --- writing ----------------------------------------------------------------------------------------------------------


class Progress:
    """Counts one step on stderr: in place on a terminal, with one line at the end elsewhere."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done, self.start = what, total, 0, time.monotonic()

    def add(self, count: int) -> None:
        self.done += count
        if sys.stderr.isatty():
            print(f"\r{self.what}: {self.done:,} of {self.total:,}", end="", file=sys.stderr, flush=True)

    def finish(self) -> None:
        start = "\r" if sys.stderr.isatty() else ""
        elapsed = time.monotonic() - self.start
        print(f"{start}{self.what}: {self.done:,} added in {elapsed:.1f} s", file=sys.stderr, flush=True)


def node_count(record: Any) -> int:
    """Returns about how many nodes of the server's limit a record takes: itself, and all that its lists hold."""
    if isinstance(record, dict):
        return 1 + sum(node_count(value) for value in record.values() if isinstance(value, (dict, list)))
    return sum(node_count(item) if isinstance(item, (dict, list)) else 1 for item in record)


def batches(records: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Splits records into lists of at most MAX_NODES nodes, or of a single larger record."""
    batch: list[dict[str, Any]] = []
    size = 0
    for record in records:
        nodes = node_count(record)
        if batch and size + nodes > MAX_NODES:
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += nodes
    if batch:
        yield batch


def keys(client: rowan.Client, model: str, key: str) -> set[str]:
    """Returns the keys of all records of a model."""
    with client.stream(SCHEMA, model, {"select": {key: True}}) as records:
        return {record[key] for record in records}


def add(client: rowan.Client, what: str, model: str, records: list[dict[str, Any]]) -> None:
    """Inserts records in batches; each batch is one transaction."""
    progress = Progress(what, len(records))
    for batch in batches(records):
        client.insert(SCHEMA, model, batch)
        progress.add(len(batch))
    progress.finish()


def add_missing(client: rowan.Client, what: str, model: str, key: str, wanted: Iterable[str], record: Any) -> None:
    """Inserts those of the wanted keys that the server does not have, as the records that `record` makes of them."""
    there = keys(client, model, key)
    add(client, what, model, [record(name) for name in wanted if name not in there])


def connect_missing(client: rowan.Client, world: sources.World) -> None:
    """Connects time zones and currencies to countries that they have lost, which came back without them."""
    with client.stream(SCHEMA, "TimeZone", {"select": {"name": True, "countries": {"alpha2": True}}}) as zones:
        connected = {zone["name"]: {country["alpha2"] for country in zone["countries"]} for zone in zones}
    for name, zone in world.zones.items():
        lost = [code for code in zone["countries"] if code not in connected[name]]
        if lost:
            client.update(SCHEMA, "TimeZone", {"data": {"countries": {"connect": lost}}, "where": {"name": name}})
    with client.stream(
        SCHEMA, "Currency", {"select": {"alpha3": True}, "where": {"NOT": {"country": {}}}}
    ) as currencies:
        alone = [currency["alpha3"] for currency in currencies]
    for code in alone:
        country = world.currencies.get(code, {}).get("country")
        if country:
            client.update(SCHEMA, "Currency", {"data": {"country": {"connect": country}}, "where": {"alpha3": code}})


def load(client: rowan.Client, world: sources.World) -> None:
    """Writes what is missing. A run that was cut short is completed by the next."""
    add_missing(
        client,
        "countries, with their largest subdivisions",
        "Country",
        "alpha2",
        world.countries,
        lambda code: country_record(world, code),
    )
    largest = [code for code, part in world.subdivisions.items() if "parent" not in part]
    add_missing(
        client,
        "largest subdivisions of countries that were there",
        "Subdivision",
        "code",
        largest,
        lambda code: subdivision_record(world, code),
    )
    # Parents first: a level is written when the one above it is there.
    written = set(largest)
    while len(written) < len(world.subdivisions):
        level = [
            code for code, part in world.subdivisions.items() if code not in written and part.get("parent") in written
        ]
        if not level:
            raise ValueError("the parents of some subdivisions form a circle")
        add_missing(
            client,
            "subdivisions below them",
            "Subdivision",
            "code",
            level,
            lambda code: subdivision_record(world, code),
        )
        written.update(level)
    add_missing(client, "time zones", "TimeZone", "name", world.zones, lambda name: zone_record(world, name))
    add_missing(client, "languages", "Language", "alpha3", world.languages, lambda code: language_record(world, code))
    add_missing(client, "currencies", "Currency", "alpha3", world.currencies, lambda code: currency_record(world, code))
    connect_missing(client, world)


# --- checking ---------------------------------------------------------------------------------------------------------


def counts(client: rowan.Client, world: sources.World) -> list[tuple[str, int, int]]:
    """Returns what is counted, how many the sources have, and how many the server has."""

    def count(model: str, key: str, **where: Any) -> int:
        with client.stream(SCHEMA, model, {"select": {key: True}, **where}) as records:
            return sum(1 for _ in records)

    with client.stream(SCHEMA, "TimeZone", {"select": {"name": True, "countries": {"alpha2": True}}}) as zones:
        links = sum(len(zone["countries"]) for zone in zones)
    parts, zones, currencies = world.subdivisions.values(), world.zones.values(), world.currencies.values()
    return [
        ("countries", len(world.countries), count("Country", "alpha2")),
        ("subdivisions", len(parts), count("Subdivision", "code")),
        (
            "subdivisions with a parent",
            sum("parent" in part for part in parts),
            count("Subdivision", "code", where={"parent": {}}),
        ),
        ("time zones", len(zones), count("TimeZone", "name")),
        ("countries of time zones", sum(len(zone["countries"]) for zone in zones), links),
        ("languages", len(world.languages), count("Language", "alpha3")),
        ("currencies", len(currencies), count("Currency", "alpha3")),
        (
            "currencies of a country",
            sum("country" in currency for currency in currencies),
            count("Currency", "alpha3", where={"country": {}}),
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="127.0.0.1:50051", help="where rowand listens (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        world = sources.read()
    except (OSError, ValueError) as error:
        print(f"load.py: the sources cannot be read: {error}; install iso-codes and tzdata", file=sys.stderr)
        return 1
    try:
        with rowan.connect(arguments.address, timeout=60) as client:
            applied = client.apply_schema(HERE / "schema.yaml")
            state = "registered" if applied.applied else "is registered already"
            print(f"schema {SCHEMA} {state}, version {applied.schema.version}", file=sys.stderr)
            load(client, world)
            differs = False
            print(f"{'count':<28}{'sources':>9}{'rowan':>9}")
            for what, wanted, found in counts(client, world):
                print(f"{what:<28}{wanted:>9,}{found:>9,}{'' if wanted == found else '  DIFFERS'}")
                differs |= wanted != found
            for question in questions.all_questions(world):
                answer = client.get(SCHEMA, question.model, question.read)
                print(f"\n{questions.show(question, answer)}")
                if not question.is_right(answer):
                    print("DIFFERS from the sources")
                    differs = True
    except rowan.RowanError as error:
        print(f"load.py: {error}", file=sys.stderr)
        return 1
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
