"""A database that nobody designed (tests/data/undesigned.sql): pulled, told what no schema holds, adopted, read, written and changed."""

import json
import re

import pytest
import rowan.text
import yaml
from conftest import ROOT

SCRIPT = ROOT / "tests/data/undesigned.sql"
# What a schema cannot hold or holds in another way, all of it.
TOLD = """
notice DEFERRABLE at Sales.Orders.Orders_shipTo_fkey
notice DOMAIN at Sales.Customers.E-Mail
notice DOMAIN at Sales.Customers.code
notice DOMAIN at Sales.Customers.moods
notice DOMAIN at Sales.Customers.more
notice DOMAIN at Sales.Customers.price
notice INDEX_LEFT_OUT at Sales.Customers.customers_lower
notice INDEX_LEFT_OUT at Sales.Customers.customers_search
notice INDEX_LEFT_OUT at Sales.Orders.Orders_customer_placed_idx
notice INDEX_LEFT_OUT at Sales.Orders.Orders_doc_idx
notice INDEX_LEFT_OUT at Sales.Orders.Orders_note_idx
notice KEY_GUESSED at Sales.Top
notice REVERSE_INDEX_MISSING at hr.friends
notice UNHELD at Sales.Addresses.Addresses_busy_excl
notice UNHELD at Sales.Customers.E-Mail
notice UNHELD at Sales.Customers.since
notice UNHELD at Sales.Orders.grid
notice UNHELD at hr.people.stamp
notice UNHELD at public.labels.name
notice UNHELD at public.more_log
notice UNHELD at public.products
notice UNHELD at public.scratch
notice UNHELD at public.tickets.keep
warning GENERATED_ALWAYS at Sales.Orders.id
warning KEY_GUESSED at public.bosses
warning KEY_GUESSED at public.keyless
warning KEY_GUESSED at public.more_log
warning KEY_GUESSED at public.product_names
warning READ_ONLY at Sales.Addresses.p
"""
READ_ONLY = {"Boss", "EventsNew", "EventsNewAll", "EventsOld", "Keyless", "MoreLog", "ProductName", "Top"}
# Trees of every kind of relation, and what they are.
READS = [
    ("Customer", {"select": {"fullName": True, "eMail": True, "mood": True, "moods": True, "groesse": True, "price": True, "more": True, "code": True, "search": True,
                             "address": {"net": True, "at": True, "p": True, "cash": True},
                             "orders": {"total": True, "tags": True, "grid": True, "doc": True, "orderLines": {"quantity": True, "product": {"name": True}},
                                        "products": {"sku": True}},
                             "ordersByBillTo": {"id": True}, "ordersByShipTo": {"id": True}}},
     [{"fullName": "Ada Lovelace", "eMail": "Ada@X.org", "mood": 'happy "!"', "moods": ["sad", "so-so"], "groesse": 1.5, "price": "2.50", "more": "3.50",
       "code": "ab", "search": "'ada':1 'lovelac':2", "address": {"net": "10.0.0.1/32", "at": "(1,2)", "p": "(1,z)", "cash": "$12.50"},
       "orders": [{"total": "5.55", "tags": ["a", "b"], "grid": [[1, 2], [3, 4]], "doc": {"a": 1},
                   "orderLines": [{"quantity": 2, "product": {"name": "Apple"}}], "products": [{"sku": "A1"}]}],
       "ordersByBillTo": [{"id": 1}], "ordersByShipTo": []}]),
    ("Customer", {"select": {"customerID": True},
                  "where": {"search": {"search": "lovelaces", "language": "english"}, "and": True, "select": None, "moods": {"has": "sad"}}}, [{"customerID": 1}]),
    ("Address", {"select": {"customerId": True}, "where": {"net": {"lt": "10.0.0.2"}, "cash": {"gte": "12.5"}, "customer": {"mood": 'happy "!"'}}}, [{"customerId": 1}]),
    ("People", {"select": {"name": True, "as": {"name": True}, "bs": {"name": True}, "boss": {"name": True}, "peopleByBoss": {"name": True},
                           "passport": {"number": True}}},
     [{"name": "Boss", "as": [], "bs": [{"name": "Worker"}], "boss": None, "peopleByBoss": [{"name": "Worker"}], "passport": None},
      {"name": "Worker", "as": [{"name": "Boss"}], "bs": [], "boss": {"name": "Boss"}, "peopleByBoss": [], "passport": {"number": "P1"}}]),
    ("Label", {"select": {"name": True, "shops": {"city": True}}}, [{"name": "Fruit", "shops": [{"city": "Bern"}]}]),
    ("Event", {"select": {"kind": True, "person": {"name": True}}, "order_by": [{"at": "desc"}]},
     [{"kind": "y", "person": {"name": "Worker"}}, {"kind": "x", "person": {"name": "Boss"}}]),
    ("EventsOld", {"select": {"kind": True}}, [{"kind": "x"}]),
    ("Boss", {"select": {"*": True}}, [{"boss": "b", "reports": 1}]),
    ("Top", {"select": {"*": True}}, [{"customerID": 1, "orders": 1}]),
    ("Table", {"select": {"*": True}, "where": {"column1": "一"}}, [{"column1": "一", "column2": 1}]),
]
# A write, what it returns, and what PostgreSQL then says.
WRITES = [
    ("insert", "Customer",
     {"data": {"fullName": "Bob", "eMail": "bob@x", "moods": ["sad"], "select": 3, "price": "2.00", "code": "xy",
               "address": {"create": {"zip": "9", "net": "10.0.0.9", "span": "[1,3]", "wait": "3 days", "cash": "2.5", "x": "<b/>", "t": "11:00+01",
                                      "busy": "[2024-03-01,2024-03-02)", "bits": "010", "mac": "08:00:2b:01:02:04", "at": "(3,4)"}},
               "orders": {"create": [{"total": "1.50", "tags": ["z"], "doc": {"b": 2}}]}},
      "returning": {"search": True, "and": True, "more": True, "address": {"span": True, "wait": True}, "orders": {"doc": True, "tags": True}}},
     [{"search": "'bob':1", "and": True, "more": "1.00", "address": {"span": "[1,4)", "wait": "3 days"}, "orders": [{"doc": {"b": 2}, "tags": ["z"]}]}],
     """SELECT customer, total, (SELECT host(net) FROM "Sales"."Addresses" WHERE "CustomerID" = customer) FROM "Sales"."Orders" WHERE id = 2""", "2|1.50|10.0.0.9"),
    ("insert", "Order", {"data": {"id": 77, "customer": {"connect": 1}, "shipTo": {"connect": 1}}, "returning": {"id": True, "tags": True}}, [{"id": 77, "tags": []}],
     """SELECT "shipTo", placed = CURRENT_DATE FROM "Sales"."Orders" WHERE id = 77""", "1|t"),
    ("insert", "OrderLine", {"data": {"order": {"connect": 1}, "product": {"create": {"sku": "B2", "region": "US", "name": "Pear"}}}, "returning": {"quantity": True, "region": True}},
     [{"quantity": 1, "region": "US"}], "SELECT name FROM products WHERE sku = 'B2'", "Pear"),
    ("insert", "Ticket", {"data": [{}, {"no": "mine"}], "returning": {"no": True}}, [{"no": "T101"}, {"no": "mine"}], "SELECT count(*) FROM tickets WHERE opened IS NOT NULL", "3"),
    ("insert", "Event", {"data": [{"at": "2024-06-01T00:00:00Z", "kind": "n", "person": {"connect": "w"}}, {"at": "2026-06-01T00:00:00Z"}], "returning": {"id": True}},
     [{"id": 3}, {"id": 4}], "SELECT tableoid::regclass FROM events WHERE id > 2 ORDER BY id", "events_old\nevents_new_all"),
    ("update", "People", {"data": {"name": "Worker the second", "as": {"set": []}, "boss": {"disconnect": True}}, "where": {"badge": "w"}, "returning": {"version": True, "bossId": True}},
     [{"version": 2, "bossId": None}], "SELECT count(*) FROM hr.friends", "0"),
    ("update", "Label", {"data": {"shops": {"connectOrCreate": [{"key": {"city": "Bern"}, "create": {"city": "Bern"}}, {"key": {"city": "Chur"}, "create": {"city": "Chur"}}]}},
                         "where": {"id": 1}, "returning": {"shops": {"city": True}}},
     [{"shops": [{"city": "Bern"}, {"city": "Chur"}]}], "SELECT count(*) FROM label_shops", "2"),
    ("upsert", "Product", {"data": {"sku": "A1", "region": "EU", "name": "Apple!"}, "key": ["sku", "region"], "returning": {"name": True}}, [{"name": "Apple!"}],
     "SELECT name, rank FROM products WHERE sku = 'A1'", "Apple!|1.5"),
    ("delete", "OrderLine", {"where": {"quantity": 2}, "returning": {"product": {"name": True}}}, [{"product": {"name": "Apple!"}}], 'SELECT sku FROM "Sales".order_lines', "B2"),
    ("insert", "Table", {"data": {"column1": "二", "column2": 2}, "returning": {"column2": True}}, [{"column2": 2}], 'SELECT "値" FROM "日本" WHERE "名前" = \'二\'', "2"),
]
REFUSED = [
    ("insert", "Customer", {"fullName": "Cy", "eMail": "no address"}, "CHECK_VIOLATION"),
    ("insert", "Customer", {"fullName": "Cy", "more": "1000"}, "CHECK_VIOLATION"),
    ("insert", "Customer", {"fullName": "Cy", "mood": "angry"}, "VALUE_OUT_OF_RANGE"),
    ("insert", "Customer", {"fullName": "Cy", "search": "x"}, "READ_ONLY_FIELD"),
    ("insert", "Customer", {"fullName": "Ada Lovelace"}, "UNIQUE_VIOLATION"),
    ("insert", "Customer", {"fullName": "Cy", "code": "four"}, "INVALID_VALUE"),
    ("insert", "Order", {"customer": {"connect": 1}, "grid": [[1], [2]]}, "TYPE_MISMATCH"),
    ("insert", "OrderLine", {"order": {"connect": 1}, "product": {"connect": {"sku": "A1", "region": "EU"}}, "quantity": 100}, "CHECK_VIOLATION"),
    ("insert", "OrderLine", {"order": {"connect": 1}, "product": {"connect": {"sku": "A1", "region": "XX"}}}, "RELATED_NOT_FOUND"),
    ("insert", "Address", {"customer": {"create": {"fullName": "Di"}}, "p": "(1,2)"}, "READ_ONLY_FIELD"),
    ("insert", "Address", {"customer": {"create": {"fullName": "Di"}}, "net": "10.0.0.300"}, "INVALID_VALUE"),
    ("insert", "Table", {"column1": "三", "column2": -1}, "CHECK_VIOLATION"),
    ("delete", "Customer", {"where": {"customerID": 1}}, "FOREIGN_KEY_RESTRICT"),
    ("get", "Address", {"select": {"x": True}, "where": {"x": {"eq": "<a/>"}}}, "OPERATOR_NOT_ALLOWED"),
    *[("insert", model, {}, "READ_ONLY_MODEL") for model in sorted(READ_ONLY)],
]


@pytest.fixture
def wild(new_database, tmp_path):
    """The database, adopted as it was pulled, and what the pull said."""
    database = new_database(SCRIPT.read_text())
    database.path = tmp_path / "wild.yaml"
    pulled = database("schema", "pull", "--name", "wild", "-o", str(database.path))
    assert pulled.returncode == 0, pulled.stderr
    database.told = pulled.stderr
    attached = database("schema", "apply", str(database.path), "--adopt", "enforce")
    # Nobody indexed the foreign keys.
    assert attached.returncode == 0 and set(re.findall(r"^\S+ (\w+ \w+): ", attached.stderr, re.MULTILINE)) == {"notice INDEX_MISSING"}, attached.stderr
    return database


def call(database, verb, model, document):
    return database(verb, "wild", model, json.dumps(document, ensure_ascii=False), "--format", "json")


def test_what_no_schema_holds_is_listed(wild):
    told = re.findall(r"^rowan: (\w+ \w+ at .*?): ", wild.told, re.MULTILINE)
    assert sorted(told) == TOLD.split("\n")[1:-1]
    assert len(told) == len(wild.told.splitlines())


def test_it_is_as_the_schema_says(wild):
    assert wild.done("schema", "pull", "--name", "wild") == wild.path.read_text()
    assert json.loads(wild.done("schema", "drift", "wild", "--format", "json")) == []
    assert wild.done("schema", "diff", str(wild.path), "--exit-code")
    models = rowan.text.parse(wild.path.read_text())["models"]
    assert [list(model["fields"]) for model in yaml.safe_load(wild.path.read_text())["models"].values()] == [list(model["fields"]) for model in models.values()], \
        "other readers of YAML read the same names"
    assert {name for name, model in models.items() if model.get("read_only")} == READ_ONLY
    for name, model in models.items():
        found = json.loads(wild.done("aggregate", "wild", name, '{"select": {"rows": {"count": true}}}'))[0]["rows"]
        table = f'"{model.get("database_schema", "public")}"."{model.get("table", re.sub("(?<!^)(?=[A-Z])", "_", name).lower())}"'
        assert found == int(wild.psql(f"SELECT count(*) FROM {table}")), name
        assert len(json.loads(wild.done("get", "wild", name))) == found


@pytest.fixture(scope="module")
def shared(module_database):
    """Undesigned once for all tests that only read it or are refused."""
    module_database.psql(SCRIPT.read_text())
    module_database.done("schema", "pull", "--name", "wild", "--adopt", "enforce")
    return module_database


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
@pytest.mark.parametrize("model, document, expected", READS)
def test_reads(shared, model, document, expected, strategy):
    assert json.loads(shared.done("get", "wild", model, json.dumps(document), "--strategy", strategy)) == expected


@pytest.mark.parametrize("verb, model, document, reason", REFUSED)
def test_refusals_write_nothing(shared, verb, model, document, reason):
    failed = call(shared, verb, model, document)
    assert failed.returncode > 64 and f" {reason}: " in failed.stderr, failed.stderr
    assert shared.psql('SELECT count(*) FROM "Sales"."Customers"') == "1"


def test_writes(wild):
    for verb, model, document, returned, sql, said in WRITES:
        done = call(wild, verb, model, document)
        assert done.returncode == 0, (verb, model, done.stderr)
        assert json.loads(done.stdout)["records"] == returned
        assert wild.psql(sql) == said, (verb, model)


def test_it_is_changed_and_changed_back(wild):
    first = json.loads(wild.done("schema", "history", "wild", "--format", "json"))[0]["version"]
    document = rowan.text.parse(wild.path.read_text())
    models = document["models"]
    models["Customer"]["fields"]["nickname"] = {"type": "text", "nullable": True, "index": True}
    models["Event"]["fields"]["severity"] = {"type": "int16", "default": 0}
    models["Order"]["fields"]["remark"] = {**models["Order"]["fields"].pop("note"), "renamed_from": "note"}
    for field in ("grade", "grades"):  # of one native enum
        models["People"]["fields"][field]["labels"].append("lead")
    models["Table"]["fields"]["column3"] = {"type": "text", "column": "第三", "nullable": True, "unique": True}
    wild.path.write_text(json.dumps(document))
    planned = wild("schema", "diff", str(wild.path), "--format", "json")
    assert planned.returncode == 0, planned.stderr
    wild.done("schema", "apply", str(wild.path), "--yes")
    assert wild.psql("SELECT count(severity), count(DISTINCT tableoid) FROM events") == "2|2"
    assert wild.psql("""SELECT remark IS NULL, id FROM "Sales"."Orders" """) == "t|1"
    assert call(wild, "update", "People", {"data": {"grade": "lead"}, "where": {"badge": "b"}, "expect": 1}).returncode == 0
    wild.psql("UPDATE hr.people SET grade = 'senior'")
    refused = wild("schema", "apply", "wild", "--to-version", first, "--yes")
    lossy = sorted(set(re.findall(r'"([^"]*)" can lose data', refused.stderr)))
    assert refused.returncode == 64 + 9 and len(lossy) == 4, refused.stderr
    wild.done("schema", "apply", "wild", "--to-version", first, "--yes", *[word for step in lossy for word in ("--allow", step)])
    again = wild("schema", "pull", "--name", "wild")
    assert again.stderr == wild.told, "what no schema holds is all there still"
    assert [version["version"] for version in json.loads(wild.done("schema", "history", "wild", "--format", "json"))][::2] == [first, first]
