"""Selections, orders and pages: what they become, and where mistakes are found."""

import pytest
from google.protobuf import text_format

from rowan import DocumentError, document
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import query_pb2 as query


def read(**parts):
    return document.read_request("s", "M", {"select": {"id": True}, **parts})


SELECTIONS = [
    ({}, ""),
    ({"a": True, "b": False, "*": True}, 'fields: "a" fields: "*"'),
    ({"role": {"name": True}}, 'relations { relation: "role" selection { fields: "name" } }'),
    ({"role": {}}, 'relations { relation: "role" selection { } }'),
    (
        {"posts": {"select": {"t": True}, "limit": 3, "offset": 0, "order_by": {"t": "desc"}, "where": {"t": 1}}},
        'relations { relation: "posts" selection { fields: "t" } page { limit: 3 offset: 0 } '
        'order_by { field: "t" direction: DIRECTION_DESC } '
        'where { field { field: "t" operator: OPERATOR_EQ value { int_value: 1 } } } }',
    ),
    (
        {"recent": {"relation": "posts", "select": {"t": True}}},
        'relations { relation: "posts" alias: "recent" selection { fields: "t" } }',
    ),
    (
        {"x": {"relation": True, "select": True}},
        'relations { relation: "x" selection { fields: "relation" fields: "select" } }',
    ),
    (
        {"x": {"select": {"select": {"a": True}}}},
        'relations { relation: "x" selection { relations { relation: "select" selection { fields: "a" } } } }',
    ),
]


@pytest.mark.parametrize("selection, proto", SELECTIONS)
def test_selections(selection, proto):
    assert document.read_request("s", "M", {"select": selection}).select == text_format.Parse(proto, query.Selection())


ORDERS = [
    ([{"a": "asc"}, {"b": "desc"}], [("a", 1), ("b", 2)]),
    ({"a": "desc"}, [("a", 2)]),
    ("a", [("a", 1)]),
    (["a", {"b": "asc"}], [("a", 1), ("b", 1)]),
    ([], []),
]


@pytest.mark.parametrize("order, entries", ORDERS)
def test_orders(order, entries):
    assert [(entry.field, entry.direction) for entry in read(order_by=order).order_by] == entries


def test_pages_tell_zero_from_unset():
    page = read(limit=0).page
    assert page.HasField("limit") and not page.HasField("offset")


def test_a_stream_takes_a_mode_and_a_token_and_no_cursor():
    body = {"select": {"a": True}, "limit": 5, "distinct_on": "a", "strategy": "by_level", "resume_token": "t"}
    request = document.stream_request("s", "M", {**body, "mode": "keyset"})
    assert request == text_format.Parse(
        'schema: "s" model: "M" select { fields: "a" } page { limit: 5 } distinct_on: "a" '
        'strategy: STRATEGY_BY_LEVEL mode: STREAM_MODE_KEYSET resume_token: "t"',
        service.StreamRequest(),
    )
    assert document.stream_request("s", "M", body).mode == service.STREAM_MODE_UNSPECIFIED
    for key in ("cursor", "backward", "total"):
        with pytest.raises(DocumentError, match="no key of a read document of a stream") as caught:
            document.stream_request("s", "M", {**body, key: "x"})
        assert caught.value.path == key


LISTS = [
    (
        {"limit": 5, "cursor": "c", "backward": True, "total": "exact"},
        'page { limit: 5 cursor: "c" backward: true total: TOTAL_EXACT }',
    ),
    ({"total": "estimated"}, "page { total: TOTAL_ESTIMATED }"),
    ({"total": "none"}, "page { total: TOTAL_NONE }"),
    ({"distinct_on": "a"}, 'distinct_on: "a"'),
    ({"distinct_on": ["a", "*"]}, 'distinct_on: "a" distinct_on: "*"'),
    ({"cursor": None, "backward": None, "total": None, "distinct_on": None, "limit": None}, ""),
]


@pytest.mark.parametrize("parts, proto", LISTS)
def test_lists_are_read_alike_at_the_root_and_below(parts, proto):
    root = text_format.Parse('schema: "s" model: "M" select { fields: "id" } ' + proto, service.GetRequest())
    assert read(**parts) == root
    nested = f'relations {{ relation: "r" selection {{ fields: "a" }} {proto} }}'
    made = document.read_request("s", "M", {"select": {"r": {"select": {"a": True}, **parts}}}).select
    assert made == text_format.Parse(nested, query.Selection())


@pytest.mark.parametrize("word, number", [("nested", 1), ("by_level", 2), ("tagged", 3), (None, 0)])
def test_strategies(word, number):
    assert read(strategy=word).strategy == number


COUNTS = [
    ({"_count": {"r": True, "q": False}}, 'counts { relation: "r" }'),
    ({"_count": {"r": {}}}, 'counts { relation: "r" }'),
    ({"_count": {}}, ""),
    ({"_count": True}, 'fields: "_count"'),
    (
        {"_count": {"r": {"where": {"a": 1}}, "d": {"relation": "r"}}},
        'counts { relation: "r" where { field { field: "a" operator: OPERATOR_EQ value { int_value: 1 } } } } '
        'counts { relation: "r" alias: "d" }',
    ),
    ({"_count": {"r": {"where": {}}}}, 'counts { relation: "r" }'),
    (
        {"x": {"relation": "_count", "select": {"a": True}}},
        'relations { relation: "_count" alias: "x" selection { fields: "a" } }',
    ),
    (
        {"r": {"a": True, "_count": {"q": True}}},
        'relations { relation: "r" selection { fields: "a" counts { relation: "q" } } }',
    ),
]


@pytest.mark.parametrize("selection, proto", COUNTS)
def test_counts(selection, proto):
    assert document.read_request("s", "M", {"select": selection}).select == text_format.Parse(proto, query.Selection())


MORE_ORDERS = [
    ({"a": {"direction": "desc", "nulls": "last"}}, 'field: "a" direction: DIRECTION_DESC nulls: NULLS_LAST'),
    ({"a": {"nulls": "first"}}, 'field: "a" direction: DIRECTION_ASC nulls: NULLS_FIRST'),
    ({"a": {"direction": "asc"}}, 'field: "a" direction: DIRECTION_ASC'),
    ({"r": {"a": "desc"}}, 'relations: "r" field: "a" direction: DIRECTION_DESC'),
    (
        {"r": {"q": {"a": {"nulls": "last"}}}},
        'relations: "r" relations: "q" field: "a" direction: DIRECTION_ASC nulls: NULLS_LAST',
    ),
    (
        {"r": {"_count": "desc"}},
        'relations: "r" aggregate { function: AGGREGATE_FUNCTION_COUNT } direction: DIRECTION_DESC',
    ),
    (
        {"r": {"_count": {"nulls": "last"}}},
        'relations: "r" aggregate { function: AGGREGATE_FUNCTION_COUNT } direction: DIRECTION_ASC nulls: NULLS_LAST',
    ),
    (
        {"q": {"r": {"_max": {"a": {"direction": "desc", "nulls": "last"}}}}},
        'relations: "q" relations: "r" aggregate { function: AGGREGATE_FUNCTION_MAX field: "a" } '
        "direction: DIRECTION_DESC nulls: NULLS_LAST",
    ),
    (
        {"r": {"_count": {"a": "asc"}}},
        'relations: "r" aggregate { function: AGGREGATE_FUNCTION_COUNT field: "a" } direction: DIRECTION_ASC',
    ),
    (
        {"r": {"_sum": {"nulls": "asc"}}},
        'relations: "r" aggregate { function: AGGREGATE_FUNCTION_SUM field: "nulls" } direction: DIRECTION_ASC',
    ),
    ({"_count": "asc"}, 'field: "_count" direction: DIRECTION_ASC'),
]


@pytest.mark.parametrize("order, proto", MORE_ORDERS)
def test_orders_by_what_is_related(order, proto):
    assert list(read(order_by=[order, "z"]).order_by)[0] == text_format.Parse(proto, query.OrderBy())
    assert read(order_by=order).order_by[0] == text_format.Parse(proto, query.OrderBy())


MISTAKES = [
    ({"cursor": 5}, "cursor", "a cursor"),
    ({"backward": "yes"}, "backward", "true or false"),
    ({"total": "exakt"}, "total", '"exact"'),
    ({"total": True}, "total", "none, exact, estimated"),
    ({"distinct_on": {"a": True}}, "distinct_on", "a field's name"),
    ({"distinct_on": ["a", 5]}, "distinct_on[1]", "a field's name"),
    ({"strategy": "by-level"}, "strategy", '"by_level"'),
    ({"mode": "keyset"}, "mode", "no key"),
    ({"resume_token": "t"}, "resume_token", "no key"),
    ({"select": {"_count": {"r": 5}}}, "select._count.r", "true, false or an object"),
    ({"select": {"_count": 5}}, "select._count", "true, false or an object"),
    ({"select": {"_count": {"r": {"wher": {}}}}}, "select._count.r.wher", '"where"'),
    ({"select": {"_count": {"r": {"relation": 5}}}}, "select._count.r.relation", "a relation's name"),
    ({"select": {"_count": {"r": {"where": {"a": {"in": object()}}}}}}, "select._count.r.where.a.in", "not a value"),
    ({"select": {"r": {"select": {}, "total": 5}}}, "select.r.total", "a total"),
    ({"select": {"r": {"select": {}, "mode": "keyset"}}}, "select.r.mode", "no key"),
    ({"order_by": {"a": {}}}, "order_by.a", "one entry"),
    ({"order_by": {"a": None}}, "order_by.a", "asc, desc"),
    ({"order_by": [{"a": {"nulls": "lats"}}]}, "order_by[0].a.nulls", '"last"'),
    ({"order_by": [{"a": {"direction": 1, "nulls": "last"}}]}, "order_by[0].a.direction", "asc, desc"),
    ({"order_by": {"r": {"a": "asc", "b": "asc"}}}, "order_by.r", "one entry"),
    ({"order_by": {"r": {"_max": "desc"}}}, "order_by.r._max", "one {field: asc}"),
    ({"order_by": {"r": {"_max": {"a": {"b": "asc"}}}}}, "order_by.r._max.a.b", "no key of a direction"),
    ({"order_by": {"r": {"_count": 5}}}, "order_by.r._count", "asc, desc"),
]


@pytest.mark.parametrize("parts, path, said", MISTAKES)
def test_mistakes_are_found_at_their_path(parts, path, said):
    with pytest.raises(DocumentError) as caught:
        read(**parts)
    assert caught.value.path == path
    assert said in caught.value.message
