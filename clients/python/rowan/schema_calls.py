"""The client's methods for schemas."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, Union

from rowan import schema_document, text
from rowan._generated.rowan.v1 import schema_service_pb2
from rowan.calls import CallOptions, Calls
from rowan.errors import DocumentError
from rowan.schema_results import (
    ApplyResult,
    Difference,
    Introspection,
    Schema,
    SchemaSummary,
    SchemaVersion,
    apply_result,
    difference,
    introspection,
    schema_of,
    schema_version,
    summary,
)

if TYPE_CHECKING:
    from typing import Unpack

Source = Union[Mapping[str, Any], str, os.PathLike[str]]


class SchemaCalls(Calls):
    """Registers schemas, reads them back, and compares them with the database."""

    def apply_schema(
        self,
        source: Source,
        *,
        validate_only: bool = False,
        expected_version: Optional[str] = None,
        allow_data_loss: Sequence[str] = (),
        leave_out: Sequence[str] = (),
        adopt: Optional[str] = None,
        online: Optional[str] = None,
        earlier: Optional[str] = None,
        **call: Unpack[CallOptions],
    ) -> ApplyResult:
        """Registers a schema and brings the database up to it. The same content again changes nothing.

        Args:
            source: the schema as a dict, as YAML or JSON text, or the path of a file with one. A string counts as a
                path when it is one line that ends in .yaml, .yml or .json. With `earlier`, the schema's name.
            validate_only: whether to do everything but commit.
            expected_version: the version that must be current, "" for "not registered yet"; None for any.
            allow_data_loss: the descriptions of the steps that may lose data, as an earlier result or error gave them.
            leave_out: the descriptions of the steps that drop something and are not to be done.
            adopt: None to change the database; "off", "warn" or "enforce" to leave it alone, since the tables are
                there already, and to ignore, tell or refuse differences.
            online: when steps avoid long locks at the price of several transactions: "auto", "always" or "never"; None
                for the server's default.
            earlier: a version of the schema to go back to; None for the content of `source`.
            **call: `timeout` and `request_id`, as the class says.
        """
        request = schema_service_pb2.ApplySchemaRequest(
            validate_only=validate_only,
            expected_version=expected_version,
            allow_data_loss=_names(allow_data_loss, "allow_data_loss"),
            leave_out=_names(leave_out, "leave_out"),
            adopt=_word(adopt, "adopt", "ADOPT_LEVEL_", ("off", "warn", "enforce")),
            online=_word(online, "online", "ONLINE_POLICY_", ("auto", "always", "never")),
        )
        if earlier is None:
            content = source if isinstance(source, Mapping) else text.load(source)
            request.schema.CopyFrom(schema_document.to_schema(content))
        elif isinstance(source, str):
            request.earlier.name, request.earlier.version = source, earlier
        else:
            raise DocumentError("earlier", "an earlier version is asked for by the schema's name")
        return apply_result(self._call(self._schemas.ApplySchema, request, **call))

    def get_schema(self, name: str, version: str = "", **call: Unpack[CallOptions]) -> Schema:
        """Returns a registered schema in its canonical form: every name and default spelled out.

        Args:
            name: the schema's name.
            version: an earlier version; "" for the current one.
            **call: `timeout` and `request_id`, as the class says.
        """
        request = schema_service_pb2.GetSchemaRequest(name=name, version=version)
        return schema_of(self._call(self._schemas.GetSchema, request, **call))

    def list_schemas(self, **call: Unpack[CallOptions]) -> list[SchemaSummary]:
        """Returns what is registered, by name, without the content."""
        response = self._call(self._schemas.ListSchemas, schema_service_pb2.ListSchemasRequest(), **call)
        return [summary(entry) for entry in response.schemas]

    def schema_versions(self, name: str, **call: Unpack[CallOptions]) -> Iterator[SchemaVersion]:
        """Gives what was ever applied to a schema, the latest first. Pages are read as they are needed.

        Args:
            name: the schema's name.
            **call: `timeout` and `request_id` of each page's call, as the class says.
        """
        request = schema_service_pb2.ListSchemaVersionsRequest(name=name)
        while True:
            response = self._call(self._schemas.ListSchemaVersions, request, **call)
            yield from map(schema_version, response.versions)
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    def check_drift(self, name: str, **call: Unpack[CallOptions]) -> list[Difference]:
        """Returns how the database differs from a registered schema, errors first; empty when it does not.

        Args:
            name: the schema's name.
            **call: `timeout` and `request_id`, as the class says.
        """
        response = self._call(self._schemas.CheckDrift, schema_service_pb2.CheckDriftRequest(name=name), **call)
        return [difference(entry) for entry in response.differences]

    def introspect(
        self,
        name: str = "",
        *,
        database_schemas: Sequence[str] = (),
        tables: Sequence[str] = (),
        **call: Unpack[CallOptions],
    ) -> Introspection:
        """Turns the live database into a schema. Reads the database's catalog only and changes nothing.

        Args:
            name: the name that the schema is to have; "" for the database's, where a schema can have it.
            database_schemas: the PostgreSQL schemas to look at; all but PostgreSQL's and Rowan's own when empty.
            tables: the only tables to look at, as "table" or "schema.table"; all when empty.
            **call: `timeout` and `request_id`, as the class says.
        """
        request = schema_service_pb2.IntrospectRequest(name=name, database_schemas=database_schemas, tables=tables)
        return introspection(self._call(self._schemas.Introspect, request, **call))


def _names(names: Sequence[str], key: str) -> Sequence[str]:
    if isinstance(names, str):
        raise DocumentError(key, f"{key} is a list of descriptions, not one of them")
    return names


def _word(word: Optional[str], key: str, prefix: str, known: Sequence[str]) -> Optional[str]:
    if word is None:
        return None
    if word not in known:
        raise DocumentError(key, f"{key} is one of {', '.join(known)}, not {word!r}")
    return prefix + word.upper()
