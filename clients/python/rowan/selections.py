"""The document form of what a read loads: selections, orders and pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowan import filters, nodes
from rowan._generated.rowan.v1 import query_pb2 as query
from rowan.errors import DocumentError
from rowan.words import AGGREGATES, DIRECTIONS, NULLS, TOTALS

LIST_KEYS = ("where", "order_by", "limit", "offset", "distinct_on")
"""The keys of every list that is read."""
PAGE_KEYS = (*LIST_KEYS, "cursor", "backward", "total")
"""The keys of a list that is read a page at a time."""
_RELATION_KEYS = ("relation", "select", *PAGE_KEYS)


def fill(target: query.Selection, document: Any, path: str, depth: int) -> None:
    """Writes a selection."""
    nodes.check_depth(depth, path)
    target.SetInParent()
    for name, entry in nodes.mapping(document, path, "a selection").items():
        here = nodes.join(path, nodes.name(name, path))
        if entry is True:
            target.fields.append(name)
        elif isinstance(entry, Mapping):
            if name == "*":
                raise DocumentError(here, '"*" stands for fields; write "*": true')
            if name == "_count":
                _counts(target, entry, here)
            else:
                _related(target.relations.add(), name, entry, here, depth)
        elif entry is not False:
            raise nodes.wrong_kind(here, entry, "true, false or an object")


def fill_list(target: Any, document: Mapping[str, Any], path: str) -> None:
    """Writes the PAGE_KEYS that a document has to a request or a RelatedSelection; null is the same as absence."""
    filters.fill_where(target, document, path)
    if document.get("order_by") is not None:
        fill_order(target.order_by, document["order_by"], nodes.join(path, "order_by"))
    if document.get("distinct_on") is not None:
        for field, here in nodes.items(document["distinct_on"], nodes.join(path, "distinct_on")):
            target.distinct_on.append(nodes.text(field, here, "a field's name"))
    fill_page(target, document, path)


def fill_page(target: Any, document: Mapping[str, Any], path: str) -> None:
    """Writes which part of a list to load."""
    for key, read in _PAGE_PARTS.items():
        if document.get(key) is not None:
            setattr(target.page, key, read(document[key], nodes.join(path, key)))


_PAGE_PARTS = {
    "limit": nodes.whole,
    "offset": nodes.whole,
    "cursor": lambda entry, path: nodes.text(entry, path, "a cursor, the text that an earlier answer gave,"),
    "backward": nodes.flag,
    "total": lambda entry, path: nodes.word(entry, path, "total", TOTALS),
}


def _related(target: query.RelatedSelection, name: str, entry: Mapping[str, Any], path: str, depth: int) -> None:
    target.relation = name
    if not isinstance(entry.get("select"), Mapping):
        fill(target.selection, entry, path, depth + 1)
        return
    nodes.mapping(entry, path, "a relation's long form", _RELATION_KEYS)
    _alias(target, name, entry, path)
    fill(target.selection, entry["select"], nodes.join(path, "select"), depth + 1)
    fill_list(target, entry, path)


def _counts(target: query.Selection, document: Mapping[str, Any], path: str) -> None:
    for name, entry in document.items():
        here = nodes.join(path, nodes.name(name, path))
        if entry is False:
            continue
        count = target.counts.add(relation=name)
        if entry is True:
            continue
        if not isinstance(entry, Mapping):
            raise nodes.wrong_kind(here, entry, "true, false or an object")
        nodes.mapping(entry, here, "a count", ("relation", "where"))
        _alias(count, name, entry, here)
        filters.fill_where(count, entry, here)


def _alias(target: Any, name: str, entry: Mapping[str, Any], path: str) -> None:
    """Makes the key an alias when the entry says what the relation is."""
    if "relation" in entry:
        target.relation = nodes.text(entry["relation"], nodes.join(path, "relation"), "a relation's name")
        target.alias = name


# --- orders -----------------------------------------------------------------------------------------------------------


def fill_order(target: Any, document: Any, path: str) -> None:
    """Writes an order: a list of entries, or a single one."""
    for entry, here in nodes.items(document, path):
        order = target.add()
        if isinstance(entry, str):
            order.field, order.direction = nodes.text(entry, here, "a field's name"), query.DIRECTION_ASC
            continue
        name, operand, place = nodes.single(entry, here, "a field's name or one {field: asc}")
        while not _is_direction(operand):
            order.relations.append(name)
            name, operand, place = nodes.single(operand, place, "asc, desc or an object of one entry")
            if name in AGGREGATES:
                _by_aggregate(order, name, operand, place)
                break
        else:
            order.field = name
            _direct(order, operand, place)


def _by_aggregate(order: query.OrderBy, function: str, operand: Any, path: str) -> None:
    order.aggregate.function = AGGREGATES[function]
    if function != "_count" or not _is_direction(operand):
        order.aggregate.field, operand, path = nodes.single(operand, path, "one {field: asc}")
    _direct(order, operand, path)


def _is_direction(operand: Any) -> bool:
    """Tells whether an operand is meant as a direction: an object that is not leads on to related rows."""
    if not isinstance(operand, Mapping):
        return True
    return bool(operand) and all(key in ("direction", "nulls") for key in operand)


def _direct(order: query.OrderBy, operand: Any, path: str) -> None:
    if not isinstance(operand, Mapping):
        order.direction = nodes.word(operand, path, "direction", DIRECTIONS)
        return
    nodes.mapping(operand, path, "a direction", ("direction", "nulls"))
    direction = operand.get("direction", "asc")
    order.direction = nodes.word(direction, nodes.join(path, "direction"), "direction", DIRECTIONS)
    if "nulls" in operand:
        order.nulls = nodes.word(operand["nulls"], nodes.join(path, "nulls"), "place of nulls", NULLS)
