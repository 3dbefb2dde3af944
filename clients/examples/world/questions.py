"""Three questions about the world: the request that asks each, and the answer worked out from the sources alone."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Callable

import sources


@dataclasses.dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        text: what is asked, in words.
        model: the model that is read.
        read: the read document that asks it.
        is_right: tells whether an answer is what the sources say.
    """

    text: str
    model: str
    read: dict[str, Any]
    is_right: Callable[[list[dict[str, Any]]], bool]


def all_questions(world: sources.World) -> list[Question]:
    """Returns the questions with the answers that these sources give."""
    return [neighbours(world), below_ile_de_france(world), undivided(world)]


def neighbours(world: sources.World) -> Question:
    shared = {code for zone in world.zones.values() if "CH" in zone["countries"] for code in zone["countries"]} - {"CH"}
    expected = {
        world.countries[code]["name"]: sorted(
            part["name"]
            for part in world.subdivisions.values()
            if part["country"] == code and "parent" not in part and "berg" in part["name"]
        )
        for code in shared
    }
    return Question(
        'Which countries share a time zone with Switzerland, and which of their largest subdivisions contain "berg"?',
        "Country",
        {
            "select": {
                "name": True,
                "subdivisions": {
                    "select": {"name": True, "type": True},
                    "where": {"NOT": {"parent": {}}, "name": {"contains": "berg"}},
                    "order_by": [{"name": "asc"}],
                },
            },
            "where": {"timeZones": {"countries": {"alpha2": "CH"}}, "alpha2": {"ne": "CH"}},
            "order_by": [{"name": "asc"}],
        },
        lambda answer: (
            {row["name"]: sorted(part["name"] for part in row["subdivisions"]) for row in answer} == expected
        ),
    )


def below_ile_de_france(world: sources.World) -> Question:
    expected = sorted(code for code, part in world.subdivisions.items() if part.get("parent") == "FR-IDF")
    return Question(
        "Which subdivisions of France lie in Île-de-France?",
        "Subdivision",
        {
            "select": {"code": True, "name": True, "type": True},
            "where": {"country": {"name": "France"}, "parent": {"name": "Île-de-France"}},
            "order_by": [{"code": "asc"}],
        },
        lambda answer: sorted(row["code"] for row in answer) == expected,
    )


def undivided(world: sources.World) -> Question:
    divided = {part["country"] for part in world.subdivisions.values()}
    expected = sorted(entry["name"] for code, entry in world.countries.items() if code not in divided)
    return Question(
        "Which countries have no subdivision?",
        "Country",
        {"select": {"name": True}, "where": {"NOT": {"subdivisions": {"some": {}}}}, "order_by": [{"name": "asc"}]},
        lambda answer: sorted(row["name"] for row in answer) == expected,
    )


def show(question: Question, answer: list[dict[str, Any]]) -> str:
    """Returns the question, its request and the tree of its answer as text."""
    request = json.dumps(question.read, ensure_ascii=False)
    tree = "\n".join(_lines(answer))
    return f"# {question.text}\nget {question.model} {request}\n{tree}"


def _lines(records: list[dict[str, Any]], indent: str = "  ") -> list[str]:
    lines = []
    for record in records:
        plain = [str(value) for value in record.values() if not isinstance(value, (list, dict))]
        lines.append(indent + ", ".join(plain))
        for name, value in record.items():
            if isinstance(value, list) and value:
                lines.append(f"{indent}  {name}:")
                lines.extend(_lines(value, indent + "    "))
    return lines
