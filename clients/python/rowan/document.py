"""The document form of reads and writes: from plain dicts to the requests of rowan.v1.

The form is specified in docs/reference/document-form.md. The conversion knows no schema, so it finds mistakes of form
(a wrong key, a list where an object is needed); whether names exist and types fit is the server's to say. Every mistake
is a DocumentError at its path, spelled like the paths of the server's errors: "select.posts.where.title.eq".

>>> read_request("blog", "User", {"select": {"name": True}, "where": {"id": 5}}).select.fields
['name']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Union

from rowan import aggregates, filters, nodes, selections, values
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan.errors import DocumentError, nearest
from rowan.words import EXPLAIN_MODES, STRATEGIES, STREAM_MODES, VERBS

_GET_KEYS = ("select", *selections.PAGE_KEYS, "strategy")
_STREAM_KEYS = ("select", *selections.LIST_KEYS, "strategy", "mode", "resume_token")


# --- requests ---------------------------------------------------------------------------------------------------------


def read_request(schema: str, model: str, document: Mapping[str, Any]) -> service.GetRequest:
    """Returns the GetRequest for a read document.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "a read document", _GET_KEYS)
    result = service.GetRequest(schema=schema, model=model)
    _read(result, document)
    return result


def stream_request(schema: str, model: str, document: Mapping[str, Any]) -> service.StreamRequest:
    """Returns the StreamRequest for a read document.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "a read document of a stream", _STREAM_KEYS)
    result = service.StreamRequest(schema=schema, model=model)
    _read(result, document)
    if document.get("mode") is not None:
        result.mode = nodes.word(document["mode"], "mode", "mode", STREAM_MODES)
    if document.get("resume_token") is not None:
        result.resume_token = nodes.text(
            document["resume_token"], "resume_token", "a resume token, the text that an earlier stream gave,"
        )
    return result


def _read(target: Union[service.GetRequest, service.StreamRequest], document: Mapping[str, Any]) -> None:
    if "select" not in document:
        raise DocumentError("select", 'a read document needs "select", an object of the names to load')
    selections.fill(target.select, document["select"], "select", 1)
    selections.fill_list(target, document, "")
    if document.get("strategy") is not None:
        target.strategy = nodes.word(document["strategy"], "strategy", "strategy", STRATEGIES)


def aggregate_request(schema: str, model: str, document: Mapping[str, Any]) -> service.AggregateRequest:
    """Returns the AggregateRequest for an aggregate document.

    Raises:
        DocumentError: when the document is not of the form.
    """
    result = service.AggregateRequest(schema=schema, model=model)
    aggregates.fill(result, document)
    return result


def exists_request(schema: str, model: str, document: Mapping[str, Any]) -> service.ExistsRequest:
    """Returns the ExistsRequest for a document {where: …} or {}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "an exists document", ("where",))
    result = service.ExistsRequest(schema=schema, model=model)
    filters.fill_where(result, document, "")
    return result


def insert_request(schema: str, model: str, document: Any) -> service.InsertRequest:
    """Returns the InsertRequest for a record, a list of records, or the long form {data: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    result = service.InsertRequest(schema=schema, model=model)
    if isinstance(document, Mapping) and "data" in document and set(document) <= {"data", "returning"}:
        if "returning" in document:
            _returning(result, document)
        document = document["data"]
    if isinstance(document, (list, tuple)):
        for index, record in enumerate(document):
            _record(result.data.add(), record, f"data[{index}]" if len(document) > 1 else "data", 1)
    else:
        _record(result.data.add(), document, "data", 1)
    return result


def update_request(schema: str, model: str, document: Mapping[str, Any]) -> service.UpdateRequest:
    """Returns the UpdateRequest for a document {data: …, where: …, all_rows: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "an update document", ("data", "where", "all_rows", "returning"))
    if "data" not in document:
        raise DocumentError("data", 'an update document needs "data", an object of what to write')
    result = service.UpdateRequest(schema=schema, model=model)
    result.data.SetInParent()
    _record(result.data, document["data"], "data", 1)
    _mutation_parts(result, document)
    return result


def delete_request(schema: str, model: str, document: Mapping[str, Any]) -> service.DeleteRequest:
    """Returns the DeleteRequest for a document {where: …, all_rows: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "a delete document", ("where", "all_rows", "returning"))
    result = service.DeleteRequest(schema=schema, model=model)
    _mutation_parts(result, document)
    return result


def _mutation_parts(target: Any, document: Mapping[str, Any]) -> None:
    filters.fill_where(target, document, "")
    target.all_rows = nodes.flag(document.get("all_rows", False), "all_rows")
    if "returning" in document:
        _returning(target, document)


def _returning(target: Any, document: Mapping[str, Any]) -> None:
    selections.fill(target.returning, document["returning"], "returning", 1)


_REQUESTS: dict[str, Callable[[str, str, Any], Any]] = {
    "get": read_request,
    "stream": stream_request,
    "aggregate": aggregate_request,
    "exists": exists_request,
    "insert": insert_request,
    "update": update_request,
    "delete": delete_request,
}


def explain_request(verb: str, schema: str, model: str, document: Any, mode: str = "plan") -> service.ExplainRequest:
    """Returns the ExplainRequest for a document of one of the verbs.

    Args:
        verb: "get", "stream", "aggregate", "exists", "insert", "update" or "delete".
        schema: the schema's name.
        model: the model's name.
        document: what the verb takes.
        mode: "plan", "estimate" or "analyze".

    Raises:
        DocumentError: when the document is not of the verb's form, or there is no such verb or mode.
    """
    make = _REQUESTS.get(verb)
    if make is None:
        known = ", ".join(_REQUESTS)
        raise DocumentError("", f'there is no verb "{verb}"{nearest(verb, _REQUESTS)}; there are {known}')
    return service.ExplainRequest(
        **{verb: make(schema, model, document)}, mode=nodes.word(mode, "mode", "mode", EXPLAIN_MODES)
    )


# --- writes -----------------------------------------------------------------------------------------------------------


def _record(target: mutation.RecordInput, document: Any, path: str, depth: int) -> None:
    nodes.check_depth(depth, path)
    for name, entry in nodes.mapping(document, path, "a record").items():
        here = nodes.join(path, nodes.name(name, path))
        if isinstance(entry, Mapping) and entry and all(key in VERBS for key in entry):
            _relation_write(target.relations[name], entry, here, depth)
        else:
            values.fill(target.values[name], entry, here)


def _relation_write(target: mutation.RelationWrite, document: Mapping[str, Any], path: str, depth: int) -> None:
    for verb, operand in document.items():
        here = nodes.join(path, verb)
        if verb == "create":
            for record, place in nodes.items(operand, here):
                _record(target.create.add(), record, place, depth + 1)
        elif verb == "connect":
            for key, place in nodes.items(operand, here):
                _key(target.connect.add(), key, place)
        elif operand is True:
            target.disconnect_current = True
        else:
            for key, place in nodes.items(operand, here):
                _key(target.disconnect.add(), key, place)


def _key(target: mutation.Key, document: Any, path: str) -> None:
    if isinstance(document, Mapping) and not values.is_typed(document):
        if not document:
            raise DocumentError(
                path, "an empty object names no record; write the key's fields, or the primary key's value"
            )
        for name, value in document.items():
            values.fill(target.fields[nodes.name(name, path)], value, nodes.join(path, name))
    elif isinstance(document, (list, tuple)):
        if not document:
            raise DocumentError(path, "an empty list names no record; write the values of the primary key")
        for index, value in enumerate(document):
            values.fill(target.primary.add(), value, f"{path}[{index}]")
    else:
        values.fill(target.primary.add(), document, path)
