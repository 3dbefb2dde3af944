"""Draws types and values: few of each, so that rows agree often, with the extremes among them.

Sums and means of the floats are exact in any order: fractions are eighths, and the great one is a power of two. No two values of one
type are equal without being the same, since then either might be shown.
"""

import dataclasses

from stubs import value as v1
from values import (BOOL, BYTES, DATE, DECIMAL, ENUM, FLOAT32, FLOAT64, FLOATS, INSTANTS, INT16, INT32, INT64, INTEGERS, JSON, LOCAL_TIMESTAMP, STRING, TEXT, TIME,
                    TIMESTAMP, UUID, Decimal, Type, day_text, json_of, parse_day, parse_time, time_text, to_wire)

LABELS = ("sad", "ok", "happy", "Zen", "OK then")
TEXT_POOL = ("", "a", "A", "b", "B", "ab", "aB", "ba", "abc", "a b", "b a", "a%b", "a_b", "a\\b", "%", "_", "\\", "'", '"', "Ä", "ä", "éa", " a", "c or a", "b" * 300, "$$", "'; --", "😀", "a😀B", "a\nb")
INTEGER_POOL = (-3, -2, -1, 0, 1, 2, 3, 4, 5, 10)
EXTREMES = {INT16: 2**15, INT32: 2**31, INT64: 2**63}
INSTANT_POOL = (0, 1, -1, 1_000_000, 1_714_521_600_000_000, 1_714_521_600_123_456, 253_402_300_800_000_000, -62_135_596_800_000_001, -210_000_000_000_000_000,
                9_000_000_000_000_000_000, float("inf"), float("-inf"))
POOLS = {
    FLOAT32: (-2.5, -0.125, 0.0, 0.5, 1.0, 1.5, 3.0, 1000.125, 2.0**100, 2.0**-149, float("nan"), float("inf"), float("-inf")),
    FLOAT64: (-2.5, -0.125, 0.0, 0.5, 1.0, 1.5, 3.0, 12345678.125, 2.0**500, 5e-324, float("nan"), float("inf"), float("-inf")),
    BOOL: (True, False),
    BYTES: (b"", b"\0", b"\xff", b"ab", b"a", b"\x7f\x80", b"\\x00"),
    UUID: tuple(f"{prefix:08x}-0000-4000-8000-{suffix:012x}" for prefix in (0, 1, 0xffffffff) for suffix in (0, 7, 0xfedcba987654)),
    DATE: tuple(map(parse_day, ("1970-01-01", "1969-12-31", "2000-02-29", "2024-05-01", "2024-12-31", "0001-01-01", "0001-12-31 BC", "0044-03-15 BC", "4713-01-01 BC",
                                "9999-12-31", "10000-01-01", "5874897-12-31", "infinity", "-infinity"))),
    TIME: tuple(map(parse_time, ("00:00:00", "00:00:00.000001", "12:30:00", "12:30:00.5", "23:59:59", "23:59:59.999999"))),
    TIMESTAMP: INSTANT_POOL,
    LOCAL_TIMESTAMP: INSTANT_POOL,
    JSON: tuple(map(json_of, (
        "null", "true", "0", "1", "-2.50", '""', '"a"', '"AB"', "[]", "{}", "[1, 2, 3]", '["a", null, true, {"k": 1}]', '{"k": 1}', '{"k": "a", "l": [1, "b"]}',
        '{"k": null, "l": []}', '{"k": {"k": 12345678901234567890.123, "l": [[1], {"k": "Ab"}]}}', '{"l": [{"k": 1, "l": 2}, "a", -2.5]}', '{"k": true, "1": "one"}',
        '{"k": false, "l": "abc"}', '[[1, 2], [3], "AB"]'))),
}
DECIMAL_POOL = ("-2.5", "-1", "0", "0.001", "1", "2", "3.25", "10", "1234567890123456789012345678901234567890", "-0.0000000000000000000000000000000000000012", "99999999999999999999.99999999999999999999",
                "NaN", "Infinity", "-Infinity")
DAY = 86_400_000_000
KEY_SCALARS = (INT64, INT64, INT32, INT16, STRING, TEXT, UUID, DATE, *INSTANTS, DECIMAL)
ARRAY_SCALARS = (INT16, INT32, INT64, FLOAT64, DECIMAL, BOOL, STRING, TEXT, BYTES, UUID, DATE, TIME, *INSTANTS, ENUM)


def draw_type(rng, scalar, array=False):
    """Draws the details of a type."""
    type_ = Type(scalar, array)
    if scalar == STRING and rng.random() < 0.5:
        type_ = dataclasses.replace(type_, length=rng.choice((3, 20)))
    if scalar == DECIMAL and rng.random() < 0.5:
        type_ = dataclasses.replace(type_, precision=rng.choice((12, 40)), scale=rng.choice((0, 3)))
    if scalar == ENUM:
        type_ = dataclasses.replace(type_, labels=LABELS, enum_name="mood" if rng.random() < 0.4 else "")
    return type_


def pool(type_):
    """Returns the values of a type that rows are made of."""
    if type_.scalar in INTEGERS:
        return (*INTEGER_POOL, -EXTREMES[type_.scalar], EXTREMES[type_.scalar] - 1)
    if type_.scalar in (STRING, TEXT):
        return tuple(text for text in TEXT_POOL if not type_.length or len(text) <= type_.length)
    if type_.scalar == ENUM:
        return type_.labels
    if type_.scalar == DECIMAL:
        numbers = tuple(map(Decimal, DECIMAL_POOL))
        if not type_.precision:
            return numbers
        # A column of so many digits has no infinities, and shows all digits after the point.
        step = Decimal(1).scaleb(-type_.scale)
        return tuple({number if number.is_nan() else number.quantize(step): None
                      for number in numbers if number.is_nan() or (number.is_finite() and abs(number) < 10**8)})
    return POOLS[type_.scalar]


def draw_value(rng, type_):
    """Draws a value that is not null."""
    if type_.array:
        return [None if rng.random() < 0.2 else draw_value(rng, type_.element) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    return rng.choice(pool(type_))


def draw_wire(rng, type_, value):
    """Writes an operand: mostly as results have it, at times in another kind that is accepted and means the same."""
    wire = to_wire(type_, value)
    if value is None or rng.random() < 0.8:
        return wire
    if type_.array:
        wire.array_value.ClearField("values")
        wire.array_value.values.extend(draw_wire(rng, type_.element, item) for item in value)
    elif type_.scalar in (DATE, TIME, UUID, JSON, DECIMAL):
        text = getattr(wire, wire.WhichOneof("kind"))
        if type_.scalar == DECIMAL and value.is_finite():
            text += "00" if "." in text else ".0"
        return v1.Value(text_value=text.upper() if type_.scalar == UUID else text)
    elif type_.scalar in INSTANTS and isinstance(value, int) and value % 1_000_000 == 0 and 0 <= value < 200_000_000_000_000_000:
        return v1.Value(text_value=f"{day_text(value // DAY)}T{time_text(value % DAY)}Z")
    elif type_.scalar in FLOATS and value == 0:
        wire.double_value = -0.0
    elif type_.scalar in FLOATS and value in (1.0, 3.0):
        return v1.Value(int_value=int(value))
    return wire
