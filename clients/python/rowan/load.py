"""Bulk load: rows go out while the server's answers come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Callable, Iterable, Iterator, Optional, Sequence, Union

from rowan import values
from rowan._generated.rowan.v1 import load_pb2 as pb
from rowan.errors import DocumentError, nearest

BATCH_ROWS = 1000
BATCH_BYTES = 1 << 20
"""A message has at most so many rows, and ends with the row that takes it beyond so many bytes."""

Row = Union[Mapping[str, Any], Sequence[Any]]
OnConflict = Union[str, Mapping[str, Sequence[str]], None]


@dataclasses.dataclass(frozen=True)
class LoadReject:
    """A row that was not loaded.

    Attributes:
        row: which one, from 0.
        path: where the mistake is, for example "rows[41].role.name".
        reason: the ErrorReason.
        message: what was wrong, what exists and what to send instead.
    """

    row: int
    path: str
    reason: str
    message: str


@dataclasses.dataclass(frozen=True)
class LoadResult:
    """What a load did. `received` is the sum of the other counts.

    Attributes:
        received: the rows that the server got.
        inserted: the rows that became records.
        updated: the rows that were written to records that existed.
        skipped: the rows whose key was taken.
        rejected: the rows that were not loaded.
        rejects: why they were not, in the order in which the server found out.
        repeated_answer: whether this is the kept result of an earlier load; `rejects` is then empty.
    """

    received: int
    inserted: int
    updated: int
    skipped: int
    rejected: int
    rejects: Sequence[LoadReject]
    repeated_answer: bool = False


def begin_request(
    schema: str,
    model: str,
    columns: Sequence[str],
    on_conflict: OnConflict,
    key: Sequence[str],
    tolerated_rejects: int,
    dry_run: bool,
    once: str,
) -> pb.LoadBegin:
    """Returns the first message of a load. See Client.load for the arguments.

    Raises:
        DocumentError: when `on_conflict` is nothing that a load can do.
    """
    begin = pb.LoadBegin(
        schema=schema, model=model, tolerated_rejects=tolerated_rejects, dry_run=dry_run, request_id=once
    )
    for name in columns:
        relation, dot, field = name.partition(".")
        begin.columns.add(relation=relation if dot else "", field=field if dot else relation)
    if on_conflict is None:
        if key:
            raise DocumentError("key", 'a key is for on_conflict: "skip" or "update"')
        return begin
    begin.on_conflict.key.extend(key)
    if on_conflict == "skip":
        begin.on_conflict.skip = True
    elif on_conflict == "update":
        begin.on_conflict.update.SetInParent()
    elif isinstance(on_conflict, Mapping) and list(on_conflict) == ["update"]:
        begin.on_conflict.update.columns.extend(on_conflict["update"])
    else:
        raise DocumentError(
            "on_conflict", f'{on_conflict!r} is nothing that a load can do; use "skip", "update" or {{"update": […]}}'
        )
    return begin


class Loader:
    """The client's side of one load: an iterator over its requests, which gRPC runs in a thread of its own."""

    def __init__(self, begin: pb.LoadBegin, columns: Sequence[str], rows: Iterator[Row]) -> None:
        self._begin = begin
        self._columns = columns
        self._rows = rows
        self.failure: Optional[BaseException] = None  # of the rows; the stream then ends without its end

    def requests(self) -> Iterator[pb.LoadRequest]:
        """Yields the messages of the load. Never raises: what the rows raise is kept in `failure`."""
        try:
            yield pb.LoadRequest(begin=self._begin)
            request, size = pb.LoadRequest(), 0
            for number, row in enumerate(self._rows):
                added = request.rows.rows.add()
                fill_row(added, self._columns, row, f"rows[{number}]")
                size += added.ByteSize()
                if len(request.rows.rows) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield request
                    request, size = pb.LoadRequest(), 0
            if request.rows.rows:
                yield request
            yield pb.LoadRequest(end=True)
        except GeneratorExit:  # the call is over
            raise
        except BaseException as error:  # gRPC would swallow it
            self.failure = error


def columns_of(row: Row) -> list[str]:
    """Returns the columns that the first row of a load has.

    Raises:
        DocumentError: when it is not a dict.
    """
    if not isinstance(row, Mapping):
        raise DocumentError("columns", "rows that are no dicts need `columns`, the names of their values")
    return list(row)


def fill_row(target: pb.LoadRow, columns: Sequence[str], row: Row, path: str) -> None:
    """Writes the values of a row, in the order of the columns.

    Raises:
        DocumentError: for a key that is no column, another number of values, and values that nothing carries.
    """
    if isinstance(row, Mapping):
        parents = {name.partition(".")[0] for name in columns}
        for name in row:
            if name not in columns and name not in parents:
                raise DocumentError(f"{path}.{name}", f"there is no such column{nearest(name, columns)}")
        for name in columns:
            values.fill(target.values.add(), _value(row, name), f"{path}.{name}")
        return
    if isinstance(row, (str, bytes)) or len(row) != len(columns):
        raise DocumentError(path, f"a row is a dict or a list of {len(columns)} values")
    for name, value in zip(columns, row):
        values.fill(target.values.add(), value, f"{path}.{name}")


def _value(row: Mapping[str, Any], name: str) -> Any:
    """The value of a column: under its name, or nested as records have it."""
    if name in row:
        return row[name]
    relation, dot, field = name.partition(".")
    related = row.get(relation) if dot else None
    return related.get(field) if isinstance(related, Mapping) else None


def collect(
    responses: Iterable[pb.LoadResponse],
    on_reject: Optional[Callable[[LoadReject], None]],
    on_progress: Optional[Callable[[int], None]],
) -> Optional[LoadResult]:
    """Takes the server's messages to their end. Returns the result, or None when none came."""
    rejects: list[LoadReject] = []
    result = None
    for response in responses:
        kind = response.WhichOneof("kind")
        if kind == "reject":
            told = response.reject
            rejects.append(LoadReject(told.row, told.path, told.reason, told.message))
            if on_reject is not None:
                on_reject(rejects[-1])
        elif kind == "progress" and on_progress is not None:
            on_progress(response.progress.received)
        elif kind == "result":
            did = response.result
            result = LoadResult(
                did.received,
                did.inserted,
                did.updated,
                did.skipped,
                did.rejected,
                tuple(rejects),
                did.repeated_answer,
            )
    return result
