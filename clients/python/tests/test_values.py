"""Values in both directions, at the extremes of each type."""

import datetime
import decimal
import enum
import math
import types
import uuid

import pytest

from rowan import DocumentError, values
from rowan._generated.rowan.v1 import value_pb2 as pb

UTC = datetime.timezone.utc
D = decimal.Decimal


class Color(str, enum.Enum):
    RED = "red"


# A Python or document value, the kind of Value it must become, that kind's content, and what comes back as a result.
IN_AND_OUT = [
    (None, "null_value", 0, None),
    (True, "bool_value", True, True),
    (False, "bool_value", False, False),
    (0, "int_value", 0, 0),
    (2**63 - 1, "int_value", 2**63 - 1, 2**63 - 1),
    (-(2**63), "int_value", -(2**63), -(2**63)),
    (2**63, "decimal_value", "9223372036854775808", D(2**63)),
    (1.5, "double_value", 1.5, 1.5),
    (-0.0, "double_value", -0.0, -0.0),
    (5e-324, "double_value", 5e-324, 5e-324),
    (math.inf, "double_value", math.inf, math.inf),
    ("", "text_value", "", ""),
    ("a\x00b", "text_value", "a\x00b", "a\x00b"),
    ("Zürich 🏔", "text_value", "Zürich 🏔", "Zürich 🏔"),
    (Color.RED, "text_value", "red", "red"),
    (b"\x00\xff", "bytes_value", b"\x00\xff", b"\x00\xff"),
    (bytearray(b"ab"), "bytes_value", b"ab", b"ab"),
    (memoryview(b"ab"), "bytes_value", b"ab", b"ab"),
    (D("-12.3400"), "decimal_value", "-12.3400", D("-12.3400")),
    (D("1E+3"), "decimal_value", "1000", D(1000)),
    (D("1E-7"), "decimal_value", "0.0000001", D("0.0000001")),
    (D("Infinity"), "decimal_value", "Infinity", D("Infinity")),
    (D("-Infinity"), "decimal_value", "-Infinity", D("-Infinity")),
    (D("9" * 1000), "decimal_value", "9" * 1000, D("9" * 1000)),
    (uuid.UUID(int=0xAB), "uuid_value", "00000000-0000-0000-0000-0000000000ab", uuid.UUID(int=0xAB)),
    (datetime.date(1, 1, 1), "date_value", "0001-01-01", datetime.date(1, 1, 1)),
    (datetime.date(9999, 12, 31), "date_value", "9999-12-31", datetime.date(9999, 12, 31)),
    (datetime.time(23, 59, 59, 999999), "time_value", "23:59:59.999999", datetime.time(23, 59, 59, 999999)),
    (datetime.time(0), "time_value", "00:00:00", datetime.time(0)),
    ({"$date": "0044-03-15 BC"}, "date_value", "0044-03-15 BC", "0044-03-15 BC"),
    ({"$date": "infinity"}, "date_value", "infinity", "infinity"),
    ({"$date": "12024-01-01"}, "date_value", "12024-01-01", "12024-01-01"),
    ({"$time": "24:00:00"}, "time_value", "24:00:00", "24:00:00"),
    ({"$time": "12:00:00.5"}, "time_value", "12:00:00.5", datetime.time(12, 0, 0, 500000)),
    ({"$timestamp": "infinity"}, "text_value", "infinity", "infinity"),
    ({"$bytes": "AP8="}, "bytes_value", b"\x00\xff", b"\x00\xff"),
    ({"$bytes": b"\x01"}, "bytes_value", b"\x01", b"\x01"),
    ({"$int": "-7"}, "int_value", -7, -7),
    ({"$int": 7}, "int_value", 7, 7),
    ({"$double": "-Infinity"}, "double_value", -math.inf, -math.inf),
    ({"$double": 3}, "double_value", 3.0, 3.0),
    ({"$decimal": "1.50"}, "decimal_value", "1.50", D("1.50")),
    ({"$decimal": 0.1}, "decimal_value", "0.1", D("0.1")),
    ({"$text": "5"}, "text_value", "5", "5"),
    (
        {"$uuid": "F0000000-0000-0000-0000-00000000000A"},
        "uuid_value",
        "F0000000-0000-0000-0000-00000000000A",
        uuid.UUID("f0000000-0000-0000-0000-00000000000a"),
    ),
    ({"$json": None}, "json_value", "null", None),
    ({"$json": [1, {"create": 2}]}, "json_value", '[1,{"create":2}]', [1, {"create": 2}]),
    ({"$json": {"$bytes": "x"}}, "json_value", '{"$bytes":"x"}', {"$bytes": "x"}),
    ({"$json": "text"}, "json_value", '"text"', "text"),
    ({"a": D("1.10"), "b": 'ü"\\\n'}, "json_value", '{"a":1.10,"b":"ü\\"\\\\\\n"}', {"a": 1.1, "b": 'ü"\\\n'}),
    (types.MappingProxyType({"a": 1}), "json_value", '{"a":1}', {"a": 1}),
    ({}, "json_value", "{}", {}),
    ([[1], 2], "json_value", "[[1],2]", [[1], 2]),
    ([{"a": 1}], "json_value", '[{"a":1}]', [{"a": 1}]),
]


@pytest.mark.parametrize("value, kind, content, back", IN_AND_OUT)
def test_value_becomes_its_kind_and_comes_back(value, kind, content, back):
    made = values.to_value(value)
    assert made.WhichOneof("kind") == kind
    assert getattr(made, kind) == content
    result = values.from_value(pb.Value.FromString(made.SerializeToString()))
    assert result == back and type(result) is type(back)


def test_nans_are_carried():
    assert math.isnan(values.from_value(values.to_value(math.nan)))
    assert math.isnan(values.from_value(values.to_value({"$double": "NaN"})))
    assert values.from_value(values.to_value(D("NaN"))).is_nan()
    assert math.copysign(1, values.from_value(values.to_value(-0.0))) == -1


TIMESTAMPS = [
    (datetime.datetime(1970, 1, 1, tzinfo=UTC), 0, 0),
    (datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), -1, 999999000),
    (
        datetime.datetime(2024, 5, 1, 14, 0, 0, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        1714564800,
        1000,
    ),
    (datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=14))), -62135596800 - 14 * 3600, 0),
    (datetime.datetime.max.replace(tzinfo=UTC), 253402300799, 999999000),
    ({"$timestamp": "2024-02-29T12:00:00.000001Z"}, 1709208000, 1000),
    ({"$timestamp": "2024-02-29 12:00:00-01:30"}, 1709208000 + 5400, 0),
    ({"$timestamp": "294276-12-31T23:59:59.999999Z"}, 9224318015999, 999999000),
    ({"$timestamp": "4713-11-24T00:00:00Z BC"}, -210866803200 + 366 * 86400, 0),
]


@pytest.mark.parametrize("value, seconds, nanos", TIMESTAMPS)
def test_instants_are_exact(value, seconds, nanos):
    made = values.to_value(value).timestamp_value
    assert (made.seconds, made.nanos) == (seconds, nanos)


@pytest.mark.parametrize(
    "text, back",
    [
        ("2024-05-01T12:00:00.000001Z", datetime.datetime(2024, 5, 1, 12, 0, 0, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime.datetime.min.replace(tzinfo=UTC)),
        ("0001-12-31T23:59:59.999999Z BC", "0001-12-31T23:59:59.999999Z BC"),
        ("10000-01-01T00:00:00Z", "10000-01-01T00:00:00Z"),
        ("294276-12-31T23:59:59.999999Z", "294276-12-31T23:59:59.999999Z"),
    ],
)
def test_instants_come_back_as_datetime_or_as_text_where_python_ends(text, back):
    assert values.from_value(values.to_value({"$timestamp": text})) == back


def test_arrays_hold_scalars_and_nulls():
    made = values.to_value([1, None, D("1.5"), {"$uuid": str(uuid.UUID(int=1))}])
    assert [item.WhichOneof("kind") for item in made.array_value.values] == [
        "int_value",
        "null_value",
        "decimal_value",
        "uuid_value",
    ]
    assert values.from_value(made) == [1, None, D("1.5"), uuid.UUID(int=1)]
    empty = values.to_value([])
    assert empty.WhichOneof("kind") == "array_value" and values.from_value(empty) == []
    assert values.from_value(values.to_value({"$array": ()})) == []
    assert values.from_value(values.to_value((b"a", None))) == [b"a", None]


def test_json_numbers_become_floats_only_when_nothing_is_lost():
    big = "123456789012345678901234567890"
    assert values.parse_json(f"[{big}, 0.1, 1e2, 0.12345678901234567890123, 1e400]") == [
        int(big),
        0.1,
        100.0,
        D("0.12345678901234567890123"),
        D("1E+400"),
    ]


REFUSED = [
    (object(), "v", "not a value"),
    ({1, 2}, "v", "not a value"),
    (1j, "v", "not a value"),
    ("\ud800", "v", "surrogate"),
    (D("sNaN"), "v", "signalling"),
    (D("1E+200000"), "v", "digits"),
    (D("1E-20000"), "v", "digits"),
    (datetime.datetime(2024, 1, 1), "v", "time zone"),
    (datetime.time(1, tzinfo=UTC), "v", "time zone"),
    ([1, object()], "v[1]", "not a value"),
    ({"$bytse": ""}, "v", '"$bytes"'),
    ({"$bytes": "A"}, "v.$bytes", "base64"),
    ({"$bytes": "A\nA=="}, "v.$bytes", "base64"),
    ({"$bytes": 5}, "v.$bytes", "int"),
    ({"$int": "1.0"}, "v.$int", "whole"),
    ({"$int": str(2**63)}, "v.$int", "whole"),
    ({"$int": 2**63}, "v.$int", "outside"),
    ({"$int": True}, "v.$int", "bool"),
    ({"$int": "١"}, "v.$int", "whole"),
    ({"$double": "nan"}, "v.$double", "number"),
    ({"$double": 10**400}, "v.$double", "large"),
    ({"$double": None}, "v.$double", "NoneType"),
    ({"$decimal": "1,5"}, "v.$decimal", "decimal"),
    ({"$decimal": "1e999999999"}, "v.$decimal", "digits"),
    ({"$timestamp": "2024-02-30T00:00:00Z"}, "v.$timestamp", "instant"),
    ({"$timestamp": "2024-13-01T00:00:00Z"}, "v.$timestamp", "instant"),
    ({"$timestamp": "2024-01-01T24:00:00Z"}, "v.$timestamp", "instant"),
    ({"$timestamp": "2024-01-01T00:00:00"}, "v.$timestamp", "instant"),
    ({"$timestamp": datetime.datetime(2024, 1, 1)}, "v.$timestamp", "time zone"),
    ({"$uuid": 5}, "v.$uuid", "int"),
    ({"$array": 5}, "v.$array", "list"),
    ({"$array": [[1]]}, "v.$array[0]", "no arrays"),
    ({"$array": [{"$array": []}]}, "v.$array[0]", "no arrays"),
    ({"$json": b"x"}, "v.$json", "bytes"),
    ({"$json": math.nan}, "v.$json", "nan"),
    ({"a": {"b": [D("NaN")]}}, "v.a.b[0]", "Decimal"),
    ({"a": 1, 2: 3}, "v", "no text"),
]


@pytest.mark.parametrize("value, path, said", REFUSED)
def test_what_no_kind_carries_is_refused_at_its_path(value, path, said):
    with pytest.raises(DocumentError) as caught:
        values.to_value(value, "v")
    assert caught.value.path == path
    assert said in caught.value.message


def test_depth_is_limited():
    nested: list = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(DocumentError, match="nested more than"):
        values.to_value(nested)
    with pytest.raises(ValueError, match="too deep"):
        values.parse_json("[" * 100_000 + "]" * 100_000)


def test_a_value_without_a_kind_is_refused():
    with pytest.raises(ValueError, match="no kind"):
        values.from_value(pb.Value())


@pytest.mark.parametrize("days", [-2_500_000, -719_529, -719_528, -1, 0, 59, 11_016, 2_932_896, 107_000_000])
def test_civil_dates_and_days_are_inverse(days):
    assert values.days_from_civil(*values.civil_from_days(days)) == days
