"""Documents of reads and writes: what they become, and where mistakes are found."""

import pytest
from google.protobuf import text_format

from rowan import DocumentError, document, nodes
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
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


def every(*filters):
    return "all_of { " + " ".join(f"filters {{ {entry} }}" for entry in filters) + " }"


def field(name, operator, value):
    return f'field {{ field: "{name}" operator: OPERATOR_{operator} value {{ {value} }} }}'


FILTERS = [
    ({"a": 1}, field("a", "EQ", "int_value: 1")),
    ({"a": None}, field("a", "EQ", "null_value: NULL_VALUE")),
    ({"a": {"$decimal": "1.0"}}, field("a", "EQ", 'decimal_value: "1.0"')),
    ({"a": [1, 2]}, field("a", "EQ", "array_value { values { int_value: 1 } values { int_value: 2 } }")),
    ({"a": {"in": []}}, field("a", "IN", "array_value { }")),
    ({"a": {"startsWith": "%_"}}, field("a", "STARTS_WITH", 'text_value: "%_"')),
    ({"a": {"isNull": True}}, field("a", "IS_NULL", "bool_value: true")),
    (
        {"a": {"gte": 1, "lt": 3}},
        every(field("a", "GTE", "int_value: 1"), field("a", "LT", "int_value: 3")),
    ),
    (
        {"a": 1, "b": 2},
        every(field("a", "EQ", "int_value: 1"), field("b", "EQ", "int_value: 2")),
    ),
    ({"r": {}}, 'relation { relation: "r" }'),
    ({"r": {"some": {}}}, 'relation { relation: "r" quantifier: QUANTIFIER_SOME }'),
    ({"r": {"b": 1}}, f'relation {{ relation: "r" where {{ {field("b", "EQ", "int_value: 1")} }} }}'),
    (
        {"r": {"is": {"contains": {"eq": 1}}}},
        f'relation {{ relation: "r" quantifier: QUANTIFIER_IS where {{ {field("contains", "EQ", "int_value: 1")} }} }}',
    ),
    (
        {"r": {"b": 1, "contains": 2}},
        f'relation {{ relation: "r" where {{ all_of {{ filters {{ {field("b", "EQ", "int_value: 1")} }} '
        f"filters {{ {field('contains', 'EQ', 'int_value: 2')} }} }} }} }}",
    ),
    (
        {"r": {"some": {"a": 1}, "b": 1}},
        'relation { relation: "r" where { '
        + every(
            f'relation {{ relation: "some" where {{ {field("a", "EQ", "int_value: 1")} }} }}',
            field("b", "EQ", "int_value: 1"),
        )
        + " } }",
    ),
    ({"NOT": {"r": {}}}, 'not { relation { relation: "r" } }'),
    ({"NOT": {}}, "not { all_of { } }"),
    ({"OR": []}, "any_of { }"),
    (
        {"AND": [{}, {"a": 1}]},
        f"all_of {{ filters {{ all_of {{ }} }} filters {{ {field('a', 'EQ', 'int_value: 1')} }} }}",
    ),
    (
        {"r": {"OR": [{"b": 1}]}},
        f'relation {{ relation: "r" where {{ any_of {{ filters {{ {field("b", "EQ", "int_value: 1")} }} }} }} }}',
    ),
]


@pytest.mark.parametrize("where, proto", FILTERS)
def test_filters(where, proto):
    assert read(where=where).where == text_format.Parse(proto, query.Filter())


def test_an_empty_filter_at_the_root_is_no_filter():
    assert not read(where={}).HasField("where")
    assert not document.delete_request("s", "M", {"where": {}}).HasField("where")


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
    with pytest.raises(DocumentError, match='"analyse" \\(did you mean "analyze"\\?\\); there are plan, estimate, analyze'):
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
