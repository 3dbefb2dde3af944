"""Pages, counts, aggregates and explanations against a server that answers as the tests say."""

import datetime
import decimal

import grpc
import pytest
from answers import READ, fail
from google.protobuf import text_format

import rowan
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import result_pb2
from rowan.errors import error_details_pb2

NUMBERS = result_pb2.Shape(model="N", fields=[{"name": "n"}])


# --- what a page knows ------------------------------------------------------------------------------------------------

TREE = """
    shape {
      fields { name: "id" }
      relations { name: "posts" relation: "posts" to_many: true
                  shape { fields { name: "id" } counts { name: "tags" } } }
      relations { name: "role" relation: "role" shape { fields { name: "id" } counts { name: "users" } } }
      counts { name: "posts" relation: "posts" } counts { name: "drafts" relation: "posts" }
    }
    records {
      values { int_value: 1 }
      related { has_more: true start_cursor: "s1" end_cursor: "e1" total: 5
                records { values { int_value: 10 } counts: 0 } }
      related { records { values { int_value: 3 } counts: 9223372036854775807 } }
      counts: 5 counts: 0
    }
    records { values { int_value: 2 } related { total: 0 } related { } counts: 0 counts: 0 }
    has_more: true start_cursor: "s" end_cursor: "e" total: 7
"""


def test_pages_have_cursors_totals_and_counts_at_every_level(server, client):
    server.answers["Get"] = lambda request, _: text_format.Parse(TREE, service.GetResponse())
    users = client.get("blog", "User", READ)
    assert users == [
        {
            "id": 1,
            "posts": [{"id": 10, "_count": {"tags": 0}}],
            "role": {"id": 3, "_count": {"users": 2**63 - 1}},
            "_count": {"posts": 5, "drafts": 0},
        },
        {"id": 2, "posts": [], "role": None, "_count": {"posts": 0, "drafts": 0}},
    ]
    assert list(users[0]) == ["id", "posts", "role", "_count"]
    assert (users.has_more, users.start_cursor, users.end_cursor, users.total) == (True, "s", "e", 7)
    posts = users[0]["posts"]
    assert (posts.has_more, posts.start_cursor, posts.end_cursor, posts.total) == (True, "s1", "e1", 5)
    none = users[1]["posts"]
    assert (none.has_more, none.start_cursor, none.end_cursor, none.total) == (False, None, None, 0)


def test_what_the_server_does_not_say_is_none(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=NUMBERS)
    page = client.get("blog", "N", READ)
    assert (page.has_more, page.start_cursor, page.end_cursor, page.total) == (False, None, None, None)


def test_a_read_carries_all_its_parts(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=NUMBERS)
    read = {**READ, "cursor": "c", "backward": True, "total": "exact", "distinct_on": ["id"], "strategy": "nested"}
    client.get("blog", "N", read)
    assert server.calls[0][1] == text_format.Parse(
        'schema: "blog" model: "N" select { fields: "id" } page { cursor: "c" backward: true total: TOTAL_EXACT } '
        'distinct_on: "id" strategy: STRATEGY_NESTED',
        service.GetRequest(),
    )


# --- page by page -----------------------------------------------------------------------------------------------------


def paging(count):
    """Returns an answer that gives the numbers from 1 to `count`, whose cursors are the numbers."""

    def answer(request, _):
        page, numbers = request.page, list(range(1, count + 1))
        if page.cursor:
            numbers = [n for n in numbers if (n < int(page.cursor) if page.backward else n > int(page.cursor))]
        offset = page.offset
        numbers = numbers[: len(numbers) - offset] if page.backward else numbers[offset:]
        limit = page.limit if page.HasField("limit") else 150
        found = numbers[-limit:] if page.backward else numbers[:limit]
        response = service.GetResponse(shape=NUMBERS, has_more=len(found) < len(numbers))
        for number in found:
            response.records.add().values.add(int_value=number)
        if found:
            response.start_cursor, response.end_cursor = str(found[0]), str(found[-1])
        if page.total:
            response.total = count
        return response

    return answer


def numbers(page):
    return [record["n"] for record in page]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_lose_and_repeat_nothing(server, client, size):
    server.answers["Get"] = paging(7)
    pages = [numbers(page) for page in client.pages("blog", "N", {**READ, "limit": size})]
    assert sum(pages, []) == [1, 2, 3, 4, 5, 6, 7]
    assert all(len(page) == size for page in pages[:-1]) and len(server.calls) == -(-7 // size)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
def test_pages_backward_come_from_the_end(server, client, size):
    server.answers["Get"] = paging(7)
    pages = [numbers(page) for page in client.pages("blog", "N", {**READ, "limit": size, "backward": True})]
    assert sum(reversed(pages), []) == [1, 2, 3, 4, 5, 6, 7]
    assert pages[0][-1] == 7 and all(len(page) == size for page in pages[:-1])


def test_pages_without_a_limit_have_the_servers(server, client):
    server.answers["Get"] = paging(310)
    assert [len(page) for page in client.pages("blog", "N", READ)] == [150, 150, 10]


def test_pages_of_nothing_are_one_empty_page(server, client):
    server.answers["Get"] = paging(0)
    assert list(client.pages("blog", "N", READ)) == [[]]


def test_offset_and_total_are_for_the_first_page(server, client):
    server.answers["Get"] = paging(9)
    read = {**READ, "limit": 3, "offset": 2, "total": "exact", "order_by": "n", "where": {"n": {"gt": 0}}}
    pages = list(client.pages("blog", "N", read, request_id="mine", timeout=8))
    assert [numbers(page) for page in pages] == [[3, 4, 5], [6, 7, 8], [9]]
    assert [page.total for page in pages] == [9, None, None]
    requests = [request for _, request, _, _ in server.calls]
    assert [request.page.cursor for request in requests] == ["", "5", "8"]
    assert all(request.order_by == requests[0].order_by and request.where == requests[0].where for request in requests)
    assert all(headers["x-request-id"] == "mine" and left <= 8.2 for _, _, headers, left in server.calls)


def test_pages_begin_at_the_cursor_of_their_document(server, client):
    server.answers["Get"] = paging(9)
    read = {**READ, "limit": 2, "cursor": "4"}
    assert [numbers(page) for page in client.pages("blog", "N", read)] == [[5, 6], [7, 8], [9]]
    assert read["cursor"] == "4"


def test_pages_are_asked_for_one_by_one(server, client):
    server.answers["Get"] = paging(9)
    pages = client.pages("blog", "N", {**READ, "limit": 2})
    assert server.calls == []
    assert numbers(next(pages)) == [1, 2] and len(server.calls) == 1


def test_pages_of_no_records_are_refused(server, client):
    with pytest.raises(rowan.DocumentError, match="never come to an end") as caught:
        client.pages("blog", "N", {**READ, "limit": 0})
    assert caught.value.path == "limit" and server.calls == []


def test_more_records_without_a_cursor_are_an_error(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=NUMBERS, has_more=True)
    pages = client.pages("blog", "N", READ)
    assert next(pages) == []
    with pytest.raises(rowan.DataLossError, match="no cursor"):
        next(pages)


def test_an_error_in_the_middle_ends_the_pages(server, client):
    mismatch = fail(
        grpc.StatusCode.INVALID_ARGUMENT,
        "the schema has changed",
        error_details_pb2.ErrorInfo(reason="CURSOR_MISMATCH", domain="rowan", metadata={"path": "cursor"}),
    )
    answer = paging(9)
    server.answers["Get"] = lambda request, context: (mismatch if request.page.cursor else answer)(request, context)
    pages = client.pages("blog", "N", {**READ, "limit": 2})
    assert numbers(next(pages)) == [1, 2]
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        next(pages)
    assert (caught.value.reason, caught.value.path) == ("CURSOR_MISMATCH", "cursor")
    assert list(pages) == []


# --- aggregates and existence -----------------------------------------------------------------------------------------


def test_aggregates_are_groups(server, client):
    server.answers["Aggregate"] = lambda request, _: text_format.Parse(
        'shape { fields { name: "role.name" } fields { name: "paid" } fields { name: "last" } } has_more: true '
        'records { values { text_value: "admin" } values { decimal_value: "1.50" } values { timestamp_value { } } } '
        "records { values { null_value: NULL_VALUE } values { null_value: NULL_VALUE } values { text_value: 'x' } }",
        service.AggregateResponse(),
    )
    groups = client.aggregate("blog", "User", {"group_by": "role.name", "select": {"paid": {"sum": "paid"}}})
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert groups == [
        {"role.name": "admin", "paid": decimal.Decimal("1.50"), "last": epoch},
        {"role.name": None, "paid": None, "last": "x"},
    ]
    assert groups.has_more and groups.end_cursor is None
    assert server.calls[0][1].group_by[0].relations == ["role"]


@pytest.mark.parametrize("found", [True, False])
@pytest.mark.parametrize("body", [(), ({},), ({"where": {"id": 1}},)])
def test_exists_is_true_or_false(server, client, found, body):
    server.answers["Exists"] = lambda request, _: service.ExistsResponse(exists=found)
    assert client.exists("blog", "User", *body) is found
    assert server.calls[0][1].HasField("where") == bool(body and body[0])


@pytest.mark.parametrize("verb, call", [("Aggregate", "aggregate"), ("Exists", "exists")])
def test_their_errors_are_those_of_all_calls(server, client, verb, call):
    server.answers[verb] = fail(
        grpc.StatusCode.INVALID_ARGUMENT,
        "a text has no sum",
        error_details_pb2.ErrorInfo(reason="AGGREGATE_NOT_ALLOWED", domain="rowan", metadata={"path": "select.n"}),
    )
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        getattr(client, call)("blog", "User", {})
    assert (caught.value.reason, caught.value.path) == ("AGGREGATE_NOT_ALLOWED", "select.n")


@pytest.mark.parametrize("verb, call", [("Aggregate", "aggregate"), ("Exists", "exists")])
def test_an_older_server_does_not_have_them(server, client, verb, call):
    server.answers[verb] = fail(grpc.StatusCode.UNIMPLEMENTED, "unknown method")
    with pytest.raises(rowan.UnimplementedError):
        getattr(client, call)("blog", "User", {})


# --- explanations -----------------------------------------------------------------------------------------------------

ANALYZED = """
    plan: "p" schema_version: "v" strategy: STRATEGY_BY_LEVEL strategy_reason: "many root records"
    statements {
      description: "read User" sql: "select 1" parameter_types: "int8"
      postgres_plan {
        type: "Nested Loop" total_cost: 12.5 estimated_rows: 3 actual_rows: 0 loops: 1 milliseconds: 0.25
        children { type: "Index Scan" table: "users" alias: "u" index: "users_pkey" role: "Outer" conditions: "(id = 1)"
                   total_cost: 8 estimated_rows: 1 actual_rows: 0.5 loops: 2 milliseconds: 0.125 removed_rows: 0 }
      }
    }
    statements { description: "read Post" sql: "select 2" }
"""


def test_an_analysis_tells_what_happened(server, client):
    server.answers["Explain"] = lambda request, _: text_format.Parse(ANALYZED, service.ExplainResponse())
    explanation = client.explain("get", "blog", "User", READ, mode="analyze")
    scan = rowan.PlanNode(
        type="Index Scan",
        table="users",
        alias="u",
        index="users_pkey",
        role="Outer",
        conditions=("(id = 1)",),
        total_cost=8.0,
        estimated_rows=1,
        actual_rows=0.5,
        loops=2,
        milliseconds=0.125,
        removed_rows=0.0,
    )
    loop = rowan.PlanNode(
        type="Nested Loop",
        total_cost=12.5,
        estimated_rows=3,
        actual_rows=0.0,
        loops=1,
        milliseconds=0.25,
        children=(scan,),
    )
    assert explanation == rowan.Explanation(
        "p",
        (rowan.Statement("read User", "select 1", ("int8",), loop), rowan.Statement("read Post", "select 2", ())),
        "v",
        "by_level",
        "many root records",
    )
    assert loop.removed_rows is None and loop.table is None and loop.role is None
    assert server.calls[0][1].mode == service.EXPLAIN_MODE_ANALYZE and server.calls[0][1].HasField("get")


def test_an_explanation_of_a_write_has_no_strategy(server, client):
    server.answers["Explain"] = lambda request, _: text_format.Parse(
        'plan: "p" schema_version: "v" statements { description: "d" sql: "select 1" parameter_types: "int8" }',
        service.ExplainResponse(),
    )
    explanation = client.explain("update", "blog", "User", {"data": {"a": 1}, "where": {"id": 1}})
    assert explanation == rowan.Explanation("p", (rowan.Statement("d", "select 1", ("int8",)),), "v")
    assert explanation.strategy is None and explanation.statements[0].postgres_plan is None
    assert server.calls[0][1].update.model == "User" and server.calls[0][1].mode == service.EXPLAIN_MODE_PLAN
