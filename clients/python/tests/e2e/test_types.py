"""Every type at its extremes, written and read back through a real server."""

import datetime
import decimal
import math
import uuid

import pytest
from conftest import registered

import rowan

UTC = datetime.timezone.utc
D = decimal.Decimal
TYPES = {
    "i16": "int16",
    "i32": "int32",
    "i64": "int64",
    "f32": "float32",
    "f64": "float64",
    "num": "decimal",
    "money": "decimal(12,2)",
    "flag": "bool",
    "short": "string(5)",
    "str": "string",
    "txt": "text",
    "raw": "bytes",
    "uid": "uuid",
    "day": "date",
    "clock": "time",
    "at": "timestamp",
    "doc": "json",
    "ints": "int64[]",
    "texts": "text[]",
    "nums": "decimal[]",
    "days": "date[]",
    "uids": "uuid[]",
}


@pytest.fixture(scope="module")
def types(live, unique):
    fields = {name: {"type": kind, "nullable": True, "optional": True} for name, kind in TYPES.items()}
    fields["mood"] = {"type": "enum", "labels": ["sad", "ok"], "nullable": True, "optional": True}
    models = {"Thing": {"fields": {"id": {"type": "auto_increment", "primary": True}, **fields}}}
    return registered(live, {"models": models}, unique + "_types")


# A field, what is written, and what is read when that differs.
EXACT = [
    ("i16", -(2**15)),
    ("i16", 2**15 - 1),
    ("i32", -(2**31)),
    ("i32", 2**31 - 1),
    ("i64", -(2**63)),
    ("i64", 2**63 - 1),
    ("i64", 2**53 + 1),
    ("i64", 0),
    ("f64", 0.1),
    ("f64", 5e-324),
    ("f64", 1.7976931348623157e308),
    ("f64", math.inf),
    ("f64", -math.inf),
    ("f64", 7, 7.0),
    ("f32", 0.5),
    ("f32", -math.inf),
    ("f32", 3.4028234663852886e38),
    ("num", D("0.10000000000000000000000000000000000001")),
    ("num", D("-12.3400")),
    ("num", D("9" * 200)),
    ("num", D("1E-50")),
    ("num", D("Infinity")),
    ("num", 2**70, D(2**70)),
    ("num", 5, D(5)),
    ("money", D("9999999999.99")),
    ("money", "1.5", D("1.50")),
    ("flag", True),
    ("flag", False),
    ("short", "äöü€🏔"),
    ("str", ""),
    ("str", " padded "),
    ("txt", "line\nline\ttab\\"),
    ("mood", "ok"),
    ("raw", bytes(range(256))),
    ("raw", b""),
    ("raw", {"$bytes": "AP8="}, b"\x00\xff"),
    ("uid", uuid.UUID(int=2**128 - 1)),
    ("uid", "00000000-0000-0000-0000-00000000000A", uuid.UUID(int=10)),
    ("day", datetime.date(1, 1, 1)),
    ("day", datetime.date(9999, 12, 31)),
    ("day", "2024-02-29", datetime.date(2024, 2, 29)),
    ("day", {"$date": "0044-03-15 BC"}, "0044-03-15 BC"),
    ("day", {"$date": "infinity"}, "infinity"),
    ("clock", datetime.time(0)),
    ("clock", datetime.time(23, 59, 59, 999999)),
    ("clock", {"$time": "24:00:00"}, "24:00:00"),
    ("at", datetime.datetime(2024, 5, 1, 12, 0, 0, 1, tzinfo=UTC)),
    ("at", datetime.datetime.max.replace(tzinfo=UTC)),
    ("at", datetime.datetime(1, 1, 1, tzinfo=UTC)),
    ("at", datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    (
        "at",
        datetime.datetime(2024, 5, 1, 14, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        datetime.datetime(2024, 5, 1, 12, tzinfo=UTC),
    ),
    ("at", {"$timestamp": "infinity"}, "infinity"),
    ("at", {"$timestamp": "294276-12-31T23:59:59.999999Z"}, "294276-12-31T23:59:59.999999Z"),
    ("doc", {"a": [1, None, {"b": "ü"}]}),
    ("doc", {}),
    ("doc", {"$json": [1, 2]}, [1, 2]),
    ("doc", {"$json": "text"}, "text"),
    ("doc", {"$json": {"create": 1}}, {"create": 1}),
    ("doc", {"$json": D("1.2345678901234567890123")}, D("1.2345678901234567890123")),
    ("ints", [1, None, -(2**63)]),
    ("ints", []),
    ("texts", ["", None, "a,b", '"', "{}", "NULL"]),
    ("nums", [D("1.50"), None]),
    ("days", [datetime.date(2024, 2, 29), None]),
    ("uids", [uuid.UUID(int=1)]),
]


@pytest.mark.parametrize("case", EXACT, ids=lambda case: f"{case[0]}-{str(case[1])[:24]}")
def test_values_arrive_exactly(live, types, case):
    field, written, *rest = case
    expected = rest[0] if rest else written
    done = live.insert(types, "Thing", {"data": {field: written}, "returning": {"id": True, field: True}})
    key, value = done.records[0]["id"], done.records[0][field]
    (read,) = live.get(types, "Thing", {"select": {field: True}, "where": {"id": key}})
    for found in (value, read[field]):
        assert found == expected and type(found) is type(expected)
        if isinstance(expected, D):
            assert format(found, "f") == format(expected, "f")  # zeros at the end count too


def test_not_a_number_and_negative_zero(live, types):
    row = {"f64": math.nan, "f32": {"$double": "NaN"}, "num": D("NaN")}
    (record,) = live.insert(types, "Thing", {"data": row, "returning": {name: True for name in row}}).records
    assert math.isnan(record["f64"]) and math.isnan(record["f32"]) and record["num"].is_nan()
    (record,) = live.insert(types, "Thing", {"data": {"f64": -0.0}, "returning": {"f64": True}}).records
    assert math.copysign(1, record["f64"]) == -1


def test_null_in_every_type(live, types):
    names = [*TYPES, "mood"]
    (record,) = live.insert(types, "Thing", {"data": {name: None for name in names}, "returning": {"*": True}}).records
    assert all(record[name] is None for name in names)
    key = record["id"]
    for name in names:
        assert live.get(types, "Thing", {"select": {"id": True}, "where": {"id": key, name: {"isNull": True}}}) == [
            {"id": key}
        ]


@pytest.mark.parametrize(
    "field, operator, value",
    [
        ("i64", "eq", 2**53 + 1),
        ("num", "gte", D("0.1")),
        ("at", "lt", datetime.datetime(2030, 1, 1, tzinfo=UTC)),
        ("day", "in", [datetime.date(2024, 2, 29)]),
        ("uid", "eq", uuid.UUID(int=10)),
        ("raw", "eq", b"\x01"),
        ("clock", "gt", datetime.time(1)),
        ("flag", "ne", False),
        ("txt", "endsWith", "%_"),
        ("f64", "lte", 0.5),
    ],
)
def test_filters_take_python_values(live, types, field, operator, value):
    row = {
        "i64": 2**53 + 1,
        "num": D("0.1"),
        "at": datetime.datetime(2029, 1, 1, tzinfo=UTC),
        "day": datetime.date(2024, 2, 29),
        "uid": uuid.UUID(int=10),
        "raw": b"\x01",
        "clock": datetime.time(2),
        "flag": True,
        "txt": "a%_",
        "f64": 0.5,
    }
    key = live.insert(types, "Thing", row).records[0]["id"]
    where = {"id": key, field: {operator: value}}
    assert live.get(types, "Thing", {"select": {"id": True}, "where": where}) == [{"id": key}]
    assert (
        live.get(types, "Thing", {"select": {"id": True}, "where": {**where, "NOT": {field: {operator: value}}}}) == []
    )


@pytest.mark.parametrize(
    "field, value, reason",
    [
        ("i16", 2**15, "VALUE_OUT_OF_RANGE"),
        ("i32", -(2**31) - 1, "VALUE_OUT_OF_RANGE"),
        ("i64", "x", "TYPE_MISMATCH"),
        ("flag", 1, "TYPE_MISMATCH"),
        ("short", "123456", "VALUE_OUT_OF_RANGE"),
        ("mood", "glad", "VALUE_OUT_OF_RANGE"),
        ("uid", "no", "MALFORMED_VALUE"),
        ("day", "2023-02-29", "MALFORMED_VALUE"),
        ("raw", "text", "TYPE_MISMATCH"),
        ("ints", [1, "x"], "TYPE_MISMATCH"),
        ("txt", "\x00", "MALFORMED_VALUE"),
        ("num", "1,5", "MALFORMED_VALUE"),
    ],
)
def test_values_that_do_not_fit_are_refused_at_their_field(live, types, field, value, reason):
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        live.insert(types, "Thing", {field: value})
    assert caught.value.reason == reason and caught.value.path.startswith(f"data.{field}")
