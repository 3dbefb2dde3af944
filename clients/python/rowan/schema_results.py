"""What the schema methods of the client return."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Optional

from rowan import schema_document
from rowan._generated.rowan.v1 import schema_pb2, schema_service_pb2


@dataclasses.dataclass(frozen=True)
class Schema:
    """A registered schema.

    Attributes:
        document: its canonical form as a document, which apply_schema takes.
        version: the hash of its content.
        apply_time: when this version was applied, in UTC; None when it never was.
    """

    document: dict[str, Any]
    version: str
    apply_time: Optional[datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Diagnostic:
    """Something about a schema that its author may want to know.

    Attributes:
        severity: "notice", "warning" or "error".
        reason: a word for the cause, for example "IMPLIED_NULLABLE".
        path: where, for example "models.Post.relations.user".
        message: what, and what could be written instead.
    """

    severity: str
    reason: str
    path: str
    message: str


@dataclasses.dataclass(frozen=True)
class Step:
    """One change of the database.

    Attributes:
        description: what it does, for example "create table users".
        sql: its exact SQL.
    """

    description: str
    sql: str


@dataclasses.dataclass(frozen=True)
class ApplyResult:
    """What registering a schema did, or would do.

    Attributes:
        schema: the canonical schema with its version.
        diagnostics: warnings and notices.
        steps: what was done to the database, or would be; empty when nothing differs.
        applied: whether a new version was committed.
    """

    schema: Schema
    diagnostics: tuple[Diagnostic, ...]
    steps: tuple[Step, ...]
    applied: bool


@dataclasses.dataclass(frozen=True)
class Introspection:
    """The schema of a live database.

    Attributes:
        document: the schema as a person would write it, which apply_schema takes.
        diagnostics: what the schema cannot hold or holds in another way, each by its name in the database.
    """

    document: dict[str, Any]
    diagnostics: tuple[Diagnostic, ...]


@dataclasses.dataclass(frozen=True)
class SchemaSummary:
    """A registered schema without its content.

    Attributes:
        name: its name.
        version: the hash of its content.
        apply_time: when the current version was applied, in UTC.
        model_count: how many models it has.
        description: free text for people.
    """

    name: str
    version: str
    apply_time: Optional[datetime.datetime]
    model_count: int
    description: str


def schema_of(schema: schema_pb2.Schema) -> Schema:
    """Returns a schema with its document."""
    return Schema(schema_document.from_schema(schema), schema.version, _time(schema))


def apply_result(response: schema_service_pb2.ApplySchemaResponse) -> ApplyResult:
    """Returns what an ApplySchemaResponse tells."""
    steps = (Step(entry.description, entry.sql) for entry in response.steps)
    return ApplyResult(schema_of(response.schema), _diagnostics(response.diagnostics), tuple(steps), response.applied)


def introspection(response: schema_service_pb2.IntrospectResponse) -> Introspection:
    """Returns what an IntrospectResponse tells."""
    return Introspection(schema_document.from_schema(response.schema), _diagnostics(response.diagnostics))


def summary(entry: schema_service_pb2.SchemaSummary) -> SchemaSummary:
    """Returns what a SchemaSummary tells."""
    return SchemaSummary(entry.name, entry.version, _time(entry), entry.model_count, entry.description)


def _diagnostics(entries: Iterable[schema_service_pb2.Diagnostic]) -> tuple[Diagnostic, ...]:
    names = schema_service_pb2.Severity
    return tuple(
        Diagnostic(
            names.Name(entry.severity).removeprefix("SEVERITY_").lower(), entry.reason, entry.path, entry.message
        )
        for entry in entries
    )


def _time(message: Any) -> Optional[datetime.datetime]:
    return message.apply_time.ToDatetime(datetime.timezone.utc) if message.HasField("apply_time") else None
