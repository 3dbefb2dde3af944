"""Filters: what they become, and where mistakes are found."""

import pytest
from google.protobuf import text_format

from rowan import DocumentError, document
from rowan._generated.rowan.v1 import query_pb2 as query


def read(**parts):
    return document.read_request("s", "M", {"select": {"id": True}, **parts})


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


def compared(name, operator, value, *more):
    return f'field {{ field: "{name}" operator: OPERATOR_{operator} value {{ {value} }} {" ".join(more)} }}'


def aggregate(operator, value, function="COUNT", field="", *more):
    named = f'field: "{field}"' if field else ""
    return (
        f'relation_aggregate {{ relation: "r" aggregate {{ function: AGGREGATE_FUNCTION_{function} {named} }} '
        f"operator: OPERATOR_{operator} value {{ {value} }} {' '.join(more)} }}"
    )


ONE_TWO = "array_value { values { int_value: 1 } values { int_value: 2 } }"
A_IS_1 = field("a", "EQ", "int_value: 1")
MORE_FILTERS = [
    ({"a": {"notIn": [1, 2]}}, field("a", "NOT_IN", ONE_TWO)),
    ({"a": {"between": (1, 2)}}, field("a", "BETWEEN", ONE_TWO)),
    ({"a": {"like": "a_%"}}, field("a", "LIKE", 'text_value: "a_%"')),
    ({"a": {"regex": "^a+$"}}, field("a", "REGEX", 'text_value: "^a+$"')),
    ({"a": {"has": 1}}, field("a", "HAS", "int_value: 1")),
    ({"a": {"hasSome": [1, 2]}}, field("a", "HAS_SOME", ONE_TWO)),
    ({"a": {"hasEvery": []}}, field("a", "HAS_EVERY", "array_value { }")),
    ({"a": {"isEmpty": False}}, field("a", "IS_EMPTY", "bool_value: false")),
    ({"a": {"search": "x -y"}}, field("a", "SEARCH", 'text_value: "x -y"')),
    ({"a": {"isDistinctFrom": None}}, field("a", "IS_DISTINCT_FROM", "null_value: NULL_VALUE")),
    # Case, other fields, places in JSON, languages.
    ({"a": {"eq": "x", "mode": "insensitive"}}, compared("a", "EQ", 'text_value: "x"', "ignore_case: true")),
    ({"a": {"mode": "sensitive", "eq": "x"}}, compared("a", "EQ", 'text_value: "x"')),
    (
        {"a": {"startsWith": "x", "mode": "insensitive", "endsWith": "y"}},
        every(
            compared("a", "STARTS_WITH", 'text_value: "x"', "ignore_case: true"),
            compared("a", "ENDS_WITH", 'text_value: "y"', "ignore_case: true"),
        ),
    ),
    ({"a": {"gt": {"$field": "b"}}}, 'field { field: "a" operator: OPERATOR_GT other_field: "b" }'),
    ({"a": {"$field": "b"}}, 'field { field: "a" operator: OPERATOR_EQ other_field: "b" }'),
    (
        {"a": {"path": ["k", 0, "-1"], "eq": 1}},
        compared("a", "EQ", "int_value: 1", 'json_path: "k" json_path: "0" json_path: "-1"'),
    ),
    ({"a": {"path": "k", "isNull": True}}, compared("a", "IS_NULL", "bool_value: true", 'json_path: "k"')),
    ({"a": {"path": -1, "has": 1}}, compared("a", "HAS", "int_value: 1", 'json_path: "-1"')),
    (
        {"a": {"path": "k", "gt": 1, "lt": 2}},
        every(
            compared("a", "GT", "int_value: 1", 'json_path: "k"'), compared("a", "LT", "int_value: 2", 'json_path: "k"')
        ),
    ),
    (
        {"a": {"search": "x", "language": "english", "ne": "y"}},
        every(
            compared("a", "SEARCH", 'text_value: "x"', 'language: "english"'), compared("a", "NE", 'text_value: "y"')
        ),
    ),
    # Words that are no operators by themselves are names of related fields.
    ({"r": {"mode": 1}}, f'relation {{ relation: "r" where {{ {field("mode", "EQ", "int_value: 1")} }} }}'),
    ({"r": {"path": {"eq": 1}}}, f'relation {{ relation: "r" where {{ {field("path", "EQ", "int_value: 1")} }} }}'),
    # Related rows that are there or not.
    ({"r": {"is": None}}, field("r", "EQ", "null_value: NULL_VALUE")),
    ({"r": {"is_not": None}}, field("r", "NE", "null_value: NULL_VALUE")),
    ({"r": {"isNot": None}}, field("r", "NE", "null_value: NULL_VALUE")),
    ({"r": {"ne": None}}, field("r", "NE", "null_value: NULL_VALUE")),
    # Aggregates of related rows.
    ({"r": {"_count": {"gt": 3}}}, aggregate("GT", "int_value: 3")),
    ({"r": {"_count": {"a": {"gt": 3}}}}, aggregate("GT", "int_value: 3", "COUNT", "a")),
    ({"r": {"_max": {"a": {"isNull": True}}}}, aggregate("IS_NULL", "bool_value: true", "MAX", "a")),
    (
        {"r": {"_count": {"gt": 3, "lt": 5}}},
        every(aggregate("GT", "int_value: 3"), aggregate("LT", "int_value: 5")),
    ),
    (
        {"r": {"_sum": {"a": {"gt": 1}}, "where": {"a": 1}, "_count": {"eq": 2}}},
        every(
            aggregate("GT", "int_value: 1", "SUM", "a", f"where {{ {A_IS_1} }}"),
            aggregate("EQ", "int_value: 2", "COUNT", "", f"where {{ {A_IS_1} }}"),
        ),
    ),
    ({"r": {"_count": {"eq": 0}, "where": {}}}, aggregate("EQ", "int_value: 0")),
    (
        {"r": {"_avg": {"a": {"gte": 1, "distinct": True}}}},
        aggregate("GTE", "int_value: 1", "AVG", "a").replace('field: "a"', 'field: "a" distinct: true'),
    ),
    # An object with other keys too is a filter of related rows.
    (
        {"r": {"_count": {"gt": 3}, "a": 1}},
        f'relation {{ relation: "r" where {{ {every(field("_count", "GT", "int_value: 3"), A_IS_1)} }} }}',
    ),
    ({"r": {"where": {"eq": 1}}}, f'relation {{ relation: "r" where {{ {field("where", "EQ", "int_value: 1")} }} }}'),
]


@pytest.mark.parametrize("where, proto", MORE_FILTERS)
def test_filters_of_every_form(where, proto):
    assert read(where=where).where == text_format.Parse(proto, query.Filter())


@pytest.mark.parametrize("word", ["none", "every", "every_nonempty", "everyNonempty", "is_not", "isNot"])
@pytest.mark.parametrize("where, inner", [({}, ""), ({"a": 1}, f"where {{ {A_IS_1} }}")])
def test_quantifiers(word, where, inner):
    number = {"everyNonempty": "EVERY_NONEMPTY", "isNot": "IS_NOT"}.get(word, word.upper())
    proto = f'relation {{ relation: "r" quantifier: QUANTIFIER_{number} {inner} }}'
    assert read(where={"r": {word: where}}).where == text_format.Parse(proto, query.Filter())


MISTAKES = [
    ({"a": {"eq": 1, "mode": "insensetive"}}, "a.mode", '"insensitive"'),
    ({"a": {"eq": 1, "mode": True}}, "a.mode", "sensitive, insensitive"),
    ({"a": {"eq": 1, "path": []}}, "a.path", "no place"),
    ({"a": {"eq": 1, "path": ["k", True]}}, "a.path[1]", "a key or a position"),
    ({"a": {"eq": 1, "path": {}}}, "a.path", "an object"),
    ({"a": {"eq": 1, "path": "\udc00"}}, "a.path", "surrogate"),
    ({"a": {"eq": 1, "language": "english"}}, "a.language", '"search"'),
    ({"a": {"search": "x", "language": 5}}, "a.language", "name of a language"),
    ({"a": {"gt": {"$field": 5}}}, "a.gt.$field", "a field's name"),
    ({"a": {"in": [{"$field": "b"}]}}, "a.in[0]", "$field"),
    ({"a": {"gt": {"$feild": "b"}}}, "a.gt", "$feild"),
    ({"r": {"none": None}}, "r.none", "null"),
    ({"r": {"every": []}}, "r.every", "a list"),
    ({"r": {"is_not": 1}}, "r.is_not", "a filter"),
    ({"r": {"_count": 3}}, "r._count", "a int"),
    ({"r": {"_count": None}}, "r._count", "null"),
    ({"r": {"_sum": {}}}, "r._sum", "{field: {operator: value}}"),
    ({"r": {"_sum": {"gt": 1}}}, "r._sum.gt", "a int"),
    ({"r": {"_sum": {"a": {}}}}, "r._sum.a", "needs an operator"),
    ({"r": {"_sum": {"a": {"distinct": True}}}}, "r._sum.a", "needs an operator"),
    ({"r": {"_sum": {"a": {"gt": 1, "distinct": 1}}}}, "r._sum.a.distinct", "true or false"),
    ({"r": {"_sum": {"a": {"gt": 1, "mode": "insensitive"}}}}, "r._sum.a.mode", "no key"),
    ({"r": {"_count": {"gt": object()}}}, "r._count.gt", "not a value"),
    ({"r": {"_count": {"gt": {"$field": "a"}}}}, "r._count.gt", "$field"),
    ({"r": {"_count": {"gt": 1}, "where": []}}, "r.where", "a filter"),
    ({"r": {"_count": {"gt": 1}, "where": {"a": {"in": object()}}}}, "r.where.a.in", "not a value"),
]


@pytest.mark.parametrize("where, path, said", MISTAKES)
def test_mistakes_are_found_at_their_path(where, path, said):
    with pytest.raises(DocumentError) as caught:
        read(where=where)
    assert caught.value.path == f"where.{path}"
    assert said in caught.value.message


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: {"r": {"every": inner}},
        lambda inner: {"r": {"_count": {"gt": 1}, "where": inner}},
    ],
)
def test_depth_is_limited_and_what_servers_allow_can_be_parsed(wrap):
    where = {"a": 1}
    for _ in range(16):
        where = {**wrap(where), "b": 1}
    request = read(where=where)
    assert type(request).FromString(request.SerializeToString()) == request
    for _ in range(3000):
        where = wrap(where)
    with pytest.raises(DocumentError, match="nested more than"):
        read(where=where)
