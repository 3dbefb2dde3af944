"""Results: from the shape and the positional records of rowan.v1 to plain dicts."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Iterable

from rowan import values
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan._generated.rowan.v1 import result_pb2 as result

Decoder = Callable[[result.Record], "dict[str, Any]"]

_COUNTS = ("created", "connected", "already_connected", "reassigned", "disconnected", "displaced")


class Page(list):
    """A list of records that knows whether the limit held some back. It compares and prints like any list.

    Attributes:
        has_more: whether there are more records than the limit let through.
    """

    has_more: bool

    def __init__(self, records: Iterable[dict[str, Any]] = (), has_more: bool = False) -> None:
        super().__init__(records)
        self.has_more = has_more


@dataclasses.dataclass(frozen=True)
class MutationResult:
    """What a write did.

    Attributes:
        records: the records that the request asked to return; an insert returns primary keys when it asked for nothing.
        effects: the counts, for example {"matched": 1, "changed": 1, "relations": {"posts.tags": {"connected": 2}}}.
    """

    records: list[dict[str, Any]]
    effects: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement of an explained request.

    Attributes:
        description: what it does, for example "insert Post at data.posts".
        sql: its exact SQL.
        parameter_types: the PostgreSQL types of its parameters $1, $2, … in order.
    """

    description: str
    sql: str
    parameter_types: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Explanation:
    """How a request would run.

    Attributes:
        plan: the plan as indented text, for people.
        statements: the statements in the order of execution.
        schema_version: the version of the schema that the request was bound to.
    """

    plan: str
    statements: tuple[Statement, ...]
    schema_version: str


def decoder(shape: result.Shape) -> Decoder:
    """Returns the function that turns records of a shape into dicts; made once for all records of a result."""
    names = [field.name for field in shape.fields]
    from_value = values.from_value
    if not shape.relations:
        return lambda record: dict(zip(names, map(from_value, record.values)))
    relations = [(relation.name, relation.to_many, decoder(relation.shape)) for relation in shape.relations]

    def decode(record: result.Record) -> dict[str, Any]:
        decoded = dict(zip(names, map(from_value, record.values)))
        for (name, to_many, decode_related), related in zip(relations, record.related):
            if to_many:
                decoded[name] = Page(map(decode_related, related.records), related.has_more)
            else:
                decoded[name] = decode_related(related.records[0]) if related.records else None
        return decoded

    return decode


def page(response: service.GetResponse) -> Page:
    """Returns the records of a GetResponse."""
    return Page(map(decoder(response.shape), response.records), response.has_more)


def mutation_result(response: service.MutationResponse) -> MutationResult:
    """Returns the records and the counts of a MutationResponse."""
    return MutationResult(list(map(decoder(response.shape), response.records)), effects(response.effects))


def effects(counts: mutation.Effects) -> dict[str, Any]:
    """Returns counts in the document form; those of relations that are zero are left out."""
    relations = {
        entry.path: {name: getattr(entry, name) for name in _COUNTS if getattr(entry, name)}
        for entry in counts.relations
    }
    return {"matched": counts.matched, "changed": counts.changed, "relations": relations}


def explanation(response: service.ExplainResponse) -> Explanation:
    """Returns the plan and statements of an ExplainResponse."""
    statements = (
        Statement(entry.description, entry.sql, tuple(entry.parameter_types)) for entry in response.statements
    )
    return Explanation(response.plan, tuple(statements), response.schema_version)
