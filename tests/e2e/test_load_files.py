"""`rowan load` and `rowan export`: files go in and come out as they were."""

import datetime
import decimal
import json
import math
import subprocess
import uuid

import pytest
from conftest import BIN, ROOT

UTC = datetime.timezone.utc

# Extremes of every type, and what a file could mistake for something else.
EVERYTHING = [
    {"i16": -(2**15), "i32": -(2**31), "f32": 0.1, "f64": 0.1, "dec": decimal.Decimal("-12.3400"), "flag": True, "str": "", "txt": "",
     "raw": b"", "uid": uuid.UUID(int=0), "day": datetime.date(1, 1, 1), "clock": datetime.time(0, 0),
     "moment": datetime.datetime(1, 1, 1, tzinfo=UTC), "doc": {"$json": None}, "mood": "sad", "numbers": [], "words": []},
    {"i16": 2**15 - 1, "i32": 2**31 - 1, "f32": math.inf, "f64": -math.inf, "dec": decimal.Decimal("9" * 60 + ".1"), "flag": False,
     "str": ' a,"b"\n', "txt": "line\r\nline,\ttab \\N \"\"", "raw": bytes(range(256)), "uid": uuid.UUID(int=2**128 - 1),
     "day": datetime.date(9999, 12, 31), "clock": datetime.time(23, 59, 59, 999999),
     "moment": datetime.datetime(2024, 5, 1, 12, 0, 0, 1, tzinfo=UTC), "doc": {"a": [1, None, {"b": 'x"y'}]}, "mood": "happy",
     "numbers": [1, None, -(2**63), 2**63 - 1], "words": ["", "null", None, 'a,"b"', "{}"]},
    {"f32": math.nan, "f64": 5e-324, "dec": decimal.Decimal("NaN"), "txt": "null", "str": "NULL", "raw": b"\x00\xff", "day": "infinity",
     "moment": "-infinity", "doc": [1.50, "t", True], "words": ["äöü€🏔"]},
    {"f64": -0.0, "dec": decimal.Decimal("1E-40"), "txt": "\ufefflooks like a mark", "str": "$1 --", "day": "4713-01-01 BC", "doc": {"$json": {"$bytes": "AA=="}}},
    {"f64": 1e300, "txt": "007", "doc": {"$json": "text"}, "numbers": [None]},
    {},
]


@pytest.fixture(scope="module")
def shop_schema(shared_rowand):
    with shared_rowand.client() as client:
        client.apply_schema(ROOT / "tests/golden/schemas/shop.yaml")


@pytest.fixture
def rowan_program(shared_rowand, blog, shop_schema, postgres, tmp_path):
    """Runs the program in a folder of its own, on an empty blog and an empty shop."""
    postgres.psql('TRUNCATE shop.products, shop."order", shop.order_lines, shop.employees, shop.everything RESTART IDENTITY CASCADE')

    def run(*arguments, input="", code=0):
        done = subprocess.run([BIN / "rowan", *arguments, "--address", shared_rowand.address], input=input.encode(), capture_output=True, cwd=tmp_path)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode(), done.stderr.decode()

    run.folder = tmp_path
    return run


def dump(postgres, table):
    return postgres.psql(f"SELECT t::text FROM {table} t ORDER BY 1")


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_every_type_comes_back_exactly(rowan_program, blog, postgres, format):
    for number, record in enumerate(EVERYTHING):
        blog.insert("shop", "Everything", {"id": number, **record})
    before = dump(postgres, "shop.everything")
    rowan_program("export", "shop", "Everything", f"all.{format}")
    postgres.psql("TRUNCATE shop.everything")
    out, _ = rowan_program("load", "shop", "Everything", f"all.{format}")
    assert json.loads(out) == {"received": 6, "inserted": 6, "updated": 0, "skipped": 0, "rejected": 0}
    assert dump(postgres, "shop.everything") == before
    # What was loaded is exported as it was.
    text = (rowan_program.folder / f"all.{format}").read_bytes()
    again, _ = rowan_program("export", "shop", "Everything", "-", "--format", format)
    assert again.encode() == text


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_natural_keys_come_back(rowan_program, blog, postgres, format):
    blog.insert("shop", "Product", [{"maker": "acme, inc", "code": code, "name": "x", "labels": ["a", "b"]} for code in (1, 2)])
    blog.insert("shop", "Order", [{"number": "A1"}, {"number": "A2", "state": "paid"}])
    blog.insert("shop", "Line", [{"position": n, "order": {"connect": {"number": "A2"}}, "product": {"connect": {"maker": "acme, inc", "code": n}}} for n in (1, 2)])
    blog.insert("shop", "GiftCard", [{"code": "free"}, {"code": "given", "order": {"connect": {"number": "A1"}}}])
    tables = {"Line": ("shop.order_lines", "position,quantity,order.number,product.maker,product.code"), "GiftCard": ("shop.gift_cards", "code,order.number")}
    for model, (table, columns) in tables.items():
        before = dump(postgres, table)
        rowan_program("export", "shop", model, f"all.{format}", "--columns", columns)
        postgres.psql(f"TRUNCATE {table}")
        rowan_program("load", "shop", model, f"all.{format}")
        assert dump(postgres, table) == before


def test_a_filter_and_an_empty_export(rowan_program, blog):
    blog.insert("blog", "Role", [{"name": "member"}, {"name": "guest"}])
    out, _ = rowan_program("export", "blog", "Role", "-", "--format", "csv", "--columns", "name", "--where", '{"name": {"startsWith": "m"}}')
    assert out == "name\nmember\n"
    for format, empty in (("csv", "id,title,userId\n"), ("jsonl", "")):
        out, _ = rowan_program("export", "blog", "Post", "-", "--format", format)
        assert out == empty
        out, _ = rowan_program("load", "blog", "Post", "-", "--format", format, input=empty)
        assert json.loads(out)["received"] == 0


def test_rejects_are_told_with_their_lines(rowan_program, postgres):
    table = 'name,role.name\nAda,admin\n"Bob\nof two lines",nobody\n\nCyd,admin,extra\nDan,\nEve,admin\n'
    out, err = rowan_program("load", "blog", "User", "-", "--format", "csv", "--tolerate", "3", "--rejects", "rejects.jsonl", input=table)
    assert json.loads(out) == {"received": 5, "inserted": 2, "updated": 0, "skipped": 0, "rejected": 3}
    told = [json.loads(line) for line in (rowan_program.folder / "rejects.jsonl").read_text().splitlines()]
    assert sorted((reject["line"], reject["path"], reject["reason"]) for reject in told) == [
        (3, "rows[1].role", "RELATED_NOT_FOUND"), (6, "rows[2]", "TYPE_MISMATCH"), (7, "rows[3].role.name", "NULL_NOT_ALLOWED")]
    assert "line 3: RELATED_NOT_FOUND" in err
    assert postgres.psql("SELECT string_agg(name, ' ' ORDER BY name) FROM users") == "Ada Eve"


def test_one_reject_too_many_loads_nothing(rowan_program, postgres):
    _, err = rowan_program("load", "blog", "User", "-", "--format", "csv", input="name,role.name\nAda,admin\nBob,nobody\n", code=64 + 5)
    assert "line 3: RELATED_NOT_FOUND" in err
    assert postgres.psql("SELECT count(*) FROM users") == "0"


def test_taken_keys(rowan_program, blog, postgres):
    (rowan_program.folder / "roles.csv").write_text("id,name\n1,root\n7,new\n")
    _, err = rowan_program("load", "blog", "Role", "roles.csv", code=64 + 6)
    assert "UNIQUE_VIOLATION" in err
    out, _ = rowan_program("load", "blog", "Role", "roles.csv", "--on-conflict", "skip", "--dry-run")
    assert json.loads(out) == {"received": 2, "inserted": 1, "updated": 0, "skipped": 1, "rejected": 0, "dry_run": True}
    out, _ = rowan_program("load", "blog", "Role", "roles.csv", "--on-conflict", "update", "--update", "name")
    assert json.loads(out) == {"received": 2, "inserted": 1, "updated": 1, "skipped": 0, "rejected": 0}
    (rowan_program.folder / "names.csv").write_text("name\nnew\nnewer\n")
    out, _ = rowan_program("load", "blog", "Role", "names.csv", "--on-conflict", "skip", "--key", "name")
    assert json.loads(out)["skipped"] == 1
    assert sorted(role["name"] for role in blog.get("blog", "Role", {"select": {"name": True}})) == ["new", "newer", "root"]


@pytest.mark.parametrize("format, text, said", [
    ("csv", "", "line 1: the file is empty"),
    ("csv", "name,role.name\nAda,\"admin\n", "line 2: a quoted cell begins here"),
    ("csv", "name,role.name\nA\"da,admin\n", "line 2: a quote stands within a cell"),
    ("csv", "name,,x\nAda,admin\n", "line 1: the first record names the columns"),
    ("jsonl", '{"name": "Ada", "role.name": "admin"}\n{"name": \n', "line 2: no JSON"),
    ("jsonl", '{"name": "Ada", "role.name": "admin"}\n[1]\n', "line 2: an object is needed"),
    ("jsonl", '{"name": "Ada", "role.name": "admin"}\n\n{"nmae": "Bob", "role.name": "admin"}\n', 'line 3: "nmae" is no column'),
])
def test_files_that_are_broken_load_nothing(rowan_program, postgres, format, text, said):
    _, err = rowan_program("load", "blog", "User", "-", "--format", format, input=text, code=2)
    assert said in err
    assert postgres.psql("SELECT count(*) FROM users") == "0"


@pytest.mark.parametrize("arguments, code, said", [
    (("load", "blog", "User", "users.txt"), 2, "does not tell its format"),
    (("load", "blog", "User", "missing.csv"), 2, "cannot read missing.csv"),
    (("load", "blgo", "User", "-", "--format", "csv"), 64 + 5, "UNKNOWN_SCHEMA"),
    (("load", "blog", "Usr", "-", "--format", "csv"), 64 + 3, "UNKNOWN_MODEL"),
    (("load", "blog", "User", "-", "--format", "csv"), 64 + 3, "UNKNOWN_FIELD"),
    (("load", "blog", "User", "-", "--format", "csv", "--key", "id"), 2, "--key is for"),
    (("load", "blog", "User", "-", "--format", "csv", "--tolerate", "-1"), 2, "--tolerate"),
    (("load", "blog", "User", "-", "--format", "csv", "--rejects", "no/such/folder"), 2, "cannot write no/such/folder"),
    (("export", "blog", "User", "no/such/folder.csv"), 2, "cannot write no/such/folder.csv"),
    (("export", "blog", "Usr", "-", "--format", "csv"), 64 + 3, "UNKNOWN_MODEL"),
    (("export", "blog", "User", "-", "--format", "csv", "--columns", "nmae"), 64 + 3, "UNKNOWN_FIELD"),
    (("export", "blog", "User", "-", "--format", "csv", "--columns", "id,id"), 2, "there twice"),
    (("export", "blog", "User", "-", "--format", "csv", "--columns", "id,posts.title"), 2, "only a belongsTo relation"),
    (("export", "blog", "User", "-", "--format", "csv", "--where", "{nmae: x}"), 64 + 3, "UNKNOWN"),
])
def test_what_cannot_be_done_is_said(rowan_program, arguments, code, said):
    _, err = rowan_program(*arguments, input="nmae\nx\n", code=code)
    assert said in err
