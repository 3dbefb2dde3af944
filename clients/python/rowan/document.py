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

from rowan import aggregates, filters, nodes, selections, writes
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan.errors import DocumentError, nearest
from rowan.words import EXPLAIN_MODES, STRATEGIES, STREAM_MODES

_GET_KEYS = ("select", *selections.PAGE_KEYS, "strategy", "expect", "lock")
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
    if document.get("expect") is not None:
        writes.fill_expectation(result.expect, document["expect"], "expect")
    if document.get("lock") is not None:
        writes.fill_lock(result.lock, document["lock"], "lock")
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
    nodes.mapping(document, "", "an exists document", ("where", "expect"))
    result = service.ExistsRequest(schema=schema, model=model)
    filters.fill_where(result, document, "")
    if document.get("expect") is not None:
        result.expect = nodes.flag(document["expect"], "expect")
    return result


def insert_request(schema: str, model: str, document: Any) -> service.InsertRequest:
    """Returns the InsertRequest for a record, a list of records, or the long form {data: …, returning: …}, which may also
    have dry_run and request_id.

    Raises:
        DocumentError: when the document is not of the form.
    """
    result = service.InsertRequest(schema=schema, model=model)
    long_keys = {"data", "returning", *writes.RUN_KEYS}
    if isinstance(document, Mapping) and "data" in document and set(document) <= long_keys:
        if "returning" in document:
            writes.fill_returning(result, document)
        writes.fill_run(result, document)
        document = document["data"]
    _records(result, document)
    return result


def update_request(schema: str, model: str, document: Mapping[str, Any]) -> service.UpdateRequest:
    """Returns the UpdateRequest for a document {data: …, where: …, all_rows: …, expect: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "an update document", ("data", *writes.MATCH_KEYS))
    if "data" not in document:
        raise DocumentError("data", 'an update document needs "data", an object of what to write')
    result = service.UpdateRequest(schema=schema, model=model)
    result.data.SetInParent()
    writes.fill_record(result.data, document["data"], "data", 1)
    writes.fill_match(result, document)
    return result


def upsert_request(schema: str, model: str, document: Mapping[str, Any]) -> service.UpsertRequest:
    """Returns the UpsertRequest for a document {data: …, key: …, on_conflict: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "an upsert document", ("data", "key", "on_conflict", "returning", *writes.RUN_KEYS))
    if "data" not in document:
        raise DocumentError("data", 'an upsert document needs "data", a record or a list')
    result = service.UpsertRequest(schema=schema, model=model)
    _records(result, document["data"])
    if document.get("key") is not None:
        for field, place in nodes.items(document["key"], "key"):
            result.key.append(nodes.text(field, place, "a field's name"))
    if document.get("on_conflict") is not None:
        writes.fill_on_conflict(result.on_conflict, document["on_conflict"], "on_conflict")
    if "returning" in document:
        writes.fill_returning(result, document)
    writes.fill_run(result, document)
    return result


def delete_request(schema: str, model: str, document: Mapping[str, Any]) -> service.DeleteRequest:
    """Returns the DeleteRequest for a document {where: …, all_rows: …, expect: …, returning: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, "", "a delete document", writes.MATCH_KEYS)
    result = service.DeleteRequest(schema=schema, model=model)
    writes.fill_match(result, document)
    return result


def _records(target: Any, document: Any) -> None:
    if isinstance(document, (list, tuple)):
        for index, record in enumerate(document):
            writes.fill_record(target.data.add(), record, f"data[{index}]" if len(document) > 1 else "data", 1)
    else:
        writes.fill_record(target.data.add(), document, "data", 1)


_REQUESTS: dict[str, Callable[[str, str, Any], Any]] = {
    "get": read_request,
    "stream": stream_request,
    "aggregate": aggregate_request,
    "exists": exists_request,
    "insert": insert_request,
    "update": update_request,
    "upsert": upsert_request,
    "delete": delete_request,
}


def explain_request(verb: str, schema: str, model: str, document: Any, mode: str = "plan") -> service.ExplainRequest:
    """Returns the ExplainRequest for a document of one of the verbs.

    Args:
        verb: "get", "stream", "aggregate", "exists", "insert", "update", "upsert" or "delete".
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
