"""Aggregate and exists documents: what they become, and where mistakes are found."""

import pytest
from google.protobuf import text_format

from rowan import DocumentError, document
from rowan._generated.rowan.v1 import data_service_pb2 as service

A_IS_1 = 'where { field { field: "a" operator: OPERATOR_EQ value { int_value: 1 } } }'
AGGREGATES = [
    ({}, ""),
    ({"select": None, "where": None, "group_by": None, "order_by": None, "having": None, "limit": None}, ""),
    ({"where": {"a": 1}}, A_IS_1),
    ({"where": {}, "having": {}}, ""),
    ({"group_by": "a"}, 'group_by { field: "a" }'),
    (
        {"group_by": ["a", "r.q.b", {"c": "r.d"}]},
        'group_by { field: "a" } group_by { relations: "r" relations: "q" field: "b" } '
        'group_by { relations: "r" field: "d" alias: "c" }',
    ),
    ({"group_by": {"c": "a"}}, 'group_by { field: "a" alias: "c" }'),
    ({"select": {"n": {"count": True}}}, 'select { alias: "n" aggregate { function: AGGREGATE_FUNCTION_COUNT } }'),
    (
        {"select": {"n": {"count": "a", "distinct": True}, "s": {"sum": "a", "where": {"a": 1}}}},
        'select { alias: "n" aggregate { function: AGGREGATE_FUNCTION_COUNT field: "a" distinct: true } } '
        f'select {{ alias: "s" aggregate {{ function: AGGREGATE_FUNCTION_SUM field: "a" }} {A_IS_1} }}',
    ),
    (
        {"select": {"n": {"avg": "a"}, "m": {"min": "a"}, "x": {"max": "a", "distinct": False}}},
        " ".join(
            f'select {{ alias: "{name}" aggregate {{ function: AGGREGATE_FUNCTION_{function} field: "a" }} }}'
            for name, function in (("n", "AVG"), ("m", "MIN"), ("x", "MAX"))
        ),
    ),
    (
        {"having": {"a": 1}, "order_by": [{"r.b": "desc"}, "a"], "limit": 10, "offset": 0},
        A_IS_1.replace("where", "having") + ' order_by { field: "r.b" direction: DIRECTION_DESC } '
        'order_by { field: "a" direction: DIRECTION_ASC } page { limit: 10 offset: 0 }',
    ),
]


@pytest.mark.parametrize("body, proto", AGGREGATES)
def test_aggregates(body, proto):
    expected = text_format.Parse('schema: "s" model: "M" ' + proto, service.AggregateRequest())
    assert document.aggregate_request("s", "M", body) == expected


@pytest.mark.parametrize("body, proto", [({}, ""), ({"where": {}}, ""), ({"where": {"a": 1}}, A_IS_1)])
def test_exists(body, proto):
    expected = text_format.Parse('schema: "s" model: "M" ' + proto, service.ExistsRequest())
    assert document.exists_request("s", "M", body) == expected


MISTAKES = [
    ("aggregate", [], "", "an object"),
    ("aggregate", {"groupby": "a"}, "groupby", '"group_by"'),
    ("aggregate", {"cursor": "c"}, "cursor", "no key of an aggregate document"),
    ("aggregate", {"distinct_on": "a"}, "distinct_on", "no key"),
    ("aggregate", {"group_by": [5]}, "group_by[0]", "a field's name"),
    ("aggregate", {"group_by": [{"a": "b", "c": "d"}]}, "group_by[0]", "one {name: field}"),
    ("aggregate", {"group_by": {"a": True}}, "group_by.a", "a field's name"),
    ("aggregate", {"group_by": "r..a"}, "group_by", "dots between"),
    ("aggregate", {"group_by": ["a", "r."]}, "group_by[1]", "dots between"),
    ("aggregate", {"group_by": ""}, "group_by", "dots between"),
    ("aggregate", {"select": ["n"]}, "select", "a list"),
    ("aggregate", {"select": {"n": True}}, "select.n", "a column"),
    ("aggregate", {"select": {"n": {}}}, "select.n", "needs one function"),
    ("aggregate", {"select": {"n": {"sum": "a", "avg": "a"}}}, "select.n", "needs one function"),
    ("aggregate", {"select": {"n": {"sun": "a"}}}, "select.n.sun", '"sum"'),
    ("aggregate", {"select": {"n": {"sum": True}}}, "select.n.sum", "a field's name"),
    ("aggregate", {"select": {"n": {"count": False}}}, "select.n.count", "a field's name"),
    ("aggregate", {"select": {"n": {"count": "a", "distinct": "yes"}}}, "select.n.distinct", "true or false"),
    ("aggregate", {"select": {"n": {"count": True, "where": 5}}}, "select.n.where", "a filter"),
    ("aggregate", {"select": {5: {"count": True}}}, "select", "no text"),
    ("aggregate", {"having": []}, "having", "a filter"),
    ("aggregate", {"having": {"n": {"gt": object()}}}, "having.n.gt", "not a value"),
    ("aggregate", {"order_by": {"r.b": "down"}}, "order_by.r.b", "asc, desc"),
    ("aggregate", {"limit": 1.5}, "limit", "whole number"),
    ("exists", 5, "", "an object"),
    ("exists", {"select": {}}, "select", "no key of an exists document"),
    ("exists", {"where": 5}, "where", "a filter"),
]


@pytest.mark.parametrize("verb, body, path, said", MISTAKES)
def test_mistakes_are_found_at_their_path(verb, body, path, said):
    with pytest.raises(DocumentError) as caught:
        document.explain_request(verb, "s", "M", body)
    assert caught.value.path == path
    assert said in caught.value.message
