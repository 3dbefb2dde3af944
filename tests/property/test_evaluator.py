"""The evaluator by itself: small tables of requests, and what the rules say they give."""

import math

import pytest
from aggregates import compute, decimal_mean, result_type
from conditions import holds
from evaluator import Evaluator
from google.protobuf import text_format
from matching import json_contains, json_place, like, matches, search
from stubs import data, query
from values import (DATE, DECIMAL, ENUM, FLOAT32, FLOAT64, INT16, INT32, INT64, JSON, TEXT, Decimal, Json, Type, day_text, equal, json_of, parse_day,
                    parse_time, printed, rank, same, time_text)
from world import BELONGS_TO, HAS_MANY, MANY_TO_MANY, Field, Model, Relation, World

INT, WORD, REAL, LIST, DOC = Type(INT64), Type(TEXT), Type(FLOAT64), Type(INT64, array=True), Type(JSON)


def fields(**types):
    return {name: Field(name, type_, name != "id") for name, type_ in types.items()}


def library():
    """Ada wrote three books, Bob one, Cy none; book 14 has no author."""
    author = Model("Author", fields(id=INT, name=WORD), ["id"])
    book = Model("Book", fields(id=INT, title=WORD, pages=INT, price=REAL, ratings=LIST, doc=DOC, authorId=INT), ["id"])
    author.relations = {"books": Relation("books", HAS_MANY, "Book", (("id", "authorId"),)), "friends": Relation("friends", MANY_TO_MANY, "Author", link="friends")}
    book.relations = {"author": Relation("author", BELONGS_TO, "Author", (("authorId", "id"),))}
    names = list(book.fields)
    rows = [
        (10, "Ants", 100, 1.5, [1, 2, None], Json({"k": Decimal(1), "l": ["a"]}), 1),
        (11, "ants", None, math.nan, [], Json(None), 1),
        (12, "Bees", 300, None, None, None, 1),
        (13, "Cows 100%", 200, 2.0, [2], json_of('{"k": "1", "l": []}'), 2),
        (14, None, 100, -1.0, [3, 3], json_of("[1, [2]]"), None),
    ]
    return World("library", {"Author": author, "Book": book}, {
        "Author": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}, {"id": 3, "name": None}],
        "Book": [dict(zip(names, row)) for row in rows]}, {"friends": [((1,), (2,)), ((1,), (3,)), ((2,), (1,))]})


WORLD = library()


def let_through(model, text):
    """Returns the ids of the rows that a filter lets through, and of those that its complement does."""
    filter_ = text_format.Parse(text, query.Filter())
    complement = query.Filter()
    getattr(complement, "not").CopyFrom(filter_)
    return tuple([row["id"] for row in WORLD.rows[model] if holds(WORLD, WORLD.models[model], one, row) is True] for one in (filter_, complement))


def compared(field, operator, value):
    return f"field {{ field: '{field}' operator: OPERATOR_{operator} value {{ {value} }} }}"


def listed(kind, *values):
    return "array_value { " + " ".join(f"values {{ {kind}: {value!r} }}" for value in values) + " }"


@pytest.mark.parametrize("text, expected", [
    (compared("pages", "EQ", "int_value: 100"), [10, 14]),
    (compared("pages", "EQ", "null_value: NULL_VALUE"), [11]),
    (compared("pages", "NE", "null_value: NULL_VALUE"), [10, 12, 13, 14]),
    # C2: ne drops nulls, is distinct from keeps them.
    (compared("pages", "NE", "int_value: 100"), [12, 13]),
    (compared("pages", "IS_DISTINCT_FROM", "int_value: 100"), [11, 12, 13]),
    (compared("pages", "GT", "int_value: 100"), [12, 13]),
    (compared("pages", "BETWEEN", listed("int_value", 200, 300)), [12, 13]),
    (compared("pages", "BETWEEN", listed("int_value", 300, 200)), []),
    (compared("pages", "IN", listed("int_value", 100, 300)), [10, 12, 14]),
    # C3
    (compared("pages", "IN", "array_value { }"), []),
    (compared("pages", "NOT_IN", "array_value { }"), [10, 11, 12, 13, 14]),
    (compared("pages", "NOT_IN", listed("int_value", 100)), [12, 13]),
    (compared("pages", "IS_NULL", "bool_value: false"), [10, 12, 13, 14]),
    # NaN equals itself and is the greatest.
    (compared("price", "EQ", "double_value: nan"), [11]),
    (compared("price", "GTE", "double_value: inf"), [11]),
    (compared("price", "LT", "int_value: 2"), [10, 14]),
    (compared("title", "LT", "text_value: 'a'"), [10, 12, 13]),
    (compared("title", "STARTS_WITH", "text_value: 'A'"), [10]),
    (compared("title", "ENDS_WITH", "text_value: '%'"), [13]),
    (compared("title", "CONTAINS", "text_value: ''"), [10, 11, 12, 13]),
    (compared("title", "LIKE", "text_value: '_nts'"), [10, 11]),
    (compared("title", "SEARCH", "text_value: 'ants or cows'"), [10, 11, 13]),
    (compared("title", "SEARCH", "text_value: ''"), []),
    ("field { field: 'title' operator: OPERATOR_EQ value { text_value: 'ANTS' } ignore_case: true }", [10, 11]),
    ("field { field: 'title' operator: OPERATOR_REGEX value { text_value: '^A' } ignore_case: true }", [10, 11]),
    ("field { field: 'title' operator: OPERATOR_NOT_IN value { array_value { values { text_value: 'aNTS' } } } ignore_case: true }", [12, 13]),
    (compared("ratings", "HAS", "int_value: 2"), [10, 13]),
    (compared("ratings", "HAS_SOME", listed("int_value", 1, 3)), [10, 14]),
    (compared("ratings", "HAS_SOME", "array_value { }"), []),
    (compared("ratings", "HAS_EVERY", "array_value { }"), [10, 11, 13, 14]),
    (compared("ratings", "IS_EMPTY", "bool_value: true"), [11]),
    (compared("ratings", "IS_EMPTY", "bool_value: false"), [10, 13, 14]),
    (compared("ratings", "EQ", "array_value { values { int_value: 1 } values { int_value: 2 } values { null_value: NULL_VALUE } }"), [10]),
    (compared("ratings", "EQ", "array_value { }"), [11]),
    # JSON's null is a value of the field, but null at a place.
    (compared("doc", "EQ", "json_value: 'null'"), [11]),
    (compared("doc", "EQ", "null_value: NULL_VALUE"), [12]),
    (compared("doc", "HAS", "json_value: '[2]'"), [14]),
    ("field { field: 'doc' json_path: 'k' operator: OPERATOR_EQ value { decimal_value: '1.00' } }", [10]),
    ("field { field: 'doc' json_path: 'k' operator: OPERATOR_NE value { int_value: 1 } }", [13]),
    ("field { field: 'doc' json_path: 'k' operator: OPERATOR_GT value { text_value: '' } }", [13]),
    ("field { field: 'doc' json_path: 'k' operator: OPERATOR_IS_NULL value { bool_value: true } }", [11, 12, 14]),
    ("field { field: 'doc' json_path: '1' json_path: '-1' operator: OPERATOR_EQ value { int_value: 2 } }", [14]),
    ("field { field: 'doc' json_path: 'l' operator: OPERATOR_HAS_EVERY value { array_value { } } }", [10, 13]),
    ("field { field: 'id' operator: OPERATOR_LT other_field: 'pages' }", [10, 12, 13, 14]),
    ("field { field: 'pages' operator: OPERATOR_GTE other_field: 'price' }", [10, 13, 14]),
    ("field { field: 'pages' operator: OPERATOR_IS_DISTINCT_FROM other_field: 'price' }", [10, 11, 12, 13, 14]),
    # C4
    ("all_of { }", [10, 11, 12, 13, 14]),
    ("any_of { }", []),
    ("not { any_of { } }", [10, 11, 12, 13, 14]),
    ("any_of { filters { " + compared("id", "EQ", "int_value: 11") + " } filters { " + compared("pages", "GT", "int_value: 200") + " } }", [11, 12]),
    ("all_of { filters { " + compared("pages", "GT", "int_value: 0") + " } filters { " + compared("title", "NE", "text_value: ''") + " } }", [10, 12, 13]),
    # C5, to-one
    ("relation { relation: 'author' }", [10, 11, 12, 13]),
    ("relation { relation: 'author' where { " + compared("name", "EQ", "text_value: 'Ada'") + " } }", [10, 11, 12]),
    ("relation { relation: 'author' quantifier: QUANTIFIER_IS_NOT where { " + compared("name", "EQ", "text_value: 'Ada'") + " } }", [13, 14]),
    (compared("author", "EQ", "null_value: NULL_VALUE"), [14]),
    (compared("author", "IS_NULL", "bool_value: false"), [10, 11, 12, 13]),
])
def test_filters_of_books(text, expected):
    chosen, others = let_through("Book", text)
    assert chosen == expected
    assert sorted(chosen + others) == [10, 11, 12, 13, 14]


PAGES = "where { " + compared("pages", "GTE", "int_value: 100") + " }"


@pytest.mark.parametrize("text, expected", [
    ("relation { relation: 'books' }", [1, 2]),
    (f"relation {{ relation: 'books' {PAGES} }}", [1, 2]),
    (f"relation {{ relation: 'books' quantifier: QUANTIFIER_NONE {PAGES} }}", [3]),
    # Book 11 has no number of pages: a null fails.
    (f"relation {{ relation: 'books' quantifier: QUANTIFIER_EVERY {PAGES} }}", [2, 3]),
    (f"relation {{ relation: 'books' quantifier: QUANTIFIER_EVERY_NONEMPTY {PAGES} }}", [2]),
    ("relation { relation: 'books' quantifier: QUANTIFIER_EVERY_NONEMPTY }", [1, 2]),
    ("relation { relation: 'friends' where { relation { relation: 'books' quantifier: QUANTIFIER_NONE } } }", [1]),
    ("relation_aggregate { relation: 'books' aggregate { function: AGGREGATE_FUNCTION_COUNT } operator: OPERATOR_EQ value { int_value: 0 } }", [3]),
    ("relation_aggregate { relation: 'books' aggregate { function: AGGREGATE_FUNCTION_COUNT field: 'pages' } operator: OPERATOR_EQ value { int_value: 2 } }", [1]),
    ("relation_aggregate { relation: 'books' aggregate { function: AGGREGATE_FUNCTION_MAX field: 'pages' } operator: OPERATOR_GTE value { int_value: 200 } }", [1, 2]),
    ("relation_aggregate { relation: 'books' aggregate { function: AGGREGATE_FUNCTION_MAX field: 'pages' } operator: OPERATOR_IS_NULL value { bool_value: true } }", [3]),
    ("relation_aggregate { relation: 'books' aggregate { function: AGGREGATE_FUNCTION_SUM field: 'pages' } operator: OPERATOR_IS_DISTINCT_FROM value { int_value: 400 } }", [2, 3]),
])
def test_filters_of_authors(text, expected):
    chosen, others = let_through("Author", text)
    assert chosen == expected
    assert sorted(chosen + others) == [1, 2, 3]


def get(text, **places):
    """Returns the ids of the answer to a Get, with those of the lists below, and whether there is more."""
    answer = Evaluator(WORLD, {name: WORLD.rows["Book"][index] for name, index in places.items()}).get(text_format.Parse(text, data.GetRequest()))

    def ids(list_):
        return [(record["values"]["id"], *(ids(below) for below in record["related"].values())) if record["related"] else record["values"]["id"]
                for record in (list_["records"] if isinstance(list_, dict) else list_)]

    return ids(answer), answer["has_more"]


BOOKS = "model: 'Book' select { fields: 'id' } "


@pytest.mark.parametrize("text, expected", [
    (BOOKS, [10, 11, 12, 13, 14]),
    # Nulls are last upward and first downward, unless said otherwise; the key decides between equals.
    (BOOKS + "order_by { field: 'pages' }", [10, 14, 13, 12, 11]),
    (BOOKS + "order_by { field: 'pages' direction: DIRECTION_DESC }", [11, 12, 13, 10, 14]),
    (BOOKS + "order_by { field: 'pages' direction: DIRECTION_DESC nulls: NULLS_LAST }", [12, 13, 10, 14, 11]),
    (BOOKS + "order_by { field: 'price' nulls: NULLS_FIRST }", [12, 14, 10, 13, 11]),
    (BOOKS + "order_by { field: 'title' }", [10, 12, 13, 11, 14]),
    (BOOKS + "order_by { field: 'name' relations: 'author' direction: DIRECTION_DESC }", [14, 13, 10, 11, 12]),
    (BOOKS + "order_by { relations: 'author' relations: 'books' aggregate { function: AGGREGATE_FUNCTION_COUNT } }", [14, 13, 10, 11, 12]),
    (BOOKS + "order_by { relations: 'author' relations: 'books' aggregate { function: AGGREGATE_FUNCTION_MIN field: 'pages' } direction: DIRECTION_DESC }", [14, 13, 10, 11, 12]),
    (BOOKS + "distinct_on: 'authorId'", [10, 13, 14]),
    (BOOKS + "distinct_on: 'authorId' order_by { field: 'id' direction: DIRECTION_DESC }", [14, 13, 12]),
    ("model: 'Book' select { fields: ['id', 'pages'] } distinct_on: '*'", [10, 11, 12, 13, 14]),
    ("model: 'Author' select { fields: 'id' relations { relation: 'books' selection { fields: 'id' } page { limit: 1 offset: 1 } } }", [(1, [11]), (2, []), (3, [])]),
    ("model: 'Author' select { fields: 'id' relations { relation: 'books' selection { fields: 'id' } page { limit: 2 backward: true } } }", [(1, [11, 12]), (2, [13]), (3, [])]),
    ("model: 'Book' select { fields: 'id' relations { relation: 'author' selection { fields: 'id' } where { " + compared("id", "EQ", "int_value: 2") + " } } }",
     [(10, []), (11, []), (12, []), (13, [2]), (14, [])]),
])
def test_lists(text, expected):
    assert get(text) == (expected, False)


@pytest.mark.parametrize("page, expected, more", [
    ("limit: 2", [10, 11], True), ("limit: 5", [10, 11, 12, 13, 14], False), ("limit: 4 offset: 1", [11, 12, 13, 14], False),
    ("limit: 0", [], True), ("limit: 0 offset: 5", [], False), ("offset: 9", [], False),
    ("limit: 2 backward: true", [13, 14], True), ("limit: 2 offset: 3 backward: true", [10, 11], False), ("limit: 2 offset: 9 backward: true", [], False),
    ("limit: 2 cursor: 'eleven'", [12, 13], True), ("limit: 3 cursor: 'eleven'", [12, 13, 14], False), ("cursor: 'eleven' backward: true", [10], False),
    ("cursor: 'last'", [], False), ("limit: 1 cursor: 'last' backward: true", [13], True),
])
def test_pages(page, expected, more):
    assert get(BOOKS + f"page {{ {page} }}", eleven=1, last=4) == (expected, more)


def test_a_cursor_applies_to_each_parents_list():
    text = "model: 'Author' select { fields: 'id' relations { relation: 'books' selection { fields: 'id' } page { cursor: 'twelve' } order_by { field: 'id' direction: DIRECTION_DESC } } }"
    assert get(text, twelve=2) == ([(1, [11, 10]), (2, []), (3, [])], False)


def test_totals_and_counts():
    request = text_format.Parse("model: 'Author' select { fields: '*' counts { relation: 'books' } counts { relation: 'books' alias: 'long' " + PAGES + " } } page { limit: 1 total: TOTAL_EXACT }",
                                data.GetRequest())
    assert Evaluator(WORLD).get(request) == {
        "records": [{"values": {"id": 1, "name": "Ada"}, "related": {}, "counts": {"books": 3, "long": 2}}], "has_more": True, "total": 3}


@pytest.mark.parametrize("text, columns, expected", [
    ("model: 'Book' select { aggregate { function: AGGREGATE_FUNCTION_COUNT } } where { any_of { } }", ["count"], [[0]]),
    ("model: 'Book' group_by { field: 'pages' } where { any_of { } }", ["pages"], []),
    ("model: 'Book' group_by { relations: 'author' field: 'name' } select { aggregate { function: AGGREGATE_FUNCTION_SUM field: 'pages' } }", ["author.name", "sum_pages"],
     [["Ada", "400"], ["Bob", "200"], [None, "100"]]),
    ("model: 'Book' group_by { field: 'pages' alias: 'p' } select { alias: 'n' aggregate { function: AGGREGATE_FUNCTION_COUNT } } order_by { field: 'n' direction: DIRECTION_DESC }",
     ["p", "n"], [[100, 2], [200, 1], [300, 1], [None, 1]]),
    ("model: 'Book' group_by { field: 'pages' alias: 'p' } select { alias: 'n' aggregate { function: AGGREGATE_FUNCTION_COUNT } } having { " + compared("n", "GT", "int_value: 1") + " }",
     ["p", "n"], [[100, 2]]),
    ("model: 'Book' group_by { field: 'authorId' } having { " + compared("authorId", "NE", "int_value: 1") + " }", ["authorId"], [[2]]),
    ("model: 'Book' select { alias: 'n' aggregate { function: AGGREGATE_FUNCTION_COUNT field: 'pages' distinct: true } } select { alias: 'm' aggregate { function: AGGREGATE_FUNCTION_MIN field: 'title' } where { "
     + compared("pages", "IS_NULL", "bool_value: true") + " } }", ["n", "m"], [[3, "ants"]]),
])
def test_aggregates(text, columns, expected):
    answer = Evaluator(WORLD).aggregate(text_format.Parse(text, data.AggregateRequest()))
    assert answer["columns"] == columns
    assert [list(record.values()) for record in answer["records"]] == expected


@pytest.mark.parametrize("function, type_, values, expected", [
    (2, INT16, [1, 2, None], 3), (2, INT64, [2**63 - 1, 2**63 - 1], Decimal(2**64 - 2)), (2, INT64, [None], None), (1, INT64, [], 0),
    (3, INT32, [1, 2], Decimal("1.5000000000000000")), (3, INT32, [1, 1, 2], Decimal("1.3333333333333333")), (3, INT32, [2], Decimal("2.0000000000000000")),
    (3, INT32, [10000, 10001], Decimal("10000.5000000000000000")), (2, DECIMAL, [Decimal("0.10"), Decimal("1.5")], Decimal("1.60")),
    (2, DECIMAL, [Decimal("inf"), Decimal("-inf")], Decimal("NaN")), (4, FLOAT64, [math.nan, math.inf], math.inf), (5, FLOAT64, [math.nan, math.inf], math.nan),
    (2, FLOAT32, [0.5, 0.25], 0.75), (3, FLOAT64, [1.0, math.inf], math.inf), (5, TEXT, ["a", "B"], "a"),
])
def test_functions(function, type_, values, expected):
    result = compute(function, False, Type(type_), values)
    assert printed(result_type(function, Type(type_)), result) == printed(result_type(function, Type(type_)), expected)


@pytest.mark.parametrize("total, count, expected", [("0", 3, "0.00000000000000000000"), ("-2", 3, "-0.66666666666666666667"), ("12345678901234567890123456789012345678901", 2, "6172839450617283945061728394506172839451")])
def test_means_have_sixteen_digits(total, count, expected):
    assert format(decimal_mean(Decimal(total), count), "f") == expected


@pytest.mark.parametrize("days, text", [(0, "1970-01-01"), (-1, "1969-12-31"), (-719162, "0001-01-01"), (-719163, "0001-12-31 BC"), (11016, "2000-02-29"),
                                        (2932897, "10000-01-01"), (math.inf, "infinity"), (-math.inf, "-infinity")])
def test_days(days, text):
    assert day_text(days) == text and parse_day(text) == days


@pytest.mark.parametrize("microseconds, text", [(0, "00:00:00"), (1, "00:00:00.000001"), (45_000_500_000, "12:30:00.5"), (86_399_999_999, "23:59:59.999999")])
def test_times(microseconds, text):
    assert time_text(microseconds) == text and parse_time(text) == microseconds


@pytest.mark.parametrize("left, right, truth", [("1", "1.0", True), ("true", "1", False), ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', True), ("[1, 2]", "[2, 1]", False), ("null", "0", False)])
def test_equal_json(left, right, truth):
    assert equal(DOC, json_of(left), json_of(right)) is truth


@pytest.mark.parametrize("outer, inner, truth", [("[1, [2, 3]]", "[[3]]", True), ('[{"a": 1, "b": 2}]', '[{"a": 1}]', True), ("[1]", "[1, 1]", True), ("[1]", "[]", True),
                                                 ("[1]", "[2]", False), ('["a"]', "[[]]", False), ('{"a": 1}', "[]", False), ("[true]", "[1]", False)])
def test_contained_json(outer, inner, truth):
    assert json_contains(json_of(outer).value, json_of(inner).value) is truth


@pytest.mark.parametrize("steps, found", [(["l", "0"], "a"), (["l", "-2"], "a"), (["l", "2"], None), (["l", "x"], None), (["k", "k"], None), ([], {"l": ["a", "b"], "k": "1"})])
def test_places(steps, found):
    assert json_place({"l": ["a", "b"], "k": "1"}, steps) == found


@pytest.mark.parametrize("truth", [
    like("a%b", "a\\%b", False), not like("axb", "a\\%b", False), like("AxB", "a_b", True), not like("ab", "a", False), like("", "%", False),
    matches("cab", "a", False), not matches("cab", "A", False), matches("cab", "A", True), not matches("a\n", "a$", False),
    search("the red ball", "red -blue"), not search("the red ball", '"ball red"'), search("x a_b", '"a b"'), not search("a", "-a"), not search("a", ""), search("or", "or"), not search("a", "or"),
    same(WORD, None, None), not same(WORD, None, ""), same(Type(DECIMAL), Decimal("1.0"), Decimal(1)), same(REAL, math.nan, math.nan),
    rank(REAL, math.nan) > rank(REAL, math.inf), rank(WORD, "B") < rank(WORD, "a"), rank(Type(ENUM, labels=("x", "a"), enum_name="e"), "x") == 0,
    rank(Type(DATE), parse_day("0001-01-01")) > rank(Type(DATE), parse_day("0001-12-31 BC")),
])
def test_matching_and_order(truth):
    assert truth is True
