"""Complete reads of a shop through a real server: pages, filters, aggregates, explanations, and streams that go on."""

import decimal
import os
import pathlib
import sys

import pytest
from conftest import registered

import rowan

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))

from relay import Relay  # noqa: E402

SHOP = {
    "models": {
        "Customer": {
            "fields": {"id": {"type": "auto_increment", "primary": True}, "name": "string"},
            "relations": {"orders": {"has_many": "Order"}},
        },
        "Order": {
            "fields": {
                "id": {"type": "auto_increment", "primary": True},
                "status": "string",
                "price": {"type": "decimal(12,2)", "nullable": True, "optional": True},
                "cost": {"type": "decimal(12,2)", "default": "1.00"},
                "meta": {"type": "json", "nullable": True, "optional": True},
                "tags": {"type": "text[]", "nullable": True, "optional": True},
            },
            "relations": {"customer": {"belongs_to": "Customer", "nullable": True, "optional": True}},
        },
    },
}
# Every third order has no price, so that pages pass over nulls.
ORDERS = [
    {
        "status": ("paid", "sent", "OPEN")[n % 3],
        "price": None if n % 3 == 2 else decimal.Decimal(n % 5) / 4,
        "meta": {"n": n, "at": [n, {"deep": f"x{n}"}]},
        "tags": ["even"] if n % 2 == 0 else ["odd", f"t{n}"],
    }
    for n in range(40)
]


@pytest.fixture(scope="module")
def shop(live, unique):
    name = registered(live, SHOP, unique + "_shop")
    live.insert(name, "Customer", [{"name": "Ann", "orders": {"create": ORDERS[:25]}}, {"name": "Ben"}])
    live.insert(name, "Order", ORDERS[25:])
    return name


@pytest.fixture(scope="module")
def many(live, unique):
    """Ten thousand records, more bytes than connections hold on their way."""
    model = {"fields": {"id": {"type": "auto_increment", "primary": True}, "text": "text"}}
    name = registered(live, {"models": {"Line": model}}, unique + "_many")
    for start in range(0, 10_000, 1000):
        live.insert(name, "Line", [{"text": f"{n:06} " * 300} for n in range(start, start + 1000)])
    return name


def found(live, shop, where):
    """Returns which of ORDERS a filter lets through."""
    read = {"select": {"meta": True}, "where": where, "order_by": "id", "limit": 1000}
    return [order["meta"]["n"] for order in live.get(shop, "Order", read)]


def those(condition):
    return [n for n in range(40) if condition(n)]


FILTERS = [
    ({"status": {"eq": "open", "mode": "insensitive"}}, lambda n: n % 3 == 2),
    ({"status": {"notIn": ["paid", "sent"]}}, lambda n: n % 3 == 2),
    ({"price": {"between": ["0.25", decimal.Decimal("0.50")]}}, lambda n: n % 3 != 2 and n % 5 in (1, 2)),
    ({"NOT": {"price": {"gt": 0}}}, lambda n: n % 3 == 2 or n % 5 == 0),
    ({"price": {"isDistinctFrom": 0}}, lambda n: n % 3 == 2 or n % 5 != 0),
    ({"price": {"gte": {"$field": "cost"}}}, lambda n: n % 3 != 2 and n % 5 == 4),
    ({"meta": {"path": "n", "lt": 3}}, lambda n: n < 3),
    ({"meta": {"path": ["at", 1, "deep"], "in": ["x7", "x9"]}}, lambda n: n in (7, 9)),
    ({"meta": {"path": ["at", -1, "deep"], "endsWith": "8"}}, lambda n: n % 10 == 8),
    ({"tags": {"has": "even"}}, lambda n: n % 2 == 0),
    ({"tags": {"hasSome": ["t1", "t3"]}}, lambda n: n in (1, 3)),
    ({"tags": {"hasEvery": ["odd", "t3"]}}, lambda n: n == 3),
    ({"tags": {"isEmpty": True}}, lambda n: False),
    ({"status": {"regex": "^[a-z]+$"}}, lambda n: n % 3 != 2),
    ({"status": {"like": "_pe%", "mode": "insensitive"}}, lambda n: n % 3 == 2),
    ({"customer": None}, lambda n: n >= 25),
    ({"customer": {"is_not": None}}, lambda n: n < 25),
    ({"customer": {"is_not": {"name": "Ann"}}}, lambda n: n >= 25),
    ({"customer": {"orders": {"_count": {"gt": 24}}}}, lambda n: n < 25),
    ({"customer": {"orders": {"_max": {"price": {"lt": 1, "distinct": False}}}}}, lambda n: False),
]


@pytest.mark.parametrize("where, condition", FILTERS)
def test_filters(live, shop, where, condition):
    assert found(live, shop, where) == those(condition)


REFUSED = [
    ({"price": {"contains": "1"}}, "OPERATOR_NOT_ALLOWED", "where.price.contains"),
    ({"status": {"regex": "("}}, "INVALID_REGEX", "where.status.regex"),
    ({"status": {"gt": {"$field": "price"}}}, "TYPE_MISMATCH", "where.status.gt"),
    ({"customer": {"every": {"name": "Ann"}}}, "QUANTIFIER_NOT_ALLOWED", "where.customer.every"),
    ({"customer": {"orders": {"_sum": {"status": {"gt": 1}}}}}, "AGGREGATE_NOT_ALLOWED", "where.customer.orders"),
    ({"price": {"gt": None}}, "NULL_NOT_ALLOWED", "where.price.gt"),
]


@pytest.mark.parametrize("where, reason, path", REFUSED)
def test_filters_that_are_refused(live, shop, where, reason, path):
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        live.get(shop, "Order", {"select": {"id": True}, "where": where})
    assert caught.value.reason == reason and caught.value.path.startswith(path)


# --- pages ------------------------------------------------------------------------------------------------------------

BY_PRICE = {"select": {"id": True}, "order_by": [{"price": {"direction": "desc", "nulls": "last"}}, "status"]}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 39, 40, 41])
@pytest.mark.parametrize("backward", [False, True])
def test_pages_lose_and_repeat_nothing(live, shop, size, backward):
    everything = live.get(shop, "Order", BY_PRICE)
    pages = list(live.pages(shop, "Order", {**BY_PRICE, "limit": size, "backward": backward, "total": "exact"}))
    assert pages[0].total == len(everything) == 40
    assert sum(reversed(pages) if backward else pages, []) == everything


def test_nested_pages_go_on_from_their_cursors(live, shop):
    orders = {"select": {"id": True}, "order_by": {"id": "desc"}, "limit": 10, "total": "exact"}
    sizes, ids, cursor = [], [], None
    while True:
        select = {"_count": {"orders": True}, "orders": {**orders, "cursor": cursor}}
        (ann,) = live.get(shop, "Customer", {"select": select, "where": {"name": "Ann"}})
        assert ann["_count"] == {"orders": 25} and ann["orders"].total == 25
        sizes.append(len(ann["orders"]))
        ids += [order["id"] for order in ann["orders"]]
        if not ann["orders"].has_more:
            break
        cursor = ann["orders"].end_cursor
    assert sizes == [10, 10, 5] and ids == sorted(ids, reverse=True) and len(set(ids)) == 25


def test_cursors_of_other_queries_are_refused(live, shop):
    cursor = live.get(shop, "Order", {**BY_PRICE, "limit": 2}).end_cursor
    for read in (
        {**BY_PRICE, "order_by": "id", "cursor": cursor},
        {**BY_PRICE, "where": {"id": {"gt": 1}}, "cursor": cursor},
        {**BY_PRICE, "cursor": cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")},
        {**BY_PRICE, "cursor": "nonsense"},
    ):
        with pytest.raises(rowan.InvalidArgumentError) as caught:
            live.get(shop, "Order", read)
        assert (caught.value.reason, caught.value.path) == ("CURSOR_MISMATCH", "cursor")


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_strategies_agree(live, shop, strategy):
    orders = {"select": {"*": True, "customer": {"name": True}}, "limit": 3, "order_by": BY_PRICE["order_by"]}
    read = {"select": {"name": True, "orders": orders}, "order_by": [{"orders": {"_count": "desc"}}]}
    assert live.get(shop, "Customer", {**read, "strategy": strategy}) == live.get(shop, "Customer", read)
    assert live.explain("get", shop, "Customer", {**read, "strategy": strategy}).strategy == strategy


def test_distinct_on_keeps_the_first_of_each(live, shop):
    read = {"select": {"status": True, "meta": True}, "distinct_on": "status", "order_by": ["status", "id"]}
    firsts = [(order["status"], order["meta"]["n"]) for order in live.get(shop, "Order", read)]
    assert sorted(firsts) == [("OPEN", 2), ("paid", 0), ("sent", 1)]


# --- aggregates, existence, explanations ------------------------------------------------------------------------------


def test_aggregates(live, shop):
    groups = live.aggregate(
        shop,
        "Order",
        {
            "group_by": "customer.name",
            "select": {
                "orders": {"count": True},
                "priced": {"count": "price"},
                "statuses": {"count": "status", "distinct": True},
                "sum": {"sum": "price"},
                "sent": {"count": True, "where": {"status": "sent"}},
            },
            "order_by": {"orders": "desc"},
        },
    )
    counted = [(group["customer.name"], group["orders"], group["statuses"]) for group in groups]
    assert counted == [("Ann", 25, 3), (None, 15, 3)]
    prices = [order["price"] for order in ORDERS[:25] if order["price"] is not None]
    assert (groups[0]["priced"], groups[0]["sum"]) == (len(prices), sum(prices))
    assert groups[0]["sent"] == len([order for order in ORDERS[:25] if order["status"] == "sent"])


def test_aggregates_over_nothing_are_one_group_without_values(live, shop):
    body = {"select": {"n": {"count": True}, "sum": {"sum": "price"}}, "where": {"id": -1}}
    assert live.aggregate(shop, "Order", body) == [{"n": 0, "sum": None}]


@pytest.mark.parametrize(
    "body, reason",
    [
        ({"select": {"n": {"sum": "status"}}}, "AGGREGATE_NOT_ALLOWED"),
        ({"select": {"n": {"count": True}}, "order_by": "m"}, "UNKNOWN_FIELD"),
        ({"select": {"n": {"count": True}}, "group_by": {"n": "status"}}, "DUPLICATE_NAME"),
    ],
)
def test_aggregates_that_are_refused(live, shop, body, reason):
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        live.aggregate(shop, "Order", body)
    assert caught.value.reason == reason


def test_exists(live, shop):
    assert live.exists(shop, "Order", {"where": {"customer": {"name": "Ann"}}})
    assert not live.exists(shop, "Customer", {"where": {"name": "Ben", "orders": {"some": {}}}})
    assert live.exists(shop, "Customer")


def test_explanations_reach_as_far_as_asked(live, shop):
    read = {"select": {"name": True, "orders": {"status": True}}}
    plan = live.explain("get", shop, "Customer", read)
    assert all(statement.postgres_plan is None for statement in plan.statements) and plan.strategy_reason
    estimate = live.explain("get", shop, "Customer", read, mode="estimate").statements[0].postgres_plan
    assert estimate.type and estimate.total_cost > 0 and estimate.actual_rows is None
    analysis = live.explain("get", shop, "Customer", read, mode="analyze").statements[0].postgres_plan
    assert analysis.loops >= 1 and analysis.milliseconds >= 0


def test_an_analysis_writes_nothing(live, shop):
    body = {"data": {"name": "Zed"}, "all_rows": True}
    analysis = live.explain("update", shop, "Customer", body, mode="analyze")
    assert any(statement.postgres_plan for statement in analysis.statements) and analysis.strategy is None
    assert not live.exists(shop, "Customer", {"where": {"name": "Zed"}})


# --- streams that go on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stream_goes_on_after_its_connection_was_cut(live, many, mode):
    with Relay(os.environ["ROWAN_TEST_ADDRESS"]) as relay, rowan.connect(relay.address) as client:
        read = {"select": {"*": True}, "order_by": {"id": "desc"}, "mode": mode}
        stream = client.stream(many, "Line", read, timeout=120)
        ids = []
        for record in stream:
            ids.append(record["id"])
            if len(ids) % 2500 == 100:
                relay.cut()
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == len(ids) == stream.total == 10_000
    assert stream.resumptions > 0


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stored_token_goes_on_in_either_mode(live, many, mode):
    read = {"select": {"id": True}, "limit": 9000, "offset": 10}
    everything = [record["id"] for record in live.stream(many, "Line", read)]
    first = live.stream(many, "Line", read)
    ids, token, done = [], None, 0
    for record in first:
        ids.append(record["id"])
        if first.resume_token is not None and token is None:
            token, done = first.resume_token, len(ids)
        if len(ids) > 5000:
            break
    first.close()
    rest = [record["id"] for record in live.stream(many, "Line", {**read, "resume_token": token, "mode": mode})]
    assert len(everything) == 9000 and ids[:done] + rest == everything


def test_tokens_of_other_streams_are_refused(live, many):
    read = {"select": {"id": True}, "limit": 500}
    stream = live.stream(many, "Line", read)
    assert len(list(stream)) == 500
    for other in ({**read, "where": {"id": {"gt": 0}}}, {**read, "order_by": {"id": "desc"}}):
        with pytest.raises(rowan.InvalidArgumentError) as caught:
            list(live.stream(many, "Line", {**other, "resume_token": stream.resume_token}))
        assert caught.value.reason == "CURSOR_MISMATCH"
    for token in ("nonsense", stream.resume_token[:-2]):
        with pytest.raises(rowan.InvalidArgumentError) as caught:
            list(live.stream(many, "Line", {**read, "resume_token": token}))
        assert (caught.value.reason, caught.value.path) == ("CURSOR_MISMATCH", "resume_token")
