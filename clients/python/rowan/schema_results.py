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
        description: what it does, for example "create table users"; names it in allow_data_loss and leave_out.
        sql: its exact SQL.
        path: the part of the schema that asks for it; of the earlier schema for drops.
        risk: "safe", "may_fail", "blocking", "breaking" or "lossy".
        lock: the strongest lock on a table that was there: "none", "share_update_exclusive", "share",
            "share_row_exclusive" or "access_exclusive".
        explanation: why it is done this way.
        stage: steps of one stage are one transaction.
        alone: whether it runs outside of a transaction.
    """

    description: str
    sql: str
    path: str = ""
    risk: str = ""
    lock: str = ""
    explanation: str = ""
    stage: int = 0
    alone: bool = False


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


@dataclasses.dataclass(frozen=True)
class SchemaVersion:
    """One time that a version of a schema was applied.

    Attributes:
        version: the hash of its content.
        apply_time: when it was applied, in UTC.
        applied_by: who applied it.
        checksum: the SHA-256 of the stored content, in hexadecimal digits.
        steps: what was done to the database; empty for a schema that was attached.
        adopted: whether it was attached to tables that were there.
    """

    version: str
    apply_time: Optional[datetime.datetime]
    applied_by: str
    checksum: str
    steps: tuple[Step, ...]
    adopted: bool


@dataclasses.dataclass(frozen=True)
class Difference:
    """One difference between a registered schema and the database.

    Attributes:
        severity: "error" breaks requests, "warning" changes what the database allows, "notice" has no effect.
        kind: what differs, for example "TYPE" or "COLUMN_MISSING".
        path: the part of the schema.
        object: what it is in the database, for example "public.users.name".
        expected: what the schema says; empty when it does not have the part.
        found: what the database has; empty when it does not have the part.
    """

    severity: str
    kind: str
    path: str
    object: str
    expected: str
    found: str


def schema_of(schema: schema_pb2.Schema) -> Schema:
    """Returns a schema with its document."""
    return Schema(schema_document.from_schema(schema), schema.version, _time(schema))


def apply_result(response: schema_service_pb2.ApplySchemaResponse) -> ApplyResult:
    """Returns what an ApplySchemaResponse tells."""
    return ApplyResult(
        schema_of(response.schema), _diagnostics(response.diagnostics), _steps(response.steps), response.applied
    )


def schema_version(entry: schema_service_pb2.SchemaVersion) -> SchemaVersion:
    """Returns what a SchemaVersion tells."""
    return SchemaVersion(
        entry.version, _time(entry), entry.applied_by, entry.checksum, _steps(entry.steps), entry.adopted
    )


def difference(entry: schema_service_pb2.SchemaDifference) -> Difference:
    """Returns what a SchemaDifference tells."""
    severity = _severity(entry.severity)
    return Difference(severity, entry.kind, entry.path, entry.object, entry.expected, entry.found)


def introspection(response: schema_service_pb2.IntrospectResponse) -> Introspection:
    """Returns what an IntrospectResponse tells."""
    return Introspection(schema_document.from_schema(response.schema), _diagnostics(response.diagnostics))


def summary(entry: schema_service_pb2.SchemaSummary) -> SchemaSummary:
    """Returns what a SchemaSummary tells."""
    return SchemaSummary(entry.name, entry.version, _time(entry), entry.model_count, entry.description)


def _diagnostics(entries: Iterable[schema_service_pb2.Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(Diagnostic(_severity(entry.severity), entry.reason, entry.path, entry.message) for entry in entries)


def _steps(entries: Iterable[schema_service_pb2.SchemaStep]) -> tuple[Step, ...]:
    return tuple(
        Step(
            entry.description,
            entry.sql,
            entry.path,
            _word(schema_service_pb2.StepRisk, entry.risk, "STEP_RISK_"),
            _word(schema_service_pb2.TableLock, entry.lock, "TABLE_LOCK_"),
            entry.explanation,
            entry.stage,
            entry.alone,
        )
        for entry in entries
    )


def _severity(value: int) -> str:
    return _word(schema_service_pb2.Severity, value, "SEVERITY_")


def _word(names: Any, value: int, prefix: str) -> str:
    """Returns the word of an enum's value: "" for the one that is never sent, the number for one of a newer server."""
    if value not in names.values():
        return str(value)
    return names.Name(value).removeprefix(prefix).lower() if value else ""


def _time(message: Any) -> Optional[datetime.datetime]:
    return message.apply_time.ToDatetime(datetime.timezone.utc) if message.HasField("apply_time") else None
