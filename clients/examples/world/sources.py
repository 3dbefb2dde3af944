"""Reads the example's sources: the JSON files of iso-codes and the table of tzdata. Knows nothing of Rowan."""

from __future__ import annotations

import dataclasses
import json
import pathlib

ISO_CODES = pathlib.Path("/usr/share/iso-codes/json")
ZONES = pathlib.Path("/usr/share/zoneinfo/zone1970.tab")


@dataclasses.dataclass(frozen=True)
class World:
    """The sources' records by their natural keys, with the sources' own names.

    Attributes:
        countries: ISO 3166-1 by two-letter code.
        subdivisions: ISO 3166-2 by code; `country` and, where there is one, `parent` are codes.
        zones: time zones by name; `countries` is a list of two-letter codes.
        languages: ISO 639-3 by three-letter code.
        currencies: ISO 4217 by three-letter code; `country` is a two-letter code where the standards agree on one.
    """

    countries: dict[str, dict]
    subdivisions: dict[str, dict]
    zones: dict[str, dict]
    languages: dict[str, dict]
    currencies: dict[str, dict]


def read(iso_codes: pathlib.Path = ISO_CODES, zones: pathlib.Path = ZONES) -> World:
    """Returns all records of the sources.

    Raises:
        OSError: when a file is missing; Debian's packages are iso-codes and tzdata.
        ValueError: when a file does not hold what it should, for example a parent that does not exist.
    """
    countries = {entry["alpha_2"]: entry for entry in _entries(iso_codes, "3166-1")}
    return World(
        countries=countries,
        subdivisions=_subdivisions(_entries(iso_codes, "3166-2"), countries),
        zones=_zones(zones.read_text(encoding="utf-8"), countries),
        languages={entry["alpha_3"]: entry for entry in _entries(iso_codes, "639-3")},
        currencies=_currencies(_entries(iso_codes, "4217"), countries),
    )


def _entries(folder: pathlib.Path, standard: str) -> list[dict]:
    with open(folder / f"iso_{standard}.json", encoding="utf-8") as file:
        return json.load(file)[standard]


def _subdivisions(entries: list[dict], countries: dict[str, dict]) -> dict[str, dict]:
    by_code = {entry["code"]: {**entry, "country": entry["code"].split("-")[0]} for entry in entries}
    for code, entry in by_code.items():
        if entry["country"] not in countries:
            raise ValueError(f"subdivision {code} belongs to no country")
        parent = entry.get("parent")
        if parent is not None:
            # The file names some parents with their country and some without.
            entry["parent"] = parent if parent in by_code else f"{entry['country']}-{parent}"
            if entry["parent"] not in by_code:
                raise ValueError(f"subdivision {code} has the parent {parent}, which does not exist")
    return by_code


def _zones(table: str, countries: dict[str, dict]) -> dict[str, dict]:
    zones = {}
    for line in table.splitlines():
        if not line or line.startswith("#"):
            continue
        codes, position, name, *comments = line.split("\t")
        zones[name] = {"name": name, "position": position, "countries": codes.split(",")}
        if comments:
            zones[name]["comments"] = comments[0]
        unknown = [code for code in zones[name]["countries"] if code not in countries]
        if unknown:
            raise ValueError(f"time zone {name} belongs to no country {unknown[0]}")
    return zones


def _currencies(entries: list[dict], countries: dict[str, dict]) -> dict[str, dict]:
    """Joins currencies and countries where number and letters agree: CHF 756 is Switzerland's, CH 756."""
    by_number = {entry["numeric"]: code for code, entry in countries.items()}
    currencies = {entry["alpha_3"]: dict(entry) for entry in entries}
    for code, entry in currencies.items():
        if by_number.get(entry["numeric"]) == code[:2]:
            entry["country"] = code[:2]
    return currencies
