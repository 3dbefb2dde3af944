"""Results: from the shape and the positional records of rowan.v1 to plain dicts."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Iterable, Optional, Union

from rowan import values
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan._generated.rowan.v1 import result_pb2 as result
from rowan.words import OUTCOMES

Decoder = Callable[[result.Record], "dict[str, Any]"]

_COUNTS = ("created", "connected", "already_connected", "reassigned", "disconnected", "displaced", "updated", "deleted")


class Page(list):
    """A list of records that knows its place in the whole. It compares and prints like any list.

    Attributes:
        has_more: whether there are more records than the limit let through: after the last one, or before the first one
            when the page is backward.
        start_cursor: marks the first record; with `backward`, a read from it gives the page before this one.
        end_cursor: marks the last record; a read from it gives the page after this one.
        total: how many records the filter lets through, whatever the page; None when the read asked for no total.

    Cursors are None when there are no records. Nested lists have them when they are read from a cursor or backward; the
    end cursor also when the limit held records back, the start cursor also when there is an offset.
    """

    has_more: bool
    start_cursor: Optional[str]
    end_cursor: Optional[str]
    total: Optional[int]

    def __init__(
        self,
        records: Iterable[dict[str, Any]] = (),
        has_more: bool = False,
        start_cursor: Optional[str] = None,
        end_cursor: Optional[str] = None,
        total: Optional[int] = None,
    ) -> None:
        super().__init__(records)
        self.has_more = has_more
        self.start_cursor = start_cursor
        self.end_cursor = end_cursor
        self.total = total


@dataclasses.dataclass(frozen=True)
class MutationResult:
    """What a write did.

    Attributes:
        records: the records that the request asked to return; an insert returns primary keys when it asked for nothing.
        effects: the counts, for example {"matched": 1, "changed": 1, "relations": {"posts.tags": {"connected": 2}}}.
        outcomes: of an upsert, what happened to each record: "inserted", "updated" or "kept".
        repeated_answer: whether this is the kept answer of an earlier request with the same request id.
    """

    records: list[dict[str, Any]]
    effects: dict[str, Any]
    outcomes: list[str] = dataclasses.field(default_factory=list)
    repeated_answer: bool = False


def decoder(shape: result.Shape) -> Decoder:
    """Returns the function that turns records of a shape into dicts; made once for all records of a result."""
    names = [field.name for field in shape.fields]
    from_value = values.from_value
    if not shape.relations and not shape.counts:
        return lambda record: dict(zip(names, map(from_value, record.values)))
    relations = [(relation.name, relation.to_many, decoder(relation.shape)) for relation in shape.relations]
    counts = [count.name for count in shape.counts]

    def decode(record: result.Record) -> dict[str, Any]:
        decoded = dict(zip(names, map(from_value, record.values)))
        for (name, to_many, decode_related), related in zip(relations, record.related):
            if to_many:
                decoded[name] = _part(decode_related, related)
            else:
                decoded[name] = decode_related(related.records[0]) if related.records else None
        if counts:
            decoded["_count"] = dict(zip(counts, record.counts))
        return decoded

    return decode


def _part(decode: Decoder, part: Union[service.GetResponse, result.RecordList]) -> Page:
    total = part.total if part.HasField("total") else None
    return Page(
        map(decode, part.records), part.has_more, part.start_cursor or None, part.end_cursor or None, total
    )


def page(response: service.GetResponse) -> Page:
    """Returns the records of a GetResponse."""
    return _part(decoder(response.shape), response)


def groups(response: service.AggregateResponse) -> Page:
    """Returns the groups of an AggregateResponse. Groups have no cursors."""
    return Page(map(decoder(response.shape), response.records), response.has_more)


def mutation_result(response: service.MutationResponse) -> MutationResult:
    """Returns the records and the counts of a MutationResponse."""
    return MutationResult(
        list(map(decoder(response.shape), response.records)),
        effects(response.effects),
        [OUTCOMES[outcome] for outcome in response.outcomes],
        response.repeated_answer,
    )


def effects(counts: mutation.Effects) -> dict[str, Any]:
    """Returns counts in the document form; those of relations that are zero are left out."""
    relations = {
        entry.path: {name: getattr(entry, name) for name in _COUNTS if getattr(entry, name)}
        for entry in counts.relations
    }
    whole = {"matched": counts.matched, "changed": counts.changed}
    if counts.inserted:
        whole["inserted"] = counts.inserted
    return {**whole, "relations": relations}
