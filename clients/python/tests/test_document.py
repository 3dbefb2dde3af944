"""Documents of reads and writes: what they become, and where mistakes are found."""

import pytest
from google.protobuf import text_format

from rowan import DocumentError, document, nodes
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation

RECORDS = [
    ({}, ""),
    ({"a": 1}, 'values { key: "a" value { int_value: 1 } }'),
    ({"a": {}}, 'values { key: "a" value { json_value: "{}" } }'),
    ({"a": {"create": 1, "x": 2}}, 'values { key: "a" value { json_value: "{\\"create\\":1,\\"x\\":2}" } }'),
    ({"r": {"connect": 1}}, 'relations { key: "r" value { connect { primary { int_value: 1 } } } }'),
    (
        {"r": {"connect": ["a1", {"name": "x"}], "disconnect": [4]}},
        'relations { key: "r" value { connect { primary { text_value: "a1" } } '
        'connect { fields { key: "name" value { text_value: "x" } } } disconnect { primary { int_value: 4 } } } }',
    ),
    (
        {"r": {"connect": [[1, 2], [1, 3]]}},
        'relations { key: "r" value { connect { primary { int_value: 1 } primary { int_value: 2 } } '
        "connect { primary { int_value: 1 } primary { int_value: 3 } } } }",
    ),
    ({"r": {"connect": {"$uuid": "x"}}}, 'relations { key: "r" value { connect { primary { uuid_value: "x" } } } }'),
    ({"r": {"disconnect": True}}, 'relations { key: "r" value { disconnect_current: true } }'),
    ({"r": {"create": []}}, 'relations { key: "r" value { } }'),
    (
        {"r": {"create": {"a": 1, "q": {"create": [{}, {}]}}}},
        'relations { key: "r" value { create { values { key: "a" value { int_value: 1 } } '
        'relations { key: "q" value { create { } create { } } } } } }',
    ),
]


@pytest.mark.parametrize("record, proto", RECORDS)
def test_records(record, proto):
    expected = text_format.Parse(proto, mutation.RecordInput())
    assert list(document.insert_request("s", "M", record).data) == [expected]
    assert document.update_request("s", "M", {"data": record}).data == expected


INSERTS = [
    ({"a": 1}, 1, False),
    ([{"a": 1}, {"a": 2}], 2, False),
    ([], 0, False),
    ({"data": {"a": 1}}, 1, False),
    ({"data": [{"a": 1}, {}], "returning": {"a": True}}, 2, True),
    ({"data": 5, "a": 1}, 1, False),
]


@pytest.mark.parametrize("body, count, returns", INSERTS)
def test_inserts(body, count, returns):
    request = document.insert_request("s", "M", body)
    assert len(request.data) == count and request.HasField("returning") == returns


def test_updates_and_deletes_carry_their_parts():
    body = {"where": {"id": 1}, "all_rows": True, "returning": {"*": True}}
    for request in (document.update_request("s", "M", {"data": {}, **body}), document.delete_request("s", "M", body)):
        assert request.HasField("where") and request.all_rows and list(request.returning.fields) == ["*"]
        assert (request.schema, request.model) == ("s", "M")


BODIES = {
    "get": {"select": {}},
    "stream": {"select": {}},
    "aggregate": {},
    "exists": {},
    "insert": {},
    "update": {"data": {}},
    "delete": {},
}


@pytest.mark.parametrize("verb", BODIES)
@pytest.mark.parametrize("mode, number", [("plan", 1), ("estimate", 2), ("analyze", 3)])
def test_every_verb_can_be_explained_in_every_mode(verb, mode, number):
    request = document.explain_request(verb, "s", "M", BODIES[verb], mode)
    assert request.WhichOneof("request") == verb and request.mode == number


def test_an_explanation_has_known_modes_only():
    with pytest.raises(DocumentError, match='"analyse" .*"analyze".*; there are plan, estimate, analyze'):
        document.explain_request("get", "s", "M", {"select": {}}, "analyse")


MISTAKES = [
    ("get", {}, "select", "needs"),
    ("get", [], "", "an object"),
    ("get", {"select": {}, "wher": {}}, "wher", '"where"'),
    ("get", {"select": None}, "select", "null"),
    ("get", {"select": {"a": None}}, "select.a", "null"),
    ("get", {"select": {"a": 1}}, "select.a", "true, false or an object"),
    ("get", {"select": {1: True}}, "select", "no text"),
    ("get", {"select": {"\udc00": True}}, "select", "surrogate"),
    ("get", {"select": {"*": {"a": True}}}, "select.*", "fields"),
    ("get", {"select": {"r": {"select": {}, "wher": {}}}}, "select.r.wher", '"where"'),
    ("get", {"select": {"r": {"select": {}, "relation": 5}}}, "select.r.relation", "name"),
    ("get", {"select": {"r": {"relation": "q"}}}, "select.r.relation", "true, false"),
    (
        "get",
        {"select": {"r": {"select": {}, "where": {"a": {"b": {"eq": object()}}}}}},
        "select.r.where.a.b.eq",
        "not a value",
    ),
    ("get", {"select": {}, "where": []}, "where", "a list"),
    ("get", {"select": {}, "where": {"AND": {}}}, "where.AND", "list of filters"),
    ("get", {"select": {}, "where": {"OR": [{"a": 1}, 5]}}, "where.OR[1]", "a filter"),
    ("get", {"select": {}, "where": {"NOT": [{}]}}, "where.NOT", "a list"),
    ("get", {"select": {}, "where": {"r": {"some": 1}}}, "where.r.some", "a filter"),
    ("get", {"select": {}, "where": {"r": {"some": None}}}, "where.r.some", "null"),
    ("get", {"select": {}, "order_by": [{"a": "up"}]}, "order_by[0].a", "asc, desc"),
    ("get", {"select": {}, "order_by": [{"a": "asc", "b": "asc"}]}, "order_by[0]", "one {field: asc}"),
    ("get", {"select": {}, "order_by": 5}, "order_by", "a int"),
    ("get", {"select": {}, "limit": "5"}, "limit", "whole number"),
    ("get", {"select": {}, "limit": True}, "limit", "whole number"),
    ("get", {"select": {}, "offset": 2**63}, "offset", "whole number"),
    ("insert", 5, "data", "a record"),
    ("insert", [{}, 5], "data[1]", "a record"),
    ("insert", [5], "data", "a record"),
    ("insert", {"r": {"create": [{}, 5]}}, "data.r.create[1]", "a record"),
    ("insert", {"r": {"connect": {}}}, "data.r.connect", "names no record"),
    ("insert", {"r": {"connect": [[]]}}, "data.r.connect[0]", "names no record"),
    ("insert", {"r": {"connect": [{"k": object()}]}}, "data.r.connect[0].k", "not a value"),
    ("insert", {"data": {}, "returning": 5}, "returning", "a selection"),
    ("update", {"where": {}}, "data", "needs"),
    ("update", {"data": []}, "data", "a list"),
    ("update", {"data": {}, "all_row": True}, "all_row", '"all_rows"'),
    ("delete", {"all_rows": 1}, "all_rows", "true or false"),
    ("delete", {"data": {}}, "data", "no key"),
    ("delte", {}, "", '"delete"'),
]


@pytest.mark.parametrize("verb, body, path, said", MISTAKES)
def test_mistakes_are_found_at_their_path(verb, body, path, said):
    with pytest.raises(DocumentError) as caught:
        document.explain_request(verb, "s", "M", body)
    assert caught.value.path == path
    assert said in caught.value.message


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: {"select": {"r": inner["select"]}},
        lambda inner: {"select": {}, "where": {"r": inner.get("where") or {"a": 1}}},
        lambda inner: {"select": {}, "where": {"NOT": inner.get("where") or {"a": 1}}},
        lambda inner: {"select": {}, "where": {"OR": [inner.get("where") or {"a": 1}]}},
    ],
)
def test_the_depth_of_reads_is_limited_without_exhausting_the_stack(wrap):
    body = {"select": {"a": True}}
    for _ in range(3000):
        body = wrap(body)
    with pytest.raises(DocumentError, match="nested more than"):
        document.read_request("s", "M", body)


def test_the_depth_of_writes_is_limited_and_what_is_allowed_can_be_parsed():
    record: dict = {"a": 1}
    for _ in range(nodes.MAX_DEPTH - 1):
        record = {"r": {"create": record}}
    request = document.insert_request("s", "M", record)
    assert service.InsertRequest.FromString(request.SerializeToString()) == request
    with pytest.raises(DocumentError, match="nested more than"):
        document.insert_request("s", "M", {"r": {"create": record}})
