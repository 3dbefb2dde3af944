"""The document form of reads and writes: from plain dicts to the requests of rowan.v1.

The form is specified in docs/reference/document-form.md. The conversion knows no schema, so it finds mistakes of form
(a wrong key, a list where an object is needed); whether names exist and types fit is the server's to say. Every mistake
is a DocumentError at its path, spelled like the paths of the server's errors: "select.posts.where.title.eq".

>>> read_request("blog", "User", {"select": {"name": True}, "where": {"id": 5}}).select.fields
['name']
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Iterable, Optional

from rowan import values
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan._generated.rowan.v1 import query_pb2 as query
from rowan.errors import DocumentError, nearest

MAX_DEPTH = 24
"""How deep selections, filters and writes may be nested. The server's own limits are lower; this one keeps a request
below the 100 levels of messages that protobuf reads, so that the server can say what is wrong."""

OPERATORS = {
    "eq": query.OPERATOR_EQ,
    "ne": query.OPERATOR_NE,
    "gt": query.OPERATOR_GT,
    "gte": query.OPERATOR_GTE,
    "lt": query.OPERATOR_LT,
    "lte": query.OPERATOR_LTE,
    "in": query.OPERATOR_IN,
    "contains": query.OPERATOR_CONTAINS,
    "startsWith": query.OPERATOR_STARTS_WITH,
    "endsWith": query.OPERATOR_ENDS_WITH,
    "isNull": query.OPERATOR_IS_NULL,
}
QUANTIFIERS = {"some": query.QUANTIFIER_SOME, "is": query.QUANTIFIER_IS}
DIRECTIONS = {"asc": query.DIRECTION_ASC, "desc": query.DIRECTION_DESC}
VERBS = ("create", "connect", "disconnect")
_READ_KEYS = ("select", "where", "order_by", "limit", "offset")
_ALIAS_KEYS = ("relation", *_READ_KEYS)


# --- requests ---------------------------------------------------------------------------------------------------------


def read_request(
    schema: str, model: str, document: Mapping[str, Any], request: type = service.GetRequest
) -> service.GetRequest | service.StreamRequest:
    """Returns the GetRequest, or the StreamRequest, that a read document stands for.

    Args:
        schema: the schema's name.
        model: the model's name.
        document: `select` (required), and `where`, `order_by`, `limit`, `offset`.
        request: service.GetRequest or service.StreamRequest; the two have the same fields.

    Raises:
        DocumentError: when the document is not of the form.
    """
    _object(document, "", "a read document", _READ_KEYS)
    if "select" not in document:
        raise DocumentError("select", 'a read document needs "select", an object of the names to load')
    result = request(schema=schema, model=model)
    _selection(result.select, document["select"], "select", 1)
    _read_parts(result, document, "")
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
    _object(document, "", "an update document", ("data", "where", "all_rows", "returning"))
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
    _object(document, "", "a delete document", ("where", "all_rows", "returning"))
    result = service.DeleteRequest(schema=schema, model=model)
    _mutation_parts(result, document)
    return result


def explain_request(verb: str, schema: str, model: str, document: Any) -> service.ExplainRequest:
    """Returns the ExplainRequest for a document of one of the verbs get, stream, insert, update and delete.

    Raises:
        DocumentError: when the document is not of the verb's form, or there is no such verb.
    """
    if verb == "get":
        return service.ExplainRequest(get=read_request(schema, model, document))
    if verb == "stream":
        return service.ExplainRequest(stream=read_request(schema, model, document, service.StreamRequest))
    if verb == "insert":
        return service.ExplainRequest(insert=insert_request(schema, model, document))
    if verb == "update":
        return service.ExplainRequest(update=update_request(schema, model, document))
    if verb == "delete":
        return service.ExplainRequest(delete=delete_request(schema, model, document))
    known = ("get", "stream", "insert", "update", "delete")
    raise DocumentError("", f'there is no verb "{verb}"{nearest(verb, known)}; there are {", ".join(known)}')


def _read_parts(target: Any, document: Mapping[str, Any], path: str) -> None:
    """Writes `where`, `order_by`, `limit` and `offset` to a request or a RelatedSelection."""
    _where(target, document, path)
    if document.get("order_by") is not None:
        _order(target.order_by, document["order_by"], _join(path, "order_by"))
    for key in ("limit", "offset"):
        number = document.get(key)
        if number is None:
            continue
        if (
            isinstance(number, bool)
            or not isinstance(number, int)
            or not values.INT64_MIN <= number <= values.INT64_MAX
        ):
            raise DocumentError(_join(path, key), f"{_kind(number)} stands where a whole number is needed")
        setattr(target.page, key, number)


def _mutation_parts(target: Any, document: Mapping[str, Any]) -> None:
    _where(target, document, "")
    all_rows = document.get("all_rows", False)
    if not isinstance(all_rows, bool):
        raise DocumentError("all_rows", f"{_kind(all_rows)} stands where true or false is needed")
    target.all_rows = all_rows
    if "returning" in document:
        _returning(target, document)


def _where(target: Any, document: Mapping[str, Any], path: str) -> None:
    where = document.get("where")
    if where is None:
        return
    path = _join(path, "where")
    if _object(where, path, "a filter"):
        _filter(target.where, where, path, 1)


def _returning(target: Any, document: Mapping[str, Any]) -> None:
    _selection(target.returning, document["returning"], "returning", 1)


# --- selections -------------------------------------------------------------------------------------------------------


def _selection(target: query.Selection, document: Any, path: str, depth: int) -> None:
    _depth(depth, path)
    target.SetInParent()
    for name, entry in _object(document, path, "a selection").items():
        here = _join(path, _name(name, path))
        if entry is True:
            target.fields.append(name)
        elif isinstance(entry, Mapping):
            if name == "*":
                raise DocumentError(here, '"*" stands for fields; write "*": true')
            _related(target.relations.add(), name, entry, here, depth)
        elif entry is not False:
            raise DocumentError(here, f"{_kind(entry)} stands where true, false or an object is needed")


def _related(target: query.RelatedSelection, name: str, entry: Mapping[str, Any], path: str, depth: int) -> None:
    target.relation = name
    if not isinstance(entry.get("select"), Mapping):
        _selection(target.selection, entry, path, depth + 1)
        return
    _object(entry, path, "a relation's long form", _ALIAS_KEYS)
    if "relation" in entry:
        if not isinstance(entry["relation"], str):
            raise DocumentError(
                _join(path, "relation"), f"{_kind(entry['relation'])} stands where a relation's name is needed"
            )
        target.relation, target.alias = entry["relation"], name
    _selection(target.selection, entry["select"], _join(path, "select"), depth + 1)
    _read_parts(target, entry, path)


def _order(target: Any, document: Any, path: str) -> None:
    entries = document if isinstance(document, (list, tuple)) else [document]
    for index, entry in enumerate(entries):
        here = f"{path}[{index}]" if isinstance(document, (list, tuple)) else path
        if isinstance(entry, str):
            entry = {entry: "asc"}
        if not isinstance(entry, Mapping) or len(entry) != 1:
            raise DocumentError(here, f"{_kind(entry)} stands where a field's name or one {{field: asc}} is needed")
        ((name, direction),) = entry.items()
        if not isinstance(direction, str) or direction not in DIRECTIONS:
            raise DocumentError(
                _join(here, _name(name, here)), f"{direction!r} is no direction; there are asc and desc"
            )
        target.add(field=name, direction=DIRECTIONS[direction])


# --- filters ----------------------------------------------------------------------------------------------------------


def _filter(target: query.Filter, document: Any, path: str, depth: int) -> None:
    """Writes a filter object: its single condition, or an all_of of none or several."""
    _depth(depth, path)
    entries = _object(document, path, "a filter")
    if len(entries) != 1:
        target.all_of.SetInParent()
    for name, entry in entries.items():
        here = _join(path, _name(name, path))
        condition = target if len(entries) == 1 else target.all_of.filters.add()
        if name in ("AND", "OR"):
            _filters(condition.all_of if name == "AND" else condition.any_of, entry, here, depth)
        elif name == "NOT":
            _filter(getattr(condition, "not"), entry, here, depth + 1)
        else:
            _condition(condition, name, entry, here, depth)


def _filters(target: query.FilterList, document: Any, path: str, depth: int) -> None:
    if not isinstance(document, (list, tuple)):
        raise DocumentError(path, f"{_kind(document)} stands where a list of filters is needed")
    target.SetInParent()
    for index, entry in enumerate(document):
        _filter(target.filters.add(), entry, f"{path}[{index}]", depth + 1)


def _condition(target: query.Filter, name: str, entry: Any, path: str, depth: int) -> None:
    """Writes what one name of a filter object says: a comparison, or a relation filter."""
    if not isinstance(entry, Mapping) or values.is_typed(entry):
        _comparison(target, name, "eq", entry, path)
    elif entry and all(key in OPERATORS for key in entry):
        if len(entry) == 1:
            ((operator, operand),) = entry.items()
            _comparison(target, name, operator, operand, _join(path, operator))
        else:
            for operator, operand in entry.items():
                _comparison(target.all_of.filters.add(), name, operator, operand, _join(path, operator))
    else:
        target.relation.relation = name
        if len(entry) == 1 and next(iter(entry)) in QUANTIFIERS:
            ((quantifier, entry),) = entry.items()
            target.relation.quantifier = QUANTIFIERS[quantifier]
            path = _join(path, quantifier)
            _object(entry, path, "a filter")
        if entry:
            _filter(target.relation.where, entry, path, depth + 1)


def _comparison(target: query.Filter, name: str, operator: str, operand: Any, path: str) -> None:
    target.field.field = name
    target.field.operator = OPERATORS[operator]
    values.fill(target.field.value, operand, path)


# --- writes -----------------------------------------------------------------------------------------------------------


def _record(target: mutation.RecordInput, document: Any, path: str, depth: int) -> None:
    _depth(depth, path)
    for name, entry in _object(document, path, "a record").items():
        here = _join(path, _name(name, path))
        if isinstance(entry, Mapping) and entry and all(key in VERBS for key in entry):
            _relation_write(target.relations[name], entry, here, depth)
        else:
            values.fill(target.values[name], entry, here)


def _relation_write(target: mutation.RelationWrite, document: Mapping[str, Any], path: str, depth: int) -> None:
    for verb, operand in document.items():
        here = _join(path, verb)
        if verb == "create":
            for record, place in _each(operand, here):
                _record(target.create.add(), record, place, depth + 1)
        elif verb == "connect":
            for key, place in _each(operand, here):
                _key(target.connect.add(), key, place)
        elif operand is True:
            target.disconnect_current = True
        else:
            for key, place in _each(operand, here):
                _key(target.disconnect.add(), key, place)


def _key(target: mutation.Key, document: Any, path: str) -> None:
    if isinstance(document, Mapping) and not values.is_typed(document):
        if not document:
            raise DocumentError(
                path, "an empty object names no record; write the key's fields, or the primary key's value"
            )
        for name, value in document.items():
            values.fill(target.fields[_name(name, path)], value, _join(path, name))
    elif isinstance(document, (list, tuple)):
        if not document:
            raise DocumentError(path, "an empty list names no record; write the values of the primary key")
        for index, value in enumerate(document):
            values.fill(target.primary.add(), value, f"{path}[{index}]")
    else:
        values.fill(target.primary.add(), document, path)


def _each(operand: Any, path: str) -> Iterable[tuple[Any, str]]:
    if isinstance(operand, (list, tuple)):
        return ((item, f"{path}[{index}]") for index, item in enumerate(operand))
    return [(operand, path)]


# --- small things -----------------------------------------------------------------------------------------------------


def _object(document: Any, path: str, what: str, known: Optional[tuple[str, ...]] = None) -> Mapping[str, Any]:
    """Returns the document when it is an object, with no keys besides the known ones when those are given."""
    if not isinstance(document, Mapping):
        raise DocumentError(path, f"{_kind(document)} stands where {what} is needed, an object")
    for key in document if known is not None else ():
        if key not in known:
            raise DocumentError(
                _join(path, str(key)), f'"{key}" is no key of {what}{nearest(key, known)}; there are {", ".join(known)}'
            )
    return document


def _name(name: Any, path: str) -> str:
    if not isinstance(name, str):
        raise DocumentError(path, f"the key {name!r} is no text; write it in quotes")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise DocumentError(path, f"the key {name!r} holds half of a surrogate pair, which is not Unicode") from None
    return name


def _depth(depth: int, path: str) -> None:
    if depth > MAX_DEPTH:
        raise DocumentError(path, f"the document is nested more than {MAX_DEPTH} levels deep")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a text" if isinstance(value, str) else f"a {type(value).__name__}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
