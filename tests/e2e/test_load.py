"""Bulk loads through the Python client: what is written, what is refused, and that nothing is left behind."""

import itertools
import subprocess
import threading
import time
from random import Random

import grpc
import pytest
import rowan
from conftest import ROOT, wait_for
from rowan._generated.rowan.v1 import data_service_pb2, data_service_pb2_grpc, load_pb2

ROWS = 100_000

STOCK = {
    "schema": "stock",
    "database_schema": "stock",
    "models": {
        "Item": {
            "fields": {
                "id": {"type": "auto_increment", "primary": True},
                "code": {"type": "string(8)", "unique": True},
                "count": {"type": "int32", "default": 1},
                "kind": {"type": "enum", "labels": ["raw", "made"], "native": "kind", "default": "raw"},
                "kinds": {"type": "enum[]", "labels": ["raw", "made"], "native": "kind", "nullable": True},
                "stamp": {"type": "timestamp", "default": {"generator": "now"}, "read_only": True},
            },
            "checks": {"count_positive": "count > 0"},
        },
        "Shelf": {"fields": {"name": {"type": "string", "primary": True}}},
        "Box": {
            "fields": {"id": {"type": "int32", "primary": True}, "name": "string", "count": "int32"},
            "relations": {"shelf": {"belongs_to": "Shelf"}},
            "checks": {"box_count_positive": "count > 0"},
        },
        "Page": {
            "fields": {
                "name": {"type": "string", "primary": True},
                "text": {"type": "text", "default": ""},
                "version": {"type": "int32", "version": True},
            },
        },
    },
}


@pytest.fixture(scope="module")
def shop_client(postgres, shared_rowand):
    with shared_rowand.client() as client:
        client.apply_schema(ROOT / "tests/golden/schemas/shop.yaml")
        client.apply_schema(STOCK)
        client.apply_schema(ROOT / "tests/golden/schemas/network.yaml")
        yield client


@pytest.fixture
def shop(postgres, shop_client):
    """The models of the golden cases, empty, and a model with a CHECK and native enums."""
    postgres.psql('TRUNCATE stock.item, stock.page, stock.shelf, stock.box, shop.products, shop."order", shop.order_lines, shop.employees, sites, hosts RESTART IDENTITY CASCADE')
    return shop_client


def counts(result):
    return (result.received, result.inserted, result.updated, result.skipped, result.rejected)


def told(result):
    return [(reject.row, reject.path, reject.reason) for reject in result.rejects]


def failure(error):
    return (error.value.reason, error.value.path)


# --- what is written --------------------------------------------------------------------------------------------------


def test_rows_with_a_natural_key(blog, postgres):
    blog.load("blog", "Role", [{"name": "member"}])
    rows = [{"name": f"user {n}", "role.name": ("admin", "member")[n % 2]} for n in range(2500)]
    assert counts(blog.load("blog", "User", rows)) == (2500, 2500, 0, 0, 0)
    assert postgres.psql("SELECT role_id, count(*), min(name) FROM users GROUP BY 1 ORDER BY 1") == "1|1250|user 0\n2|1250|user 1"


def test_no_rows(blog, postgres):
    assert counts(blog.load("blog", "User", [], columns=["name", "role.name"])) == (0, 0, 0, 0, 0)
    assert counts(blog.load("blog", "User", iter(()))) == (0, 0, 0, 0, 0)
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_lists_of_values_and_records_of_a_stream(blog):
    blog.load("blog", "User", [["Ada", 1], ["Bob", 1]], columns=["name", "roleId"])
    with blog.stream("blog", "User", {"select": {"name": True, "role": {"name": True}}}) as records:
        again = blog.load("blog", "User", records, columns=["name", "role.name"])
    assert counts(again) == (2, 2, 0, 0, 0)
    names = blog.get("blog", "User", {"select": {"name": True, "role": {"name": True}}, "order_by": "id"})
    assert names == [{"name": name, "role": {"name": "admin"}} for name in ("Ada", "Bob", "Ada", "Bob")]


def test_defaults_nulls_and_enums(shop, postgres):
    shop.load("stock", "Item", [{"code": "a"}, {"code": "b"}])
    shop.load("stock", "Item", [{"code": "c", "kind": "made", "kinds": ["raw", "made"]}, {"code": "d", "kind": "raw", "kinds": None}])
    assert postgres.psql("SELECT code, count, kind, kinds, stamp IS NOT NULL FROM stock.item ORDER BY id").split() == [
        "a|1|raw||t", "b|1|raw||t", "c|1|made|{raw,made}|t", "d|1|raw||t"]


def test_native_types(shop, postgres):
    shop.load("network", "Site", [["abc"], ["x"]], columns=["code"])
    hosts = [["10.0.0.1", "x  ", "90 minutes", ["::1", None]], ["nowhere", "x", None, []], ["9.0.0.1", "abc", None, []], ["::2", "y", None, []]]
    result = shop.load("network", "Host", hosts, columns=["address", "site.code", "uptime", "aliases"], tolerated_rejects=2)
    assert counts(result) == (4, 2, 0, 0, 2)
    assert sorted(told(result)) == [(1, "rows[1]", "INVALID_VALUE"), (3, "rows[3].site", "RELATED_NOT_FOUND")]
    assert postgres.psql("SELECT * FROM hosts ORDER BY address").split("\n") == ["9.0.0.1||{}|||host 2|6|abc", "10.0.0.1|01:30:00|{::1,NULL}|||host 2|6|x"]
    again = shop.load("network", "Host", [["10.0.0.1/32", "abc"], ["::3", "abc"]], columns=["address", "siteId"], on_conflict="update")
    assert counts(again) == (2, 1, 1, 0, 0)
    assert postgres.psql("SELECT count(*) FROM hosts WHERE site_id = 'abc'") == "3"


def test_a_text_that_is_too_long_for_its_native_type_is_not_cut(shop, postgres):
    result = shop.load("network", "Site", [["abcd"], ["ok"]], columns=["code"], tolerated_rejects=1)
    assert told(result) == [(0, "rows[0]", "INVALID_VALUE")]
    assert postgres.psql("SELECT code FROM sites") == "ok"


def test_generated_fields_take_no_rows(shop):
    with pytest.raises(rowan.RowanError) as error:
        shop.load("network", "Host", [["::1", 3, "x"]], columns=["address", "size", "siteId"])
    assert failure(error) == ("READ_ONLY_FIELD", "columns[1]")


def test_read_only_models_take_no_rows(shop, postgres):
    shop.apply_schema({"schema": "viewers", "models": {"Site": {"table": "sites", "read_only": True, "fields": {"code": {"type": "text", "native": {"name": "bpchar", "modifiers": [3]}, "primary": True}}}}})
    with pytest.raises(rowan.RowanError) as error:
        shop.load("viewers", "Site", [["x"]], columns=["code"])
    assert failure(error) == ("READ_ONLY_MODEL", "model")
    assert postgres.psql("SELECT count(*) FROM sites") == "0"


def test_composite_keys_and_several_relations(shop, postgres):
    shop.load("shop", "Product", [{"maker": "acme", "code": n, "name": "x"} for n in (1, 2)])
    shop.load("shop", "Order", [{"number": "A1"}, {"number": "A2"}])
    columns = ["position", "order.number", "product.code", "product.maker"]
    result = shop.load("shop", "Line", [[1, "A2", 1, "acme"], [2, "A1", 3, "acme"], [3, "A1", 2, "acme"]], columns=columns, tolerated_rejects=1)
    assert counts(result) == (3, 2, 0, 0, 1)
    assert told(result) == [(1, "rows[1].product", "RELATED_NOT_FOUND")]
    assert postgres.psql("SELECT order_id, position, product_maker, product_code FROM shop.order_lines ORDER BY 2") == "2|1|acme|1\n1|3|acme|2"


def test_rows_that_refer_to_each_other(shop, postgres):
    staff = [[3, "c", 2], [2, "b", 1], [1, "a", None], [4, "d", 4]]
    assert counts(shop.load("shop", "Employee", staff, columns=["id", "name", "bossId"])) == (4, 4, 0, 0, 0)
    # 7 names nobody, so 6 names somebody who does not come, and so does 5.
    lost = [[5, "e", 6], [6, "f", 7], [7, "g", 99], [8, "h", 1]]
    result = shop.load("shop", "Employee", lost, columns=["id", "name", "bossId"], tolerated_rejects=3)
    assert counts(result) == (4, 1, 0, 0, 3)
    assert sorted(told(result)) == [(n, f"rows[{n}].boss", "RELATED_NOT_FOUND") for n in range(3)]


def test_a_relation_that_is_not_required_takes_null(shop, postgres):
    shop.load("shop", "Employee", [[1, "a"]], columns=["id", "name"])
    shop.load("shop", "Employee", [[2, "b", 1], [3, "c", None]], columns=["id", "name", "boss.id"])
    assert postgres.psql("SELECT id, boss_id FROM shop.employees ORDER BY 1") == "1|\n2|1\n3|"


@pytest.mark.parametrize("largest", [3, 5_000_000])
def test_identities_go_on_behind_what_was_loaded(shop, postgres, largest):
    shop.load("stock", "Item", [[1, "a"], [largest, "b"], [2, "c"]], columns=["id", "code"])
    assert shop.insert("stock", "Item", {"code": "d"}).records == [{"id": largest + 1}]
    shop.load("stock", "Item", [[largest + 1, "e"], [-7, "f"]], columns=["id", "code"], tolerated_rejects=1)
    shop.load("stock", "Item", [["g"]], columns=["code"])
    assert postgres.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM stock.item") == f"-7 1 2 {largest} {largest + 1} {largest + 2}"


def test_a_dry_run_leaves_nothing(blog, postgres):
    rows = [{"name": "a", "role.name": "admin"}, {"name": "b", "role.name": "none"}]
    result = blog.load("blog", "User", rows, dry_run=True, tolerated_rejects=1)
    assert counts(result) == (2, 1, 0, 0, 1)
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_the_same_load_again_on_the_same_connection(blog, postgres):
    for _ in range(3):
        blog.load("blog", "User", [{"name": "a", "role.name": "admin"}])
        blog.load("blog", "Tag", [{"name": "a"}], on_conflict="skip", key=["name"])
    assert postgres.psql("SELECT count(*) FROM users") == "3"
    assert postgres.psql("SELECT count(*) FROM tags") == "1"


# --- once -------------------------------------------------------------------------------------------------------------


def test_a_load_happens_once(blog, postgres, shared_rowand):
    once = f"load {time.time()}"
    rows = [["a"], ["b"], ["a"]]
    first = blog.load("blog", "Tag", rows, columns=["name"], tolerated_rejects=1, once=once)
    assert counts(first) == (3, 2, 0, 0, 1) and not first.repeated_answer
    again = blog.load("blog", "Tag", ([f"tag {n}"] for n in itertools.count()), columns=["name"], tolerated_rejects=1, once=once)
    assert counts(again) == counts(first) and again.repeated_answer and told(again) == []
    assert postgres.psql("SELECT count(*) FROM tags") == "2"
    with pytest.raises(rowan.InvalidArgumentError) as error:
        blog.load("blog", "Tag", rows, columns=["name"], tolerated_rejects=2, once=once)
    assert error.value.reason == "KEY_REUSED"


def test_a_load_that_failed_may_be_repeated(blog, postgres):
    once = f"load {time.time()}"
    for rows, expected in (([["a"], ["a"]], None), ([["a"]], (1, 1, 0, 0, 0))):
        if expected is None:
            with pytest.raises(rowan.AlreadyExistsError):
                blog.load("blog", "Tag", rows, columns=["name"], once=once)
        else:
            assert counts(blog.load("blog", "Tag", rows, columns=["name"], once=once)) == expected
    assert postgres.psql("SELECT count(*) FROM tags") == "1"


def test_twins_load_once(blog, postgres):
    once = f"load {time.time()}"
    results = []
    rows = [[f"tag {n}"] for n in range(5000)]
    threads = [threading.Thread(target=lambda: results.append(blog.load("blog", "Tag", rows, columns=["name"], once=once))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.repeated_answer for result in results) == [False, True, True]
    assert {counts(result) for result in results} == {(5000, 5000, 0, 0, 0)}
    assert postgres.psql("SELECT count(*) FROM tags") == "5000"


@pytest.mark.parametrize("options, reason", [({"once": "x", "dry_run": True}, "CONFLICTING_INPUT"), ({"once": "x" * 201}, "VALUE_OUT_OF_RANGE")])
def test_ids_that_are_refused(blog, options, reason):
    with pytest.raises(rowan.InvalidArgumentError) as error:
        blog.load("blog", "Tag", [["a"]], columns=["name"], **options)
    assert failure(error) == (reason, "request_id")


# --- taken keys -------------------------------------------------------------------------------------------------------

TAKEN = [{"name": "new"}, {"name": "admin"}, {"name": "new"}, {"name": "newer"}]


def test_taken_keys_are_rejected(blog):
    result = blog.load("blog", "Role", TAKEN, tolerated_rejects=2)
    assert counts(result) == (4, 2, 0, 0, 2)
    assert told(result) == [(1, "rows[1]", "UNIQUE_VIOLATION"), (2, "rows[2]", "UNIQUE_VIOLATION")]


def test_taken_keys_are_skipped(blog):
    assert counts(blog.load("blog", "Role", TAKEN, on_conflict="skip", key=["name"])) == (4, 2, 0, 2, 0)
    assert counts(blog.load("blog", "Role", [{"id": 1, "name": "other"}], on_conflict="skip")) == (1, 0, 0, 1, 0)
    assert [role["name"] for role in blog.get("blog", "Role", {"select": {"name": True}})] == ["admin", "new", "newer"]


def test_taken_keys_are_updated(shop, postgres):
    shop.load("stock", "Item", [["a", 1, "raw"], ["b", 2, "raw"]], columns=["code", "count", "kind"])
    rows = [["b", 20, "made"], ["c", 30, "made"], ["b", 40, "raw"]]
    result = shop.load("stock", "Item", rows, columns=["code", "count", "kind"], on_conflict="update", key=["code"], tolerated_rejects=1)
    assert counts(result) == (3, 1, 1, 0, 1)
    assert told(result) == [(2, "rows[2]", "CONFLICTING_INPUT")]
    result = shop.load("stock", "Item", [["a", 9, "made"]], columns=["code", "count", "kind"], on_conflict={"update": ["count"]}, key=["code"])
    assert counts(result) == (1, 0, 1, 0, 0)
    assert postgres.psql("SELECT code, count, kind FROM stock.item ORDER BY 1") == "a|9|raw\nb|20|made\nc|30|made"


def test_the_version_counts_updates(shop, postgres):
    shop.load("stock", "Page", [["a", "x"], ["b", "x"]], columns=["name", "text"])
    shop.load("stock", "Page", [["a", "y", 77], ["c", "y", 5]], columns=["name", "text", "version"], on_conflict="update")
    shop.load("stock", "Page", [["b"]], columns=["name"], on_conflict="update")
    assert postgres.psql("SELECT name, text, version FROM stock.page ORDER BY 1") == "a|y|2\nb|x|1\nc|y|5"
    with pytest.raises(rowan.RowanError) as error:
        shop.load("stock", "Page", [["a", 1]], columns=["name", "version"], on_conflict={"update": ["version"]})
    assert failure(error) == ("CONFLICTING_INPUT", "on_conflict.update[0]")


def test_a_key_that_a_relation_gives(shop, postgres):
    shop.load("shop", "Product", [["acme", 1, "x"], ["acme", 2, "y"]], columns=["maker", "code", "name"])
    shop.load("shop", "Order", [{"number": "A1"}])
    columns = ["order.number", "position", "product.maker", "product.code", "quantity"]
    for quantity, expected in ((1, (1, 1, 0, 0, 0)), (5, (1, 0, 1, 0, 0))):
        rows = [["A1", 1, "acme", quantity % 2 + 1, quantity]]
        assert counts(shop.load("shop", "Line", rows, columns=columns, on_conflict={"update": ["quantity", "product"]})) == expected
    assert postgres.psql("SELECT quantity FROM shop.order_lines") == "5"


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns, options, reason, path", [
    (["nme", "role.name"], {}, "UNKNOWN_FIELD", "columns[0]"),
    (["name", "rol.name"], {}, "UNKNOWN_RELATION", "columns[1]"),
    (["name", "role.nme"], {}, "UNKNOWN_FIELD", "columns[1]"),
    (["name"], {}, "REQUIRED_FIELD", "columns"),
    ([], {}, "EMPTY_MUTATION", "columns"),
    (["name", "name", "roleId"], {}, "DUPLICATE_NAME", "columns[1]"),
    (["name", "role.name", "role.name"], {}, "DUPLICATE_NAME", "columns[2]"),
    (["name", "role.name", "role.id"], {}, "NOT_A_KEY", "columns[1]"),
    (["name", "role.id", "roleId"], {}, "CONFLICTING_INPUT", "columns[1]"),
    (["name", "roleId", "posts.id"], {}, "VERB_NOT_ALLOWED", "columns[2]"),
    (["name", "roleId"], {"on_conflict": "skip"}, "REQUIRED_FIELD", "on_conflict.key"),
    (["id", "name", "roleId"], {"on_conflict": "skip", "key": ["name"]}, "NOT_A_KEY", "on_conflict.key"),
    (["id", "name", "roleId"], {"on_conflict": "skip", "key": ["nme"]}, "UNKNOWN_FIELD", "on_conflict.key[0]"),
    (["id", "roleId", "name"], {"on_conflict": {"update": ["posts"]}}, "REQUIRED_FIELD", "on_conflict.update[0]"),
    (["name", "roleId"], {"tolerated_rejects": -1}, "LIMIT_OUT_OF_RANGE", "tolerated_rejects"),
    (["name", "roleId"], {"tolerated_rejects": 10_001}, "LIMIT_OUT_OF_RANGE", "tolerated_rejects"),
    (["name", "roleId"], {"on_conflict": "replace"}, "DOCUMENT_INVALID", "on_conflict"),
    (["name", "roleId"], {"key": ["id"]}, "DOCUMENT_INVALID", "key"),
])
def test_what_cannot_be_loaded_is_said_at_once(blog, columns, options, reason, path):
    with pytest.raises(rowan.RowanError) as error:
        blog.load("blog", "User", [[None] * len(columns)], columns=columns, **options)
    assert failure(error) == (reason, path)


def test_a_load_is_explained_without_rows(blog):
    begin = load_pb2.LoadBegin(schema="blog", model="Role", columns=[load_pb2.LoadColumn(field="name")])
    stub = data_service_pb2_grpc.DataServiceStub(blog._channel)
    explained = stub.Explain(data_service_pb2.ExplainRequest(load=begin))
    assert explained.statements[1].sql == "COPY pg_temp.rowan_load FROM STDIN (FORMAT binary)"
    for mode in (data_service_pb2.EXPLAIN_MODE_ESTIMATE, data_service_pb2.EXPLAIN_MODE_ANALYZE):
        with pytest.raises(grpc.RpcError) as error:
            stub.Explain(data_service_pb2.ExplainRequest(load=begin, mode=mode))
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("messages, reason, path", [
    ([], "MISSING_ARGUMENT", "begin"),
    ([{"rows": {}}], "MISSING_ARGUMENT", "begin"),
    (["begin"], "MISSING_ARGUMENT", "end"),
    (["begin", {"rows": {"rows": [{"values": [{"text_value": "x"}]}]}}], "MISSING_ARGUMENT", "end"),
    (["begin", "begin"], "CONFLICTING_INPUT", "begin"),
    (["begin", {}], "MISSING_ARGUMENT", "rows"),
    (["begin", {"end": False}], "MISSING_ARGUMENT", "rows"),
])
def test_messages_that_are_no_load(blog, postgres, messages, reason, path):
    """Only the end, said as such, makes what was sent a load."""
    begin = {"begin": {"schema": "blog", "model": "Tag", "columns": [{"field": "name"}]}}
    stub = data_service_pb2_grpc.DataServiceStub(blog._channel)
    requests = [load_pb2.LoadRequest(**(begin if message == "begin" else message)) for message in messages]
    with pytest.raises(grpc.RpcError) as error:
        list(stub.Load(iter(requests)))
    found = rowan.errors.from_call(error.value, "")
    assert (found.reason, found.path) == (reason, path)
    assert postgres.psql("SELECT count(*) FROM tags") == "0"


def test_names_that_do_not_exist(blog, shop):
    for schema, model, reason in (("blgo", "User", "UNKNOWN_SCHEMA"), ("blog", "Usr", "UNKNOWN_MODEL"), ("", "User", "MISSING_ARGUMENT")):
        with pytest.raises(rowan.RowanError) as error:
            blog.load(schema, model, [{"name": "x"}])
        assert error.value.reason == reason
    with pytest.raises(rowan.RowanError) as error:
        shop.load("stock", "Item", [{"code": "x", "stamp": None}])
    assert failure(error) == ("READ_ONLY_FIELD", "columns[1]")


BAD_ROWS = [
    ({"code": 7}, "TYPE_MISMATCH", "rows[2].code"),
    ({"code": "too long by far"}, "VALUE_OUT_OF_RANGE", "rows[2].code"),
    ({"code": "nul\0"}, "MALFORMED_VALUE", "rows[2].code"),
    ({"code": None}, "NULL_NOT_ALLOWED", "rows[2].code"),
    ({"code": "x", "count": 2**31}, "VALUE_OUT_OF_RANGE", "rows[2].count"),
    ({"code": "x", "kind": "stolen"}, "VALUE_OUT_OF_RANGE", "rows[2].kind"),
    ({"code": "x", "count": 0}, "CHECK_VIOLATION", "rows[2]"),
    ({"code": "a"}, "UNIQUE_VIOLATION", "rows[2]"),
]


@pytest.mark.parametrize("bad, reason, path", BAD_ROWS)
def test_a_bad_row_fails_the_load_or_is_left_out(shop, postgres, bad, reason, path):
    columns = ["code", "count", "kind"]
    rows = [{"code": code, "count": 1, "kind": "raw", **(bad if code == "bad" else {})} for code in ("a", "b", "bad", "c")]
    rejects = []
    with pytest.raises(rowan.RowanError) as error:
        shop.load("stock", "Item", rows, columns=columns, on_reject=rejects.append)
    assert error.value.reason == reason
    assert [(reject.row, reject.path, reject.reason) for reject in rejects] == [(2, path, reason)]
    assert postgres.psql("SELECT count(*) FROM stock.item") == "0"
    result = shop.load("stock", "Item", rows, columns=columns, tolerated_rejects=1)
    assert counts(result) == (4, 3, 0, 0, 1)
    assert told(result) == [(2, path, reason)]
    assert postgres.psql("SELECT string_agg(code, '' ORDER BY code) FROM stock.item") == "abc"


def test_as_many_rejects_as_are_tolerated_and_one_more(blog, postgres):
    rows = [{"name": f"u{n}", "role.name": "admin" if n % 10 else "nobody"} for n in range(1000)]
    assert counts(blog.load("blog", "User", rows, tolerated_rejects=100)) == (1000, 900, 0, 0, 100)
    rejects = []
    with pytest.raises(rowan.NotFoundError) as error:
        blog.load("blog", "User", rows, tolerated_rejects=99, on_reject=rejects.append)
    assert failure(error) == ("RELATED_NOT_FOUND", "rows[990].role")
    assert [reject.row for reject in rejects] == list(range(0, 1000, 10))
    assert postgres.psql("SELECT count(*) FROM users") == "900"


def test_many_violations_are_told_apart(shop, postgres):
    rows = [[f"c{n % 500}", 0 if n % 7 == 3 else 1] for n in range(700)]
    result = shop.load("stock", "Item", rows, columns=["code", "count"], tolerated_rejects=700)
    taken, expected = set(), []
    for n, (code, count) in enumerate(rows):
        reason = "CHECK_VIOLATION" if count == 0 else "UNIQUE_VIOLATION" if code in taken else None
        if reason:
            expected.append((n, f"rows[{n}]", reason))
        else:
            taken.add(code)
    assert told(result) == expected
    assert counts(result) == (700, len(taken), 0, 0, len(expected))


def test_half_a_key_names_nothing(shop):
    columns = ["position", "orderId", "product.maker", "product.code"]
    shop.load("shop", "Order", [{"number": "A1"}])
    with pytest.raises(rowan.RowanError) as error:
        shop.load("shop", "Line", [[1, 1, "acme", None]], columns=columns)
    assert failure(error) == ("NULL_NOT_ALLOWED", "rows[0].product.code")


def test_values_are_never_told(shop):
    rejects = []
    for code in ("secret-secret", "secret\0"):
        with pytest.raises(rowan.RowanError) as error:
            shop.load("stock", "Item", [{"code": code}], on_reject=rejects.append)
        assert "secret" not in str(error.value)
    assert len(rejects) == 2 and not any("secret" in reject.message for reject in rejects)


def test_mistakes_of_the_rows_themselves(blog, postgres):
    def broken():
        yield {"name": "a", "role.name": "admin"}
        raise ZeroDivisionError("the source broke down")

    for rows, expected in ((broken(), ZeroDivisionError), ([{"name": "a", "role.name": "admin"}, {"nme": "b"}], rowan.DocumentError),
                           ([{"name": object(), "role.name": "admin"}], rowan.DocumentError)):
        with pytest.raises(expected):
            blog.load("blog", "User", rows)
    with pytest.raises(rowan.DocumentError):
        blog.load("blog", "User", [["a"]], columns=["name", "role.name"])
    assert postgres.psql("SELECT count(*) FROM users") == "0"


# --- drawn at random --------------------------------------------------------------------------------------------------


def expected_load(before, rows, policy, roles):
    """What a load of rows (id, name, count, role) does to a table {id: row}: the table, what is counted, and the rejects. One row after the other."""
    table, rejected, skipped, updated = dict(before), {}, 0, 0
    sound = []
    for number, row in enumerate(rows):
        if isinstance(row[1], int):
            rejected[number] = "TYPE_MISMATCH"
        elif row[3] not in roles:
            rejected[number] = "RELATED_NOT_FOUND"
        else:
            sound.append((number, row))
    if policy == "update":
        seen = set()
        for number, row in sound:
            if row[0] in seen:
                rejected[number] = "CONFLICTING_INPUT"
            seen.add(row[0])
    for number, row in sound:
        if number in rejected:
            continue
        if row[2] <= 0:
            rejected[number] = "CHECK_VIOLATION"
        elif row[0] not in table:
            table[row[0]] = row
        elif policy is None:
            rejected[number] = "UNIQUE_VIOLATION"
        elif policy == "skip":
            skipped += 1
        else:
            table[row[0]] = row
            updated += 1
    inserted = len(table) - len(before)
    return table, (len(rows), inserted, updated, skipped, len(rejected)), rejected


@pytest.mark.parametrize("policy", [None, "skip", "update"])
@pytest.mark.parametrize("seed", range(12))
def test_a_load_does_what_its_rows_say_one_by_one(shop, postgres, seed, policy):
    random = Random(seed)
    roles = {f"r{n}" for n in range(5)}
    shop.load("stock", "Shelf", [[name] for name in roles], columns=["name"])
    keys, mistakes = random.choice([10, 100, 1000]), random.choice([0.0, 0.02, 0.2])

    def draw():
        wrong = [random.random() < mistakes for _ in range(3)]
        name = 7 if wrong[0] else random.choice(["a", "ä b", "", "x,y"])
        return [random.randrange(keys), name, -1 if wrong[1] else random.randint(1, 9), "nowhere" if wrong[2] else random.choice(sorted(roles))]

    before = {}
    for _ in range(3):
        rows = [draw() for _ in range(random.choice([1, 30, 300]))]
        table, count, rejected = expected_load(before, rows, policy, roles)
        result = shop.load("stock", "Box", rows, columns=["id", "name", "count", "shelf.name"], on_conflict=policy, tolerated_rejects=len(rows))
        assert counts(result) == count
        assert {reject.row: reject.reason for reject in result.rejects} == rejected
        stored = shop.get("stock", "Box", {"select": {"id": True, "name": True, "count": True, "shelf": {"name": True}}, "limit": 1000})
        assert {box["id"]: [box["id"], box["name"], box["count"], box["shelf"]["name"]] for box in stored} == table
        before = table


# --- however it ends --------------------------------------------------------------------------------------------------


class Endless:
    """Rows without end, and how many were taken."""

    def __init__(self, pause=0.0):
        self.taken = 0
        self.pause = pause

    def __iter__(self):
        while True:
            self.taken += 1
            time.sleep(self.pause)
            yield {"name": f"user {self.taken}", "role.name": "admin"}


def test_a_deadline_leaves_nothing(blog, postgres):
    with pytest.raises(rowan.DeadlineExceededError):
        blog.load("blog", "User", Endless(), timeout=1.0)
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_a_lost_client_leaves_nothing(postgres, shared_rowand, blog):
    client = shared_rowand.client()
    rows = Endless()
    ended = []

    def load():
        try:
            client.load("blog", "User", rows)
        except rowan.RowanError as error:
            ended.append(error.code)

    thread = threading.Thread(target=load)
    thread.start()
    wait_for(lambda: rows.taken > 20_000 and postgres.active() == 1, "the load is on its way")
    client.close()
    thread.join()
    assert len(ended) == 1
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_a_killed_backend_leaves_nothing(blog, postgres):
    rows = Endless()
    ended = []

    def load():
        with pytest.raises(rowan.UnavailableError) as error:
            blog.load("blog", "User", rows)
        ended.append(error.value.reason)

    thread = threading.Thread(target=load)
    thread.start()
    wait_for(lambda: rows.taken > 20_000 and postgres.active() == 1, "the load is on its way")
    postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rowand' AND state <> 'idle'")
    thread.join(20)
    assert ended == ["DATABASE_UNAVAILABLE"]
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_a_bad_row_ends_a_load_that_is_still_sending(blog, postgres):
    def rows():
        for row in Endless():
            yield {**row, "name": None} if row["name"] == "user 30000" else row

    with pytest.raises(rowan.InvalidArgumentError) as error:
        blog.load("blog", "User", rows())
    assert failure(error) == ("NULL_NOT_ALLOWED", "rows[29999].name")
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)


def test_a_deadlock_is_tried_again(blog, postgres):
    """The load holds the first role and waits for the second; the other way round it is somebody else's wait that PostgreSQL would have to end."""
    blog.load("blog", "Role", [["second"]], columns=["name"])
    other = subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", postgres.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(sql):
        other.stdin.write(sql + "\n")
        other.stdin.flush()

    ask("SET deadlock_timeout = '1min'; BEGIN; SELECT name FROM roles WHERE id = 2 FOR UPDATE;")
    assert other.stdout.readline() == "second\n"
    loaded = []
    rows = [["a", "admin"], ["b", "second"]]
    thread = threading.Thread(target=lambda: loaded.append(blog.load("blog", "User", rows, columns=["name", "role.name"])))
    thread.start()
    wait_for(postgres.waiting, "the load waits")
    ask("SELECT name FROM roles WHERE id = 1 FOR UPDATE; COMMIT;")
    assert other.stdout.readline() == "admin\n"
    other.stdin.close()
    assert other.wait() == 0
    thread.join()
    assert [counts(result) for result in loaded] == [(2, 2, 0, 0, 0)]


def test_a_client_that_is_silent_loses_its_load(postgres, start_rowand, blog):
    server = start_rowand("--db-url", postgres.url, "--stream-stall-timeout", "1s")
    with server.client() as client:
        with pytest.raises(rowan.AbortedError) as error:
            client.load("blog", "User", Endless(pause=5.0))
        assert error.value.reason == "TRANSACTION_TIMEOUT"
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)


def test_a_cancelled_insert_leaves_nothing(blog, postgres):
    """The rows have come, and wait for a lock."""
    with postgres.lock("users"):
        with pytest.raises(rowan.DeadlineExceededError):
            blog.load("blog", "User", [{"name": "a", "role.name": "admin"}], timeout=1.0)
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_many_rows_take_little_memory(blog, postgres, shared_rowand):
    before, highest = shared_rowand.memory_mb(), [0.0]
    progress = []

    def on_progress(received):
        progress.append(received)
        highest[0] = max(highest[0], shared_rowand.memory_mb())

    rows = ({"name": f"user {n} " + "x" * 500, "role.name": "admin"} for n in range(ROWS))
    assert counts(blog.load("blog", "User", rows, on_progress=on_progress)) == (ROWS, ROWS, 0, 0, 0)
    assert progress == sorted(progress) and progress[-1] == ROWS and len(progress) > 5
    # All of them are 50 MB.
    assert highest[0] - before < 25
    assert postgres.psql("SELECT count(*), count(DISTINCT id), max(length(name)) FROM users") == f"{ROWS}|{ROWS}|511"


def test_loads_of_one_key_at_once_leave_one_row_of_each(blog, postgres):
    rows = [{"name": f"tag {n}"} for n in range(3000)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(blog.load("blog", "Tag", rows, on_conflict="skip", key=["name"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.inserted for result in results) == 3000
    assert sum(result.skipped for result in results) == 9000
    assert postgres.psql("SELECT count(*) FROM tags") == "3000"
