"""Single values: from the document form and from Python's own types to rowan.v1.Value, and back.

Both directions are pure functions. Going in, `None bool int float str bytes Decimal UUID date time datetime list` map
to the kind of Value that carries them exactly; the document form's `{"$kind": …}` objects name the kind. Coming back,
each kind gives the type that the table "Results" of the document form lists.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import json
import math
import numbers
import re
import uuid
from collections.abc import Mapping
from typing import Any, Callable

from google.protobuf import struct_pb2

from rowan._generated.rowan.v1 import value_pb2 as pb
from rowan.errors import DocumentError, nearest

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
MAX_DEPTH = 100
"""How deep the objects and lists of a JSON value may be nested in a request."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# PostgreSQL's numeric has at most this many digits before and after the point; more would only cost memory here.
_DECIMAL_DIGITS = (131072, 16383)
_RFC3339 = re.compile(
    r"(\d{4,6})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))( BC)?", re.ASCII
)
_TIME = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)
_INT = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|[+-]?Infinity", re.ASCII)


# --- in ---------------------------------------------------------------------------------------------------------------


def to_value(value: Any, path: str = "value") -> pb.Value:
    """Returns the Value that a document or Python value stands for.

    Raises:
        DocumentError: at `path`, when no kind of Value carries it.
    """
    result = pb.Value()
    fill(result, value, path)
    return result


def fill(target: pb.Value, value: Any, path: str) -> None:
    """Writes a document or Python value to an empty Value. See to_value."""
    writer = _WRITERS.get(type(value))
    if writer is None:
        writer = next((_WRITERS[base] for base in _FALLBACKS if isinstance(value, base)), None)
        if writer is None:
            raise DocumentError(
                path,
                f"a {type(value).__name__} is not a value; use None, bool, int, float, str, bytes, Decimal, UUID, date, "
                "time, datetime, a list or a dict",
            )
    try:
        writer(target, value, path)
    except UnicodeEncodeError:
        raise DocumentError(path, "the text holds half of a surrogate pair, which is not Unicode") from None


class Reference(dict):
    """A {"ref": "u1.id"} that refers to what an earlier operation gave, where a value may stand."""


def is_typed(value: Any) -> bool:
    """Tells whether a document value is an object that names its kind, like {"$bytes": "AQID"}, or a Reference."""
    if isinstance(value, Reference):
        return True
    return isinstance(value, Mapping) and len(value) == 1 and str(next(iter(value))).startswith("$")


def json_text(value: Any, path: str) -> str:
    """Returns the JSON text of a Python value, with all digits of decimals.

    Raises:
        DocumentError: at the place of a value that JSON does not have, such as bytes or NaN.
    """
    parts: list[str] = []
    _write_json(parts, value, path, 0)
    return "".join(parts)


def _write_json(parts: list[str], value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise DocumentError(path, f"the JSON value is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        parts.append("{")
        for index, (key, item) in enumerate(value.items()):
            if not isinstance(key, str):
                raise DocumentError(path, f"the key {key!r} of a JSON object is no text; write it in quotes")
            parts.append(("," if index else "") + json.dumps(key, ensure_ascii=False) + ":")
            _write_json(parts, item, f"{path}.{key}", depth + 1)
        parts.append("}")
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for index, item in enumerate(value):
            parts.append("," if index else "")
            _write_json(parts, item, f"{path}[{index}]", depth + 1)
        parts.append("]")
    elif isinstance(value, decimal.Decimal) and value.is_finite():
        parts.append(_plain(value, path))
    elif isinstance(value, float) and not math.isfinite(value):
        raise DocumentError(path, f"JSON has no {value}; use null or a text")
    elif value is None or isinstance(value, (bool, int, float, str)):
        parts.append(json.dumps(value, ensure_ascii=False))
    else:
        raise DocumentError(path, f"a {type(value).__name__} is no JSON value; convert it to a text or a number first")


def _null(target: pb.Value, _value: None, _path: str) -> None:
    target.null_value = struct_pb2.NULL_VALUE


def _bool(target: pb.Value, value: bool, _path: str) -> None:
    target.bool_value = value


def _whole(target: pb.Value, value: int, _path: str) -> None:
    if INT64_MIN <= value <= INT64_MAX:
        target.int_value = value
    else:
        target.decimal_value = str(value)


def _float(target: pb.Value, value: float, _path: str) -> None:
    target.double_value = value


def _text(target: pb.Value, value: str, _path: str) -> None:
    target.text_value = value


def _bytes(target: pb.Value, value: bytes | bytearray | memoryview, _path: str) -> None:
    target.bytes_value = bytes(value)


def _decimal(target: pb.Value, value: decimal.Decimal, path: str) -> None:
    target.decimal_value = _plain(value, path)


def _plain(value: decimal.Decimal, path: str) -> str:
    if value.is_snan():
        raise DocumentError(path, "a signalling NaN is no value; use Decimal('NaN')")
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "-Infinity" if value.is_signed() else "Infinity"
    if value.adjusted() >= _DECIMAL_DIGITS[0] or -value.as_tuple().exponent > _DECIMAL_DIGITS[1]:
        raise DocumentError(
            path,
            f"a decimal has at most {_DECIMAL_DIGITS[0]} digits before the point and {_DECIMAL_DIGITS[1]} after it",
        )
    return format(value, "f")


def _uuid(target: pb.Value, value: uuid.UUID, _path: str) -> None:
    target.uuid_value = str(value)


def _date(target: pb.Value, value: datetime.date, _path: str) -> None:
    target.date_value = value.isoformat()


def _time(target: pb.Value, value: datetime.time, path: str) -> None:
    if value.tzinfo is not None:
        raise DocumentError(path, "a time of day has no time zone; drop its tzinfo, or use a datetime for an instant")
    target.time_value = value.isoformat()


def _timestamp(target: pb.Value, value: datetime.datetime, path: str) -> None:
    if value.utcoffset() is None:
        raise DocumentError(
            path, "a datetime without a time zone is not one instant; give it a tzinfo, for example timezone.utc"
        )
    since = value - _EPOCH
    target.timestamp_value.seconds = since.days * 86400 + since.seconds
    target.timestamp_value.nanos = since.microseconds * 1000


def _sequence(target: pb.Value, value: list | tuple, path: str) -> None:
    if any(isinstance(item, (list, tuple)) or (isinstance(item, Mapping) and not is_typed(item)) for item in value):
        target.json_value = json_text(value, path)
        return
    target.array_value.SetInParent()
    for index, item in enumerate(value):
        fill(target.array_value.values.add(), item, f"{path}[{index}]")


def _reference(target: pb.Value, value: Reference, _path: str) -> None:
    target.reference_value = value["ref"]


def _object(target: pb.Value, value: Mapping, path: str) -> None:
    if is_typed(value):
        ((kind, operand),) = value.items()
        reader = _TYPED.get(kind)
        if reader is None:
            raise DocumentError(
                path, f'"{kind}" names no kind of value{nearest(kind, _TYPED)}; there are {", ".join(_TYPED)}'
            )
        reader(target, operand, f"{path}.{kind}")
    else:
        target.json_value = json_text(value, path)


_WRITERS: dict[type, Callable[[pb.Value, Any, str], None]] = {
    type(None): _null,
    bool: _bool,
    int: _whole,
    float: _float,
    str: _text,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    decimal.Decimal: _decimal,
    uuid.UUID: _uuid,
    datetime.datetime: _timestamp,
    datetime.date: _date,
    datetime.time: _time,
    list: _sequence,
    tuple: _sequence,
    dict: _object,
    Reference: _reference,
    Mapping: _object,
    numbers.Integral: lambda target, value, path: _whole(target, int(value), path),
    numbers.Real: lambda target, value, path: _float(target, float(value), path),
}
# For subclasses of the types above; a datetime is a date too, so the order counts.
_FALLBACKS = (
    str,
    int,
    float,
    bytes,
    decimal.Decimal,
    uuid.UUID,
    datetime.datetime,
    datetime.date,
    datetime.time,
    list,
    tuple,
    Mapping,
    numbers.Integral,
    numbers.Real,
)


# --- values that name their kind --------------------------------------------------------------------------------------


def _typed(
    native: type | tuple[type, ...], write: Callable, read: Callable[[pb.Value, str, str], None], form: str
) -> Callable:
    """Returns a reader that takes a Python value of the kind itself, or its text."""

    def reader(target: pb.Value, operand: Any, path: str) -> None:
        if isinstance(operand, native) and not isinstance(operand, bool):
            write(target, operand, path)
        elif isinstance(operand, str):
            read(target, operand, path)
        else:
            raise DocumentError(path, f"a {type(operand).__name__} stands where {form} is needed")

    return reader


def _read_bytes(target: pb.Value, text: str, path: str) -> None:
    try:
        target.bytes_value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DocumentError(path, "the text is not base64 (A-Z a-z 0-9 + / and = to fill the last four)") from None


def _read_int(target: pb.Value, text: str, path: str) -> None:
    if not _INT.fullmatch(text) or not INT64_MIN <= int(text) <= INT64_MAX:
        raise DocumentError(path, f"the text is no whole number from {INT64_MIN} to {INT64_MAX}")
    target.int_value = int(text)


def _write_int(target: pb.Value, value: int, path: str) -> None:
    if not INT64_MIN <= value <= INT64_MAX:
        raise DocumentError(path, f"the number lies outside {INT64_MIN} to {INT64_MAX}; use $decimal")
    target.int_value = value


def _read_double(target: pb.Value, text: str, path: str) -> None:
    if not _DOUBLE.fullmatch(text):
        raise DocumentError(path, 'the text is no number, nor "NaN", "Infinity" or "-Infinity"')
    target.double_value = float(text)


def _write_double(target: pb.Value, value: int | float | decimal.Decimal, path: str) -> None:
    try:
        target.double_value = float(value)
    except OverflowError:
        raise DocumentError(path, "the number is too large for a double; use $decimal") from None


def _read_decimal(target: pb.Value, text: str, path: str) -> None:
    if not _DOUBLE.fullmatch(text):
        raise DocumentError(path, 'the text is no decimal number, nor "NaN", "Infinity" or "-Infinity"')
    target.decimal_value = text if "e" not in text.lower() else _plain(decimal.Decimal(text), path)


def _write_decimal(target: pb.Value, value: int | float | decimal.Decimal, path: str) -> None:
    # A float stands here for the digits that it was written with.
    _decimal(target, decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value), path)


def _read_timestamp(target: pb.Value, text: str, path: str) -> None:
    if text in ("infinity", "-infinity"):
        target.text_value = text
        return
    match = _RFC3339.fullmatch(text)
    if match:
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
        if match[12]:
            year = 1 - year
        sign = -1 if match[9] == "-" else 1
        offset = sign * (int(match[10]) * 3600 + int(match[11]) * 60) if match[9] else 0
        last_day = (
            (datetime.date(2000 + year % 400, month % 12 + 1, 1) - datetime.date.resolution).day
            if 1 <= month <= 12
            else 0
        )
        if 1 <= day <= last_day and hour < 24 and minute < 60 and second < 60 and abs(offset) < 86400:
            days = days_from_civil(year, month, day)
            target.timestamp_value.seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
            target.timestamp_value.nanos = int((match[7] or "").ljust(9, "0"))
            return
    raise DocumentError(
        path, 'the text is no instant like "2024-05-01T12:00:00.000001Z" or "2024-05-01T14:00:00+02:00", nor "infinity"'
    )


def _read_json(target: pb.Value, operand: Any, path: str) -> None:
    target.json_value = json_text(operand, path)


def _read_array(target: pb.Value, operand: Any, path: str) -> None:
    if not isinstance(operand, (list, tuple)):
        raise DocumentError(path, f"a {type(operand).__name__} stands where a list is needed")
    target.array_value.SetInParent()
    for index, item in enumerate(operand):
        if isinstance(item, (list, tuple)) or (isinstance(item, Mapping) and "$array" in item):
            raise DocumentError(f"{path}[{index}]", "an array holds no arrays")
        fill(target.array_value.values.add(), item, f"{path}[{index}]")


def _read_as(field: str) -> Callable[[pb.Value, str, str], None]:
    return lambda target, text, path: setattr(target, field, text)


_NUMBERS = (int, float, decimal.Decimal)
_TYPED: dict[str, Callable[[pb.Value, Any, str], None]] = {
    "$bytes": _typed((bytes, bytearray, memoryview), _bytes, _read_bytes, "base64 text"),
    "$json": _read_json,
    "$decimal": _typed(_NUMBERS, _write_decimal, _read_decimal, 'a decimal number like "1.50"'),
    "$double": _typed(_NUMBERS, _write_double, _read_double, 'a number, "NaN", "Infinity" or "-Infinity"'),
    "$timestamp": _typed(datetime.datetime, _timestamp, _read_timestamp, "an instant"),
    "$uuid": _typed(uuid.UUID, _uuid, _read_as("uuid_value"), "a UUID"),
    "$date": _typed(datetime.date, _date, _read_as("date_value"), "a date"),
    "$time": _typed(datetime.time, _time, _read_as("time_value"), "a time of day"),
    "$text": _typed((), _text, _read_as("text_value"), "a text"),
    "$int": _typed(int, _write_int, _read_int, 'a whole number like "42"'),
    "$array": _read_array,
    "$ref": _typed((), _text, _read_as("reference_value"), "a reference"),
}


# --- out --------------------------------------------------------------------------------------------------------------


def from_value(value: pb.Value) -> Any:
    """Returns the Python value of a Value, of the type that the document form lists for its kind.

    Dates, times and timestamps that Python's types cannot hold (years before 1 or after 9999, "infinity", 24:00:00) are
    returned as text.

    Raises:
        ValueError: for a Value without a kind, which no server sends.
    """
    kind = value.WhichOneof("kind")
    if kind is None:
        raise ValueError("the value has no kind")
    return _READERS[kind](getattr(value, kind))


def parse_json(text: str) -> Any:
    """Returns the value of a JSON text. Numbers with a fraction become floats, or Decimals where a float would lose
    digits."""
    try:
        return json.loads(text, parse_float=_exact_float)
    except RecursionError:
        raise ValueError("the JSON value is nested too deep for Python") from None


def _exact_float(digits: str) -> float | decimal.Decimal:
    number = float(digits)
    exact = decimal.Decimal(digits)
    return number if math.isfinite(number) and decimal.Decimal(repr(number)) == exact else exact


def _from_date(text: str) -> datetime.date | str:
    try:
        return datetime.date.fromisoformat(text) if len(text) == 10 else text
    except ValueError:
        return text


def _from_time(text: str) -> datetime.time | str:
    match = _TIME.fullmatch(text)
    if match and not text.startswith("24"):
        # fromisoformat of Python 3.10 and older takes three or six decimals only.
        return datetime.time.fromisoformat(text if match[1] is None else text[:8] + match[1].ljust(7, "0"))
    return text


def _from_timestamp(timestamp: Any) -> datetime.datetime | str:
    seconds, micros = timestamp.seconds, timestamp.nanos // 1000
    try:
        return _EPOCH + datetime.timedelta(seconds=seconds, microseconds=micros)
    except OverflowError:
        days, second = divmod(seconds, 86400)
        year, month, day = civil_from_days(days)
        shown = year if year > 0 else 1 - year
        fraction = f".{micros:06}" if micros else ""
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{fraction}"
        return f"{shown:04}-{month:02}-{day:02}T{clock}Z" + ("" if year > 0 else " BC")


_READERS: dict[str, Callable[[Any], Any]] = {
    "null_value": lambda _: None,
    "bool_value": lambda value: value,
    "int_value": lambda value: value,
    "double_value": lambda value: value,
    "text_value": lambda value: value,
    "bytes_value": lambda value: value,
    "timestamp_value": _from_timestamp,
    "decimal_value": decimal.Decimal,
    "uuid_value": uuid.UUID,
    "date_value": _from_date,
    "time_value": _from_time,
    "json_value": parse_json,
    "array_value": lambda array: [from_value(value) for value in array.values],
}


def days_from_civil(year: int, month: int, day: int) -> int:
    """Returns the days from 1970-01-01 to a date of the Gregorian calendar; year 0 is 1 BC. Any year."""
    # Every 400 years are alike, so the date is moved to where Python's calendar reaches.
    cycles = (year - 2000) // 400
    return (datetime.date(year - cycles * 400, month, day) - _EPOCH.date()).days + cycles * 146097


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Returns the year, month and day that lie a number of days after 1970-01-01; year 0 is 1 BC. Any number."""
    cycles, rest = divmod(days - days_from_civil(2000, 1, 1), 146097)
    date = datetime.date(2000, 1, 1) + datetime.timedelta(days=rest)
    return date.year + cycles * 400, date.month, date.day
