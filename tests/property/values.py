"""Values: how each type is held in Python, written to and read from the wire, compared, and printed.

Null is None. Whole numbers are int, floats float, decimals Decimal with their digits after the point, text, enums and uuids str. Days are
counted from 1970-01-01, times and timestamps are microseconds; infinite days and timestamps are the infinite floats. JSON is a Json
around what `json` parses, with numbers as Decimal. Arrays are lists.
"""

import dataclasses
import decimal
import json
import math

from stubs import schema, value as v1

Decimal = decimal.Decimal
# Wide enough for every sum and product that the tests make, so that nothing is ever rounded by Python.
EXACT = decimal.Context(prec=500)

INT16, INT32, INT64, FLOAT32, FLOAT64, DECIMAL, BOOL, STRING, TEXT, BYTES, UUID, DATE, TIME, TIMESTAMP, JSON, ENUM = range(1, 17)
LOCAL_TIMESTAMP = schema.SCALAR_TYPE_LOCAL_TIMESTAMP
NAMES = {number: name.removeprefix("SCALAR_TYPE_").lower() for name, number in schema.ScalarType.items()}
INTEGERS = (INT16, INT32, INT64)
FLOATS = (FLOAT32, FLOAT64)
NUMBERS = (*INTEGERS, *FLOATS, DECIMAL)
TEXTS = (STRING, TEXT)
INSTANTS = (TIMESTAMP, LOCAL_TIMESTAMP)

KINDS = {
    INT16: "int_value", INT32: "int_value", INT64: "int_value", FLOAT32: "double_value", FLOAT64: "double_value",
    DECIMAL: "decimal_value", BOOL: "bool_value", STRING: "text_value", TEXT: "text_value", BYTES: "bytes_value",
    UUID: "uuid_value", DATE: "date_value", TIME: "time_value", TIMESTAMP: "timestamp_value", JSON: "json_value", ENUM: "text_value",
    LOCAL_TIMESTAMP: "timestamp_value",
}


@dataclasses.dataclass(frozen=True)
class Type:
    """The type of a field, or of a computed value."""

    scalar: int
    array: bool = False
    length: int = 0
    precision: int = 0
    scale: int = 0
    labels: tuple = ()
    enum_name: str = ""

    @property
    def element(self):
        return dataclasses.replace(self, array=False)

    def __str__(self):
        return NAMES[self.scalar] + ("[]" if self.array else "")


@dataclasses.dataclass(frozen=True)
class Json:
    """A value of JSON; its None is JSON's null."""

    value: object


def json_of(text):
    return Json(json.loads(text, parse_int=Decimal, parse_float=Decimal))


def json_text(value):
    """Writes JSON with sorted keys and all digits of the numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {json_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(json_text(item) for item in value) + "]"
    return plain(value) if isinstance(value, Decimal) else json.dumps(value)


def json_equal(left, right):
    """Whether two values are the same to jsonb: numbers by their value, true not being 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(json_equal(one, other) for one, other in zip(left, right))
    return type(left) is type(right) and left == right


# --- days


def days_of(year, month, day):
    """Counts days from 1970-01-01 in the Gregorian calendar; year 0 is 1 BC."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def parse_day(text):
    if text in ("infinity", "-infinity"):
        return float(text)
    before_christ = text.endswith(" BC")
    year, month, day = (int(part) for part in text.removesuffix(" BC").split("-"))
    return days_of(1 - year if before_christ else year, month, day)


def day_text(days):
    """Finds the year, month and day by trying."""
    if isinstance(days, float):
        return "infinity" if days > 0 else "-infinity"
    year = 1970 + days // 366 if days >= 0 else 1970 + days // 365 - 1
    while days_of(year + 1, 1, 1) <= days:
        year += 1
    month = max(month for month in range(1, 13) if days_of(year, month, 1) <= days)
    day = days - days_of(year, month, 1) + 1
    return f"{year:04}-{month:02}-{day:02}" if year > 0 else f"{1 - year:04}-{month:02}-{day:02} BC"


def time_text(microseconds):
    seconds, rest = divmod(microseconds, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{rest:06}".rstrip("0") if rest else text


def parse_time(text):
    hours, minutes, seconds = text.split(":")
    whole, _, fraction = seconds.partition(".")
    return (int(hours) * 3600 + int(minutes) * 60 + int(whole)) * 1_000_000 + int(fraction.ljust(6, "0") or 0)


def parse_instant(text):
    """Reads an infinite timestamp, or one in UTC as RFC 3339 has it."""
    if text in ("infinity", "-infinity"):
        return float(text)
    day, time = text.removesuffix("Z").split("T")
    return parse_day(day) * 86_400_000_000 + parse_time(time)


def plain(number):
    """Writes a decimal without an exponent."""
    return str(number) if not number.is_finite() else format(number, "f")


# --- the wire


def to_wire(type_, value):
    """Returns the Value of the kind that results have."""
    wire = v1.Value()
    if value is None:
        wire.null_value = 0
    elif type_.array:
        wire.array_value.SetInParent()
        wire.array_value.values.extend(to_wire(type_.element, item) for item in value)
    elif type_.scalar in INSTANTS and isinstance(value, float):
        wire.text_value = "infinity" if value > 0 else "-infinity"
    elif type_.scalar in INSTANTS:
        wire.timestamp_value.seconds, micros = divmod(value, 1_000_000)
        wire.timestamp_value.nanos = micros * 1000
    else:
        convert = {DECIMAL: plain, DATE: day_text, TIME: time_text, JSON: lambda held: json_text(held.value)}
        setattr(wire, KINDS[type_.scalar], convert.get(type_.scalar, lambda held: held)(value))
    return wire


def from_wire(type_, wire):
    """Reads a Value of a result, which must have the type's kind; of a request, whose kind may be a narrower one or text."""
    kind = wire.WhichOneof("kind")
    if kind == "null_value":
        return None
    if type_.array:
        return [from_wire(type_.element, item) for item in wire.array_value.values]
    if kind == "timestamp_value":
        return wire.timestamp_value.seconds * 1_000_000 + wire.timestamp_value.nanos // 1000
    value = getattr(wire, kind)
    if type_.scalar in FLOATS:
        return float(value)
    if type_.scalar == DECIMAL:
        return Decimal(value)
    if type_.scalar in INSTANTS:
        return parse_instant(value)
    if type_.scalar in (DATE, TIME, JSON):
        return {DATE: parse_day, TIME: parse_time, JSON: json_of}[type_.scalar](value)
    return value.lower() if type_.scalar == UUID else value


def has_kind(type_, wire):
    """Whether a Value of a result has the kind that the type's comment promises."""
    kind = wire.WhichOneof("kind")
    if kind == "null_value":
        return True
    if type_.array:
        return kind == "array_value" and all(has_kind(type_.element, item) for item in wire.array_value.values)
    return kind == KINDS[type_.scalar] or (type_.scalar in INSTANTS and wire.text_value in ("infinity", "-infinity"))


def printed(type_, value):
    """A text or a list that is the same for the same values only, for comparing and showing: NaN equals NaN, 1.0 is not 1.00."""
    if value is None:
        return None
    if type_.array:
        return [printed(type_.element, item) for item in value]
    if type_.scalar in FLOATS:
        return repr(value)
    if type_.scalar in (DECIMAL, DATE, TIME):
        return {DECIMAL: plain, DATE: day_text, TIME: time_text}[type_.scalar](value)
    return json_text(value.value) if type_.scalar == JSON else value


# --- order and equality, as PostgreSQL has them


def rank(type_, value):
    """Returns what Python orders as PostgreSQL orders the values: NaN is equal to itself and greater than any other number, texts are ordered by
    their bytes, and labels of a native enum as they were declared."""
    if type_.scalar in NUMBERS:
        return (1, 0) if math.isnan(value) else (0, value)
    if type_.enum_name:
        return type_.labels.index(value)
    if type_.scalar in (STRING, TEXT, ENUM):
        return value.encode()
    return value


def equal(type_, left, right):
    """Whether two values, neither of them null, are equal."""
    if type_.array:
        return len(left) == len(right) and all(same(type_.element, one, other) for one, other in zip(left, right))
    if type_.scalar == JSON:
        return json_equal(left.value, right.value)
    return rank(type_, left) == rank(type_, right)


def same(type_, left, right):
    """Whether two values are not distinct: null is a value like others."""
    if left is None or right is None:
        return left is right
    return equal(type_, left, right)
