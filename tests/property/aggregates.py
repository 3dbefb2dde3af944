"""Aggregate functions: count, sum, avg, min, max over lists of values, with the types and roundings of PostgreSQL."""

import math
import struct

from stubs import query
from values import DATE, DECIMAL, ENUM, EXACT, FLOAT32, FLOAT64, FLOATS, INT16, INT32, INSTANTS, INT64, NUMBERS, TEXTS, TIME, Decimal, Type, rank, same

COUNT, SUM, AVG, MIN, MAX = (query.AggregateFunction.Value(f"AGGREGATE_FUNCTION_{name}") for name in ("COUNT", "SUM", "AVG", "MIN", "MAX"))
EXTREMES = (*NUMBERS, *TEXTS, ENUM, DATE, TIME, *INSTANTS)


def allowed(function, type_):
    """Whether the type has the function."""
    if function == COUNT:
        return True
    return not type_.array and type_.scalar in (NUMBERS if function in (SUM, AVG) else EXTREMES)


def result_type(function, type_):
    """Returns the type of the result."""
    if function == COUNT:
        return Type(INT64)
    if function == SUM:
        return {INT16: Type(INT64), INT32: Type(INT64), INT64: Type(DECIMAL), DECIMAL: Type(DECIMAL)}.get(type_.scalar, type_)
    if function == AVG:
        return Type(FLOAT64) if type_.scalar in FLOATS else Type(DECIMAL)
    return type_


def decimal_sum(values):
    """Adds exactly; NaN, and infinities of both signs, make NaN."""
    if any(value.is_nan() for value in values) or len({value for value in values if value.is_infinite()}) == 2:
        return Decimal("NaN")
    total = values[0]
    for value in values[1:]:
        total = EXACT.add(total, value)
    return total


def groups_of_four(number):
    """Returns how many groups of four digits stand before the point, less one, and the first group that is not zero: what PostgreSQL's numeric is made of."""
    digits = format(abs(number), "f")
    whole, _, fraction = digits.partition(".")
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    parts = [int((whole + fraction)[start:start + 4]) for start in range(0, len(whole + fraction), 4)]
    for place, part in enumerate(parts):
        if part:
            return len(whole) // 4 - 1 - place, part
    return 0, 0


def decimal_mean(total, count):
    """Divides as numeric does: at least 16 significant digits, and no fewer digits after the point than the sum has; half away from zero."""
    if not total.is_finite():
        return total
    (weight, first), (other_weight, other_first) = groups_of_four(total), groups_of_four(Decimal(count))
    quotient = weight - other_weight - (first <= other_first)
    scale = max(16 - quotient * 4, -total.as_tuple().exponent, 0)
    whole, rest = divmod(abs(int(EXACT.scaleb(total, scale))), count)
    whole += 2 * rest >= count
    return EXACT.scaleb(Decimal(-whole if total < 0 else whole), -scale)


def compute(function, distinct, type_, values):
    """Computes an aggregate of the values of one field; nulls are ignored."""
    values = [value for value in values if value is not None]
    if distinct:
        first = []
        for value in values:
            if not any(same(type_, value, other) for other in first):
                first.append(value)
        values = first
    if function == COUNT:
        return len(values)
    if not values:
        return None
    if function in (MIN, MAX):
        return (min if function == MIN else max)(values, key=lambda value: rank(type_, value))
    if type_.scalar in FLOATS:
        total = math.fsum(values) if all(map(math.isfinite, values)) else sum(value for value in values if not math.isfinite(value))
        if function == AVG:
            return total / len(values)
        return struct.unpack("f", struct.pack("f", total))[0] if type_.scalar == FLOAT32 else total
    total = decimal_sum([Decimal(value) for value in values])
    if function == AVG:
        return decimal_mean(total, len(values))
    return int(total) if type_.scalar in (INT16, INT32) else total


def expression_type(expression, model):
    """Returns the type that an AggregateExpression over a model's rows gives."""
    return result_type(expression.function, model.fields[expression.field].type) if expression.field else Type(INT64)


def compute_expression(expression, model, rows):
    """Computes an AggregateExpression over rows of a model."""
    if not expression.field:
        return len(rows)
    return compute(expression.function, expression.distinct, model.fields[expression.field].type, [row[expression.field] for row in rows])
