"""The document form of aggregates: what to group by and what to compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowan import filters, nodes, selections
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan.errors import DocumentError
from rowan.words import FUNCTIONS

KEYS = ("where", "group_by", "select", "having", "order_by", "limit", "offset")
"""The keys of an aggregate document."""


def fill(target: service.AggregateRequest, document: Mapping[str, Any]) -> None:
    """Writes an aggregate document; null is the same as absence."""
    nodes.mapping(document, "", "an aggregate document", KEYS)
    filters.fill_where(target, document, "")
    if document.get("group_by") is not None:
        for key, here in nodes.items(document["group_by"], "group_by"):
            _group_key(target.group_by.add(), key, here)
    if document.get("select") is not None:
        for name, entry in nodes.mapping(document["select"], "select", "the columns of an aggregate").items():
            here = nodes.join("select", nodes.name(name, "select"))
            _column(target.select.add(alias=name), entry, here)
    filters.fill_where(target, document, "", "having")
    if document.get("order_by") is not None:
        selections.fill_order(target.order_by, document["order_by"], "order_by")
    selections.fill_page(target, document, "")


def _group_key(target: service.GroupKey, entry: Any, path: str) -> None:
    if not isinstance(entry, str):
        target.alias, entry, path = nodes.single(entry, path, "a field's name or one {name: field}")
    *relations, field = nodes.text(entry, path, "a field's name").split(".")
    if not field or not all(relations):
        raise DocumentError(path, f'"{entry}" is no field, nor relations and a field with dots between them')
    target.relations.extend(relations)
    target.field = field


def _column(target: service.AggregateColumn, document: Any, path: str) -> None:
    entry = nodes.mapping(document, path, "a column of an aggregate", (*FUNCTIONS, "distinct", "where"))
    functions = [key for key in entry if key in FUNCTIONS]
    if len(functions) != 1:
        raise DocumentError(path, f"a column needs one function; there are {', '.join(FUNCTIONS)}")
    (function,) = functions
    target.aggregate.function = FUNCTIONS[function]
    if not (function == "count" and entry[function] is True):
        target.aggregate.field = nodes.text(entry[function], nodes.join(path, function), "a field's name")
    if "distinct" in entry:
        target.aggregate.distinct = nodes.flag(entry["distinct"], nodes.join(path, "distinct"))
    filters.fill_where(target, entry, path)
