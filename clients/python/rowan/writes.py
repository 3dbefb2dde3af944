"""Records, keys and the other parts of write documents.

Every mistake is a DocumentError at its path, spelled like the paths of the server's errors: "data.posts[0].tags.connect[1]".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowan import filters, nodes, selections, values
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan.errors import DocumentError, nearest
from rowan.words import CHANGES, LOCK_STRENGTHS, LOCK_WAITS, SHARINGS, VERBS

RUN_KEYS = ("dry_run", "request_id")
"""The keys that say how a write is run."""
MATCH_KEYS = ("where", "all_rows", "expect", "returning", *RUN_KEYS)
"""The keys of an update or delete besides `data`."""
_MARKS = ("$name", "$junction")
_KEY_MARKS = ("$record", "$key", "$junction")


def fill_record(target: mutation.RecordInput, document: Any, path: str, depth: int) -> None:
    """Writes a record with its nested writes; the outermost level is 1."""
    nodes.check_depth(depth, path)
    for name, entry in nodes.mapping(document, path, "a record").items():
        here = nodes.join(path, nodes.name(name, path))
        if name == "$name":
            target.name = nodes.text(entry, here, "the record's name, a text,")
        elif name == "$junction":
            _values(target.junction, entry, here)
        elif name.startswith("$"):
            raise DocumentError(
                here,
                f'"{name}" is no key of a record{nearest(name, _MARKS)}; '
                f"besides fields and relations there are {', '.join(_MARKS)}",
            )
        elif isinstance(entry, Mapping) and entry and all(key in VERBS for key in entry):
            _relation_write(target.relations[name], entry, here, depth)
        elif isinstance(entry, Mapping) and len(entry) == 1 and next(iter(entry)) in CHANGES:
            ((change, operand),) = entry.items()
            _change(target.changes[name], change, operand, nodes.join(here, change))
        else:
            values.fill(target.values[name], entry, here)


def fill_run(target: Any, document: Mapping[str, Any]) -> None:
    """Writes `dry_run` and `request_id`."""
    if document.get("dry_run") is not None:
        target.dry_run = nodes.flag(document["dry_run"], "dry_run")
    if document.get("request_id") is not None:
        target.request_id = nodes.text(document["request_id"], "request_id", "a request id, a text,")


def fill_match(target: Any, document: Mapping[str, Any]) -> None:
    """Writes what an update and a delete share."""
    filters.fill_where(target, document, "")
    target.all_rows = nodes.flag(document.get("all_rows", False), "all_rows")
    if document.get("expect") is not None:
        fill_expectation(target.expect, document["expect"], "expect")
    if "returning" in document:
        fill_returning(target, document)
    fill_run(target, document)


def fill_returning(target: Any, document: Mapping[str, Any]) -> None:
    """Writes what is returned."""
    selections.fill(target.returning, document["returning"], "returning", 1)


def fill_expectation(target: mutation.Expectation, document: Any, path: str) -> None:
    """Writes a number of records to be expected: 1, or {"at_least": 1}."""
    if not isinstance(document, Mapping) and isinstance(document, int) and not isinstance(document, bool):
        target.exactly = nodes.whole(document, path)
        return
    needed = "a whole number, or an object with one of exactly, at_least and at_most,"
    if not isinstance(document, Mapping) or len(document) != 1:
        raise nodes.wrong_kind(path, document, needed)
    nodes.mapping(document, path, "an expectation", ("exactly", "at_least", "at_most"))
    ((bound, count),) = document.items()
    setattr(target, bound, nodes.whole(count, nodes.join(path, bound)))


def fill_lock(target: service.RowLock, document: Any, path: str) -> None:
    """Writes a lock: "update", or {"strength": "update", "wait": "nowait"}."""
    if isinstance(document, Mapping):
        nodes.mapping(document, path, "a lock", ("strength", "wait"))
        if "strength" not in document:
            raise DocumentError(nodes.join(path, "strength"), "a lock needs its strength")
        if "wait" in document:
            target.wait = nodes.word(document["wait"], nodes.join(path, "wait"), "wait", LOCK_WAITS)
        path, document = nodes.join(path, "strength"), document["strength"]
    target.strength = nodes.word(document, path, "lock", LOCK_STRENGTHS)


def fill_on_conflict(target: service.OnConflict, document: Any, path: str) -> None:
    """Writes an `on_conflict`: "keep", or an object."""
    if document == "keep":
        target.keep = True
        return
    if not isinstance(document, Mapping):
        raise nodes.wrong_kind(path, document, "keep, or an object with overwrite, update or keep,")
    nodes.mapping(document, path, "an on_conflict", ("overwrite", "update", "keep", "where"))
    if len([key for key in document if key != "where"]) > 1:
        raise DocumentError(path, "an on_conflict has one of overwrite, update and keep")
    if "keep" in document:
        target.keep = nodes.flag(document["keep"], nodes.join(path, "keep"))
    if "overwrite" in document:
        target.overwrite.SetInParent()
        for field, place in nodes.items(document["overwrite"], nodes.join(path, "overwrite")):
            target.overwrite.fields.append(nodes.text(field, place, "a field's name"))
    if "update" in document:
        target.update.SetInParent()
        fill_record(target.update, document["update"], nodes.join(path, "update"), 1)
    filters.fill_where(target, document, path)


def with_references(document: Any) -> Any:
    """Makes each {"ref": "u1.id"} of an operation's document a Reference, but for what is JSON."""
    if isinstance(document, (list, tuple)):
        return [with_references(item) for item in document]
    if not isinstance(document, Mapping):
        return document
    if len(document) == 1 and isinstance(document.get("ref"), str):
        return values.Reference(document)
    if len(document) == 1 and "$json" in document:
        return document
    return {key: with_references(value) for key, value in document.items()}


def _values(target: Any, document: Any, path: str) -> None:
    for name, value in nodes.mapping(document, path, "an object of values").items():
        values.fill(target[nodes.name(name, path)], value, nodes.join(path, name))


def _change(target: mutation.FieldChange, change: str, operand: Any, path: str) -> None:
    if change == "now":
        target.now = nodes.flag(operand, path)
    else:
        values.fill(getattr(target, change), operand, path)


def _relation_write(target: mutation.RelationWrite, document: Mapping[str, Any], path: str, depth: int) -> None:
    for word, operand in document.items():
        here = nodes.join(path, word)
        verb = VERBS[word]
        if verb == "create":
            for record, place in nodes.items(operand, here):
                fill_record(target.create.add(), record, place, depth + 1)
        elif verb in ("disconnect", "delete") and operand is True:
            setattr(target, f"{verb}_current", True)
        elif verb in ("connect", "disconnect", "delete"):
            for key, place in nodes.items(operand, here):
                _key(getattr(target, verb).add(), key, place)
        elif verb == "set":
            target.set.SetInParent()
            for key, place in nodes.items(operand, here):
                _key(target.set.keys.add(), key, place)
        elif verb == "strict":
            target.strict = nodes.flag(operand, here)
        elif verb == "sharing":
            target.sharing = nodes.word(operand, here, "sharing", SHARINGS)
        else:
            for element, place in nodes.items(operand, here):
                _ELEMENTS[verb](getattr(target, verb).add(), element, place, depth + 1)


def _parts(element: Any, path: str, what: str, known: tuple[str, ...], *required: str) -> Mapping[str, Any]:
    """Returns an element of a verb, which has no keys besides the known ones, and those that are required."""
    parts = nodes.mapping(element, path, what, known)
    for part in required:
        if part not in parts:
            raise DocumentError(nodes.join(path, part), f"{what} needs {', '.join(required)}")
    return parts


def _connect_or_create(target: mutation.ConnectOrCreate, element: Any, path: str, depth: int) -> None:
    parts = _parts(element, path, "an element of connectOrCreate", ("key", "create"))
    target.create.SetInParent()
    if "key" in parts:
        _key(target.key, parts["key"], nodes.join(path, "key"))
    if "create" in parts:
        fill_record(target.create, parts["create"], nodes.join(path, "create"), depth)


def _update(target: mutation.RelatedUpdate, element: Any, path: str, depth: int) -> None:
    parts = _parts(element, path, "an element of update", ("key", "data"), "data")
    if "key" in parts:
        _key(target.key, parts["key"], nodes.join(path, "key"))
    target.data.SetInParent()
    fill_record(target.data, parts["data"], nodes.join(path, "data"), depth)


def _upsert(target: mutation.RelatedUpsert, element: Any, path: str, depth: int) -> None:
    parts = _parts(element, path, "an element of upsert", ("key", "create", "update"), "create", "update")
    if "key" in parts:
        _key(target.key, parts["key"], nodes.join(path, "key"))
    for name in ("create", "update"):
        record = getattr(target, name)
        record.SetInParent()
        fill_record(record, parts[name], nodes.join(path, name), depth)


def _update_many(target: mutation.RelatedUpdateMany, element: Any, path: str, depth: int) -> None:
    parts = _parts(element, path, "an element of updateMany", ("where", "data", "all_rows"), "data")
    target.data.SetInParent()
    fill_record(target.data, parts["data"], nodes.join(path, "data"), depth)
    _where(target, parts, path)


def _delete_many(target: mutation.RelatedDeleteMany, element: Any, path: str, _: int) -> None:
    _where(target, _parts(element, path, "an element of deleteMany", ("where", "all_rows")), path)


def _where(target: Any, parts: Mapping[str, Any], path: str) -> None:
    filters.fill_where(target, parts, path)
    if "all_rows" in parts:
        target.all_rows = nodes.flag(parts["all_rows"], nodes.join(path, "all_rows"))


_ELEMENTS = {
    "connect_or_create": _connect_or_create,
    "update": _update,
    "upsert": _upsert,
    "update_many": _update_many,
    "delete_many": _delete_many,
}


def _check_unmarked(document: Mapping[str, Any], path: str) -> None:
    """Refuses what begins with a $ in a key without $record and $key, but for the kinds of values."""
    marked = next((name for name in document if str(name).startswith("$")), None)
    if "$junction" in document:
        raise DocumentError(path, "a key with values of the model between is written {$key: …, $junction: {…}}")
    if marked is not None and not (values.is_typed(document) and not nearest(marked, _KEY_MARKS)):
        nodes.mapping(document, path, "a key", _KEY_MARKS)


def _key(target: mutation.Key, document: Any, path: str) -> None:
    if isinstance(document, Mapping) and ("$record" in document or "$key" in document):
        form = "$record" if "$record" in document else "$key"
        nodes.mapping(document, path, "a key", (form, "$junction"))
        if "$junction" in document:
            _values(target.junction, document["$junction"], nodes.join(path, "$junction"))
        here = nodes.join(path, form)
        if form == "$record":
            target.record = nodes.text(document[form], here, "the name of a record")
            return
        document, path = document[form], here
    elif isinstance(document, Mapping):
        _check_unmarked(document, path)
    if isinstance(document, Mapping) and not values.is_typed(document):
        if not document:
            raise DocumentError(
                path, "an empty object names no record; write the key's fields, or the primary key's value"
            )
        _values(target.fields, document, path)
    elif isinstance(document, (list, tuple)):
        if not document:
            raise DocumentError(path, "an empty list names no record; write the values of the primary key")
        for index, value in enumerate(document):
            values.fill(target.primary.add(), value, f"{path}[{index}]")
    else:
        values.fill(target.primary.add(), document, path)
