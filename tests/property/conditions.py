"""Filters in three-valued logic: True, False, or None for unknown. A row is let through when its filter is True."""

import functools

from aggregates import compute_expression, expression_type
from matching import json_contains, json_kind, json_place, like, matches, search
from values import DECIMAL, FLOATS, JSON, NUMBERS, TEXT, Decimal, Json, Type, equal, from_wire, json_equal, json_of, rank

(EQ, NE, GT, GTE, LT, LTE, IN, CONTAINS, STARTS_WITH, ENDS_WITH, IS_NULL, NOT_IN, BETWEEN, LIKE, REGEX, HAS, HAS_SOME, HAS_EVERY, SEARCH,
 IS_DISTINCT_FROM, IS_EMPTY) = range(1, 22)
SOME, IS, NONE, EVERY, EVERY_NONEMPTY, IS_NOT = range(1, 7)

ORDERED = {GT: lambda left, right: left > right, GTE: lambda left, right: left >= right,
           LT: lambda left, right: left < right, LTE: lambda left, right: left <= right}


def both(left, right):
    """AND."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left, right):
    """OR."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def holds(world, model, filter_, row):
    """Evaluates a filter for a row of a model."""
    kind = filter_.WhichOneof("kind")
    if kind == "all_of":
        return functools.reduce(both, (holds(world, model, part, row) for part in filter_.all_of.filters), True)
    if kind == "any_of":
        return functools.reduce(either, (holds(world, model, part, row) for part in filter_.any_of.filters), False)
    if kind == "not":
        # C4: the exact complement, nulls included.
        return holds(world, model, getattr(filter_, "not"), row) is not True
    if kind == "relation":
        return related_holds(world, model, filter_.relation, row)
    if kind == "relation_aggregate":
        part = filter_.relation_aggregate
        relation = model.relations[part.relation]
        target = world.models[relation.target]
        rows = let_through(world, target, part, world.related(model, relation, row))
        return compare(part, expression_type(part.aggregate, target), compute_expression(part.aggregate, target, rows))
    part = filter_.field
    if part.field in model.relations:
        found = world.related(model, model.relations[part.field], row)
        absent = part.operator == EQ or (part.operator == IS_NULL and part.value.bool_value)
        return absent == (not found)
    return field_holds(model, part, row)


def let_through(world, model, request, rows):
    """Returns the rows that the `where` of a message lets through; all without one."""
    if not request.HasField("where"):
        return rows
    return [row for row in rows if holds(world, model, request.where, row) is True]


def related_holds(world, model, part, row):
    """C5."""
    relation = model.relations[part.relation]
    rows = world.related(model, relation, row)
    satisfied = len(let_through(world, world.models[relation.target], part, rows))
    quantifier = part.quantifier or (SOME if relation.to_many else IS)
    if quantifier in (SOME, IS):
        return satisfied > 0
    if quantifier in (NONE, IS_NOT):
        return satisfied == 0
    return satisfied == len(rows) and (quantifier == EVERY or len(rows) > 0)


def field_holds(model, part, row):
    """Evaluates a comparison of a field with a value, a place inside it with a value, or with another field."""
    type_, value = model.fields[part.field].type, row[part.field]
    if part.other_field:
        return compare_fields(part, type_, value, model.fields[part.other_field].type, row[part.other_field])
    if part.json_path:
        return compare_place(part, None if value is None else json_place(value.value, part.json_path))
    return compare(part, type_, value)


def compare_fields(part, type_, left, other_type, right):
    """Compares two fields; a float and another number compare as float64."""
    if part.operator == IS_DISTINCT_FROM and (left is None or right is None):
        return left is not right
    if left is None or right is None:
        return None
    if type_.scalar != other_type.scalar and type_.scalar in NUMBERS and not type_.array:
        if type_.scalar in FLOATS or other_type.scalar in FLOATS:
            left, right = float(left), float(right)
    return relate(part.operator, type_, *folded(part, left, right))


def folded(part, *values):
    """Takes case away where the comparison ignores it."""
    if getattr(part, "ignore_case", False):
        return [value.lower() if isinstance(value, str) else value for value in values]
    return list(values)


def relate(operator, type_, left, right):
    """Relates two values, neither of them null."""
    if operator == EQ:
        return equal(type_, left, right)
    if operator in (NE, IS_DISTINCT_FROM):
        return not equal(type_, left, right)
    return ORDERED[operator](rank(type_, left), rank(type_, right))


def compare(part, type_, value):
    """Compares a value of the type with the message's operand."""
    operator, wire = part.operator, part.value
    null = wire.HasField("null_value")
    if operator == IS_NULL:
        return (value is None) == wire.bool_value
    if operator == EQ and null:
        return value is None
    if operator in (NE, IS_DISTINCT_FROM) and null:
        return value is not None
    if operator == IS_DISTINCT_FROM and value is None:
        return True
    if operator in (IN, NOT_IN) and not wire.array_value.values:
        return operator == NOT_IN
    if value is None:
        return None
    if operator == IS_EMPTY:
        return (len(value) == 0) == wire.bool_value
    if operator in (CONTAINS, STARTS_WITH, ENDS_WITH, LIKE, REGEX, SEARCH):
        return match_text(part, value)
    if operator in (HAS, HAS_SOME, HAS_EVERY):
        return match_elements(part, type_, value)
    if operator in (IN, NOT_IN):
        found = any(equal(type_, *folded(part, value, from_wire(type_, item))) for item in wire.array_value.values)
        return found == (operator == IN)
    if operator == BETWEEN:
        least, greatest = (from_wire(type_, item) for item in wire.array_value.values)
        return both(relate(GTE, type_, *folded(part, value, least)), relate(LTE, type_, *folded(part, value, greatest)))
    return relate(operator, type_, *folded(part, value, from_wire(type_, wire)))


def match_text(part, text):
    """Contains, starts with, ends with, like, regex, search."""
    sought, fold = part.value.text_value, getattr(part, "ignore_case", False)
    if part.operator == LIKE:
        return like(text, sought, fold)
    if part.operator == REGEX:
        return matches(text, sought, fold)
    if part.operator == SEARCH:
        return search(text, sought)
    if fold:
        text, sought = text.lower(), sought.lower()
    if part.operator == CONTAINS:
        return sought in text
    return text.startswith(sought) if part.operator == STARTS_WITH else text.endswith(sought)


def match_elements(part, type_, value):
    """Has, has some, has every, of arrays and of JSON."""
    sought = [part.value] if part.operator == HAS else part.value.array_value.values
    if type_.scalar == JSON and not type_.array:
        found = [isinstance(value.value, list) and json_contains(value.value, [json_operand(item)]) for item in sought]
        if not isinstance(value.value, list):
            return False
    else:
        found = [any(item is not None and equal(type_.element, item, from_wire(type_.element, wire)) for item in value) for wire in sought]
    return any(found) if part.operator == HAS_SOME else all(found)


def json_operand(wire):
    """Returns the JSON that an operand stands for."""
    kind = wire.WhichOneof("kind")
    if kind == "json_value":
        return json_of(wire.json_value).value
    value = getattr(wire, kind)
    return value if kind in ("bool_value", "text_value") else Decimal(value)


def compare_place(part, value):
    """Compares a place inside JSON; a place that is not there and JSON's null are null."""
    operator, wire = part.operator, part.value
    if value is None or operator in (IS_NULL, HAS, HAS_SOME, HAS_EVERY) or wire.HasField("null_value"):
        return compare(part, Type(JSON), None if value is None else Json(value))
    if operator in (IN, NOT_IN):
        return any(json_equal(value, json_operand(item)) for item in wire.array_value.values) == (operator == IN)
    if operator in (EQ, NE, IS_DISTINCT_FROM):
        return json_equal(value, json_operand(wire)) == (operator == EQ)
    first = wire.array_value.values[0] if operator == BETWEEN else wire
    wanted = json_kind(json_operand(first))
    if json_kind(value) is not wanted:
        return False
    return compare(part, Type(DECIMAL if wanted is Decimal else TEXT), value)
