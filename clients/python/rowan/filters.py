"""The document form of filters: from {"name": {"eq": "Alice"}} to rowan.v1.Filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowan import nodes, values
from rowan._generated.rowan.v1 import query_pb2 as query
from rowan.errors import DocumentError
from rowan.words import AGGREGATES, CASES, OPERATORS, QUANTIFIERS

_MODIFIERS = ("mode", "path", "language")


def fill_where(target: Any, document: Mapping[str, Any], path: str, key: str = "where") -> None:
    """Writes the filter under a key of a document to the field of that name; an absent or an empty one is no filter."""
    entry = document.get(key)
    if entry is not None:
        fill_optional(getattr(target, key), entry, nodes.join(path, key), 1)


def fill_optional(target: query.Filter, document: Any, path: str, depth: int) -> None:
    """Writes a filter that is none when it is empty."""
    if nodes.mapping(document, path, "a filter"):
        fill(target, document, path, depth)


def fill(target: query.Filter, document: Any, path: str, depth: int) -> None:
    """Writes a filter object: its single condition, or an all_of of none or several."""
    nodes.check_depth(depth, path)
    entries = nodes.mapping(document, path, "a filter")
    if len(entries) != 1:
        target.all_of.SetInParent()
    for name, entry in entries.items():
        here = nodes.join(path, nodes.name(name, path))
        condition = target if len(entries) == 1 else target.all_of.filters.add()
        if name in ("AND", "OR"):
            _list(condition.all_of if name == "AND" else condition.any_of, entry, here, depth)
        elif name == "NOT":
            fill(getattr(condition, "not"), entry, here, depth + 1)
        else:
            _condition(condition, name, entry, here, depth)


def _list(target: query.FilterList, document: Any, path: str, depth: int) -> None:
    if not isinstance(document, (list, tuple)):
        raise nodes.wrong_kind(path, document, "a list of filters")
    target.SetInParent()
    for entry, here in nodes.items(document, path):
        fill(target.filters.add(), entry, here, depth + 1)


def _condition(target: query.Filter, name: str, entry: Any, path: str, depth: int) -> None:
    """Writes what one name of a filter object says: a comparison, or a look at related rows."""
    if not isinstance(entry, Mapping) or values.is_typed(entry):
        _comparison(target, name, "eq", entry, path)
    elif _compares(entry, _MODIFIERS):
        _comparisons(target, name, entry, path)
    elif any(key in AGGREGATES for key in entry) and all(key in AGGREGATES or key == "where" for key in entry):
        _aggregates(target, name, entry, path, depth)
    else:
        _related(target, name, entry, path, depth)


def _compares(entry: Mapping[str, Any], modifiers: tuple[str, ...]) -> bool:
    """Tells whether an object is one of operators."""
    return any(key in OPERATORS for key in entry) and all(key in OPERATORS or key in modifiers for key in entry)


# --- fields -----------------------------------------------------------------------------------------------------------


def _comparisons(target: query.Filter, name: str, entry: Mapping[str, Any], path: str) -> None:
    """Writes {"gte": 18, "lt": 65}: all must hold, each with the object's mode and path."""
    operators = [key for key in entry if key in OPERATORS]
    ignore_case = "mode" in entry and nodes.word(entry["mode"], nodes.join(path, "mode"), "mode", CASES)
    place = _json_path(entry["path"], nodes.join(path, "path")) if "path" in entry else ()
    if "language" in entry and "search" not in entry:
        raise DocumentError(nodes.join(path, "language"), 'a language goes with "search", which is not there')
    for operator in operators:
        condition = target if len(operators) == 1 else target.all_of.filters.add()
        _comparison(condition, name, operator, entry[operator], nodes.join(path, operator))
        condition.field.ignore_case = ignore_case
        condition.field.json_path.extend(place)
        if operator == "search" and "language" in entry:
            condition.field.language = nodes.text(
                entry["language"], nodes.join(path, "language"), "the name of a language"
            )


def _comparison(target: query.Filter, name: str, operator: str, operand: Any, path: str) -> None:
    target.field.field = name
    target.field.operator = OPERATORS[operator]
    if values.is_typed(operand) and "$field" in operand:
        target.field.other_field = nodes.text(operand["$field"], nodes.join(path, "$field"), "a field's name")
    else:
        values.fill(target.field.value, operand, path)


def _json_path(document: Any, path: str) -> list[str]:
    """Returns the keys and positions of a place inside a json field."""
    steps = []
    for step, here in nodes.items(document, path):
        if isinstance(step, int) and not isinstance(step, bool):
            steps.append(str(step))
        else:
            steps.append(nodes.text(step, here, "a key or a position"))
    if not steps:
        raise DocumentError(path, "an empty path names no place inside the field; leave it out to compare all of it")
    return steps


# --- related rows -----------------------------------------------------------------------------------------------------


def _related(target: query.Filter, name: str, entry: Mapping[str, Any], path: str, depth: int) -> None:
    """Writes a relation filter, with or without its quantifier."""
    quantifier = next(iter(entry)) if len(entry) == 1 and next(iter(entry)) in QUANTIFIERS else None
    if quantifier is not None:
        entry, path = entry[quantifier], nodes.join(path, quantifier)
        if entry is None and quantifier in _OF_NULL:
            _comparison(target, name, _OF_NULL[quantifier], None, path)
            return
        target.relation.quantifier = QUANTIFIERS[quantifier]
    target.relation.relation = name
    fill_optional(target.relation.where, entry, path, depth + 1)


_OF_NULL = {"is": "eq", "is_not": "ne", "isNot": "ne"}


def _aggregates(target: query.Filter, name: str, entry: Mapping[str, Any], path: str, depth: int) -> None:
    """Writes {"_count": {"gt": 3}, "_sum": {"price": {"gte": 10}}, "where": …}: all must hold, over the same rows."""
    made = []
    for function in (key for key in entry if key != "where"):
        here = nodes.join(path, function)
        operand = nodes.mapping(entry[function], here, "a comparison of an aggregate")
        if function == "_count" and _compares(operand, ()):
            made += _of_aggregate(function, "", operand, here)
            continue
        if not operand:
            raise DocumentError(here, "the object compares nothing; write {field: {operator: value}}")
        for field, comparisons in operand.items():
            made += _of_aggregate(function, field, comparisons, nodes.join(here, nodes.name(field, here)))
    for related in made:
        related.relation = name
        if entry.get("where") is not None:
            fill_optional(related.where, entry["where"], nodes.join(path, "where"), depth + 1)
        condition = target if len(made) == 1 else target.all_of.filters.add()
        condition.relation_aggregate.CopyFrom(related)


def _of_aggregate(function: str, field: str, document: Any, path: str) -> list[query.RelationAggregateFilter]:
    """Returns the comparisons of one aggregate, without the relation."""
    known = (*OPERATORS, "distinct") if field else OPERATORS
    entry = nodes.mapping(document, path, "a comparison of an aggregate", known)
    operators = [key for key in entry if key in OPERATORS]
    if not operators:
        raise DocumentError(path, f"a comparison needs an operator; there are {', '.join(OPERATORS)}")
    distinct = "distinct" in entry and nodes.flag(entry["distinct"], nodes.join(path, "distinct"))
    made = []
    for operator in operators:
        related = query.RelationAggregateFilter(
            aggregate=query.AggregateExpression(function=AGGREGATES[function], field=field, distinct=distinct),
            operator=OPERATORS[operator],
        )
        values.fill(related.value, entry[operator], nodes.join(path, operator))
        made.append(related)
    return made
