"""The commands of schemas against a real server: plans, going back, pulling, drift, history."""

import hashlib
import json
import os
import pty
import re
import subprocess

import pytest
import rowan
from conftest import BIN

SHOP = """\
schema: shop
database_schema: shop
models:
  Customer:
    table: customers
    fields:
      id: {type: auto_increment, primary: true}
      name: text
"""
WITH_EMAIL = SHOP + "      email: {type: text, nullable: true}\n"


@pytest.fixture
def run(new_database):
    return new_database()


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "shop.yaml"
        path.write_text(text)
        return str(path)

    return write


def test_apply_tells_its_plan_and_needs_consent(run, file):
    refused = run("schema", "apply", file(SHOP))
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert "create table customers" in refused.stdout and "is now at version" not in refused.stdout
    assert run("schema", "get", "shop").returncode == 64 + 5, "nothing was registered"
    applied = run("schema", "apply", file(SHOP), "--yes")
    assert applied.returncode == 0, applied.stderr
    assert "stage 1, one transaction:" in applied.stdout and "shop is now at version " in applied.stdout
    again = run("schema", "apply", file(SHOP))
    assert again.returncode == 0 and "the database needs no change" in again.stdout


def test_diff_changes_nothing_and_tells_by_its_exit_code(run, file):
    assert run("schema", "apply", file(SHOP), "--yes").returncode == 0
    assert run("schema", "diff", file(SHOP), "--exit-code").returncode == 0
    for _ in range(2):
        differs = run("schema", "diff", file(WITH_EMAIL), "--exit-code", "--sql")
        assert differs.returncode == 2, differs.stderr
        assert "ADD COLUMN" in differs.stdout and "email" in differs.stdout
    assert run("schema", "diff", file(WITH_EMAIL)).returncode == 0
    steps = json.loads(run("schema", "diff", file(WITH_EMAIL), "--format", "json").stdout)["steps"]
    assert [step["risk"] for step in steps] == ["safe"]
    assert run("schema", "diff", file("schema: shop\nmodels: {Customer: {fields: {id: strng}}}\n")).returncode == 2


def test_data_is_lost_only_by_name_and_the_way_back(run, file):
    assert run("schema", "apply", file(SHOP), "--yes").returncode == 0
    first = json.loads(run("schema", "get", "shop", "--format", "json").stdout)
    versions = json.loads(run("schema", "history", "shop", "--format", "json").stdout)
    assert run("schema", "apply", file(WITH_EMAIL), "--yes").returncode == 0
    refused = run("schema", "apply", "shop", "--to-version", versions[0]["version"], "--yes")
    assert refused.returncode == 64 + 9 and "DATA_LOSS" in refused.stderr and "--allow" in refused.stderr
    assert "customers.email" in refused.stderr
    step = "drop column customers.email"
    back = run("schema", "apply", "shop", "--to-version", versions[0]["version"], "--allow", step, "--yes")
    assert back.returncode == 0, back.stderr
    assert f"  {step} (lossy, " in back.stdout
    assert json.loads(run("schema", "get", "shop", "--format", "json").stdout) == first
    history = json.loads(run("schema", "history", "shop", "--format", "json").stdout)
    assert [entry["version"] for entry in history][::2] == [versions[0]["version"]] * 2 and len(history) == 3
    assert step in [entry["description"] for entry in history[0]["steps"]]
    earlier = run("schema", "get", "shop", "--version", history[1]["version"])
    assert earlier.returncode == 0 and "email" in earlier.stdout
    assert run("schema", "apply", "shop", "--to-version", "0" * 16).returncode == 64 + 5


def test_what_is_left_out_stays(run, file):
    assert run("schema", "apply", file(WITH_EMAIL), "--yes").returncode == 0
    done = run("schema", "apply", file(SHOP), "--leave-out", "drop column customers.email")
    assert done.returncode == 0, done.stderr
    assert run.psql("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'shop' AND column_name = 'email'") == "1"


def test_pull_and_adopt(run, tmp_path):
    run.psql("CREATE SCHEMA shop; CREATE TABLE shop.orders (id serial PRIMARY KEY, shape point)")
    path = tmp_path / "pulled.yaml"
    pulled = run("schema", "pull", "--name", "pulled", "--database-schema", "shop", "-o", str(path), "--adopt", "enforce")
    assert pulled.returncode == 0, pulled.stderr
    assert "public" not in pulled.stdout and "pulled is now at version" in pulled.stderr
    assert "Order:" in path.read_text()
    assert json.loads(run("insert", "pulled", "Order", "{}").stdout)["records"] == [{"id": 1}]
    assert run("schema", "drift", "pulled").returncode == 0
    unasked = run("schema", "pull", "--name", "pulled", "--database-schema", "shop", "-o", str(path))
    assert unasked.returncode == 2 and "is there already" in unasked.stderr
    taken = run("schema", "pull", "--name", "pulled", "--database-schema", "shop", "--adopt", "warn")
    assert taken.returncode == 64 + 10 and "--yes" in taken.stderr
    assert run("schema", "pull", "--database-schema", "nowhere").returncode == 64 + 5


def test_drift_after_a_change_by_hand(run, file):
    assert run("schema", "apply", file(SHOP), "--yes").returncode == 0
    clean = run("schema", "drift", "shop")
    assert clean.returncode == 0, clean.stdout
    run.psql("ALTER TABLE shop.customers ALTER COLUMN name TYPE varchar(10)")
    drifted = run("schema", "drift", "shop", "--format", "json")
    assert drifted.returncode == 1
    assert ("TYPE", "models.Customer.fields.name") in [(found["kind"], found["path"]) for found in json.loads(drifted.stdout)]
    assert run("schema", "drift", "nothing").returncode == 64 + 5


def test_history_has_the_steps_and_who(run, file):
    assert run("schema", "apply", file(SHOP), "--yes").returncode == 0
    table = run("schema", "history", "shop")
    assert table.returncode == 0 and table.stdout.startswith("version ")
    entry = json.loads(run("schema", "history", "shop", "--format", "json", "--limit", "1").stdout)[0]
    assert len(entry["checksum"]) == 64 and not entry["adopted"] and entry["steps"][0]["sql"]
    assert run("schema", "history", "nothing").returncode == 64 + 5


def test_mistakes_are_told_by_line_and_column(run, file):
    path = file(SHOP + "    relations:\n      visits: {has_many: Visit}\n    unique: [[nmae]]\n")
    for command in (["validate", path], ["validate", path, "--server"], ["diff", path], ["apply", path, "--yes"]):
        done = run("schema", *command)
        assert done.returncode in (1, 64 + 3), command
        assert f"{path}:10:7: error UNKNOWN_TARGET: " in done.stderr and f"{path}:11:14: error " in done.stderr, done.stderr
    assert run("schema", "get", "shop").returncode == 64 + 5, "nothing was registered"
    assert run("schema", "validate", file(SHOP)).returncode == 0


def test_the_python_client_does_the_same(run):
    with rowan.connect(run.address) as client:
        first = client.apply_schema(SHOP).schema.version
        client.apply_schema(WITH_EMAIL, expected_version=first)
        with pytest.raises(rowan.FailedPreconditionError) as refused:
            client.apply_schema("shop", earlier=first)
        assert refused.value.reason == "DATA_LOSS"
        steps = client.apply_schema("shop", earlier=first, allow_data_loss=["drop column customers.email"]).steps
        assert [(step.description, step.risk) for step in steps] == [("drop column customers.email", "lossy")]
        assert [entry.version == first for entry in client.schema_versions("shop")] == [True, False, True]
        assert "email" not in client.get_schema("shop").document["models"]["Customer"]["fields"]
        assert client.check_drift("shop") == []
        run.psql("ALTER TABLE shop.customers ALTER COLUMN name DROP NOT NULL")
        assert [(found.kind, found.path) for found in client.check_drift("shop")] == [("NULLABILITY", "models.Customer.fields.name")]
        with pytest.raises(rowan.AbortedError):
            client.apply_schema(SHOP, expected_version="0" * 16)
        with pytest.raises(rowan.NotFoundError):
            client.get_schema("shop", version="0" * 16)


def at_a_terminal(run, answer, *arguments, before=lambda: None):
    """Runs `rowan` at a terminal and answers its question; `before` happens while it waits. Returns its exit code and all that the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([BIN / "rowan", "--address", run.address, *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    with open(ours, "r+b", buffering=0) as terminal:
        while b"[y/N]" not in shown and (part := terminal.read(4096)):
            shown += part
        before()
        terminal.write(answer)
        try:
            while part := terminal.read(4096):
                shown += part
        except OSError:  # how a terminal says that nobody is there any more
            pass
    return process.wait(30), shown.decode()


@pytest.mark.parametrize("answer, code", [(b"y\n", 0), (b"yes\n", 0), (b"n\n", 1), (b"\n", 1), (b"perhaps\n", 1), (b"\x04", 1)])
def test_a_terminal_is_asked(run, file, answer, code):
    ended, shown = at_a_terminal(run, answer, "schema", "apply", file(SHOP))
    assert ended == code, shown
    assert shown.index("create table customers") < shown.index("apply? [y/N]")
    assert ("shop is now at version" in shown) == (code == 0)
    assert (run("schema", "get", "shop").returncode == 0) == (code == 0)


def test_another_version_comes_between_the_plan_and_the_answer(run, file, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(WITH_EMAIL)
    ended, shown = at_a_terminal(run, b"y\n", "schema", "apply", file(SHOP), before=lambda: run.done("schema", "apply", str(other), "--yes"))
    assert ended == 64 + 10 and "VERSION_MISMATCH" in shown, shown
    assert "email" in run.done("schema", "get", "shop")


LONG = f"idx_customers_{'n' * 60}"
SHORTENED = f"{LONG[:54]}_{hashlib.sha256(LONG.encode()).hexdigest()[:8]}"
BAD = [
    ("syntax", SHOP + "  Order: {fields: [\n", 2, "DOCUMENT_INVALID"),
    ("nothing", "", 2, "1:1: error DOCUMENT_INVALID"),
    ("a comment and nothing else", "# to do\n", 2, "1:1: error DOCUMENT_INVALID"),
    ("a name that is given and is what a longer one is cut to",
     SHOP + f"      {'n' * 60}: {{type: text, index: true}}\n    indexes: [{{fields: [id], name: {SHORTENED}}}]\n", 64 + 3, "10:5: error NAME_COLLISION"),
    ("a key that is none", SHOP.replace("fields:", "feilds:"), 2, '6:5: error DOCUMENT_INVALID: "feilds" is no key of a model (did you mean "fields"?)'),
    ("a key twice", SHOP + "      name: text\n", 2, '9:7: error DOCUMENT_INVALID: the key "name" appears twice'),
    ("a comma within braces", SHOP + "      price: {type: decimal(10,2)}\n", 2, "in quotes"),
    ("a type that is none", SHOP + "      price: decmal\n", 2, '(did you mean "decimal"?)'),
    ("an unknown target", SHOP + "    relations:\n      visits: {has_many: Visit}\n", 64 + 3, "10:7: error UNKNOWN_TARGET"),
    ("columns of one name", SHOP + "      title: {type: text, column: name}\n", 64 + 3, "9:7: error NAME_COLLISION"),
    ("tables of one name", SHOP + "  Order: {table: customers, fields: {id: auto_increment}}\n", 64 + 3, "error NAME_COLLISION"),
    ("a name that is too long", SHOP.replace("table: customers", "table: " + "c" * 64), 64 + 3, "63"),
    ("too many models", SHOP + "".join(f"  M{i}: {{fields: {{id: {{type: int64, primary: true}}}}}}\n" for i in range(2000)), 64 + 3, "at most 2000 models, not 2001"),
    ("too many fields", SHOP + "".join(f"      f{i}: text\n" for i in range(500)), 64 + 3, "500"),
    ("a model without a key", SHOP + "  Order: {fields: {total: int64}}\n", 64 + 3, "error "),
]


@pytest.mark.parametrize("what, text, code, says", BAD, ids=[bad[0] for bad in BAD])
def test_bad_schemas_are_told_and_nothing_is_applied(module_database, file, what, text, code, says):
    for command in (["diff"], ["apply", "--yes"]):
        done = module_database("schema", *command, file(text))
        assert done.returncode == code and says in done.stderr, done.stderr[:2000]
        assert re.match(r"\S+:\d+:\d+: error ", done.stderr), "its place comes first"
        assert "Traceback" not in done.stderr and done.stdout == ""
    found = json.loads(module_database("schema", "validate", file(text), "--format", "json").stdout)
    assert not found["valid"] and all(entry["line"] > 0 and entry["column"] > 0 for entry in found["diagnostics"])
    assert json.loads(module_database.done("schema", "list", "--format", "json")) == []
    assert module_database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == "0"


def test_refused_changes_are_told_by_their_place(run, file):
    run.done("schema", "apply", file(SHOP), "--yes")
    renamed = run("schema", "apply", file(SHOP.replace("name: text", "title: text")), "--yes")
    assert renamed.returncode == 64 + 9 and ":8:7: error AMBIGUOUS_RENAME: " in renamed.stderr and "renamed_from" in renamed.stderr
    run.psql("INSERT INTO shop.customers (name) VALUES ('long enough')")
    narrowed = run("schema", "apply", file(SHOP.replace("name: text", "name: string(3)")), "--yes", "--allow", "change type of customers.name")
    assert narrowed.returncode == 64 + 9 and ":8:7: error DATA_CONFLICT: " in narrowed.stderr, narrowed.stderr
    required = run("schema", "apply", file(SHOP + "      email: text\n"), "--yes")
    assert required.returncode == 64 + 9 and ":9:7: error DATA_CONFLICT: " in required.stderr, required.stderr
    for refused in (narrowed, required):
        assert "DATA_CONFLICT: " in refused.stderr.splitlines()[1] and refused.stderr.splitlines()[1].endswith("shop.yaml was not applied")
    assert run.psql("SELECT name FROM shop.customers") == "long enough"
    assert json.loads(run.done("schema", "drift", "shop", "--format", "json")) == []


def test_permissions_that_nothing_needs_are_told(run, file):
    run.done("schema", "apply", file(SHOP), "--yes")
    done = run("schema", "apply", file(WITH_EMAIL), "--yes", "--allow", "drop column customers.phone", "--leave-out", "drop table orders")
    assert done.returncode == 0
    assert done.stderr.count("UNUSED_PERMISSION") == 2 and '"drop column customers.phone"' in done.stderr, done.stderr


def test_notices_are_no_drift(run, file):
    run.done("schema", "apply", file(SHOP), "--yes")
    run.psql("ALTER TABLE shop.customers RENAME CONSTRAINT pk_customers TO other; ALTER TABLE shop.customers ADD more int")
    found = run("schema", "drift", "shop", "--format", "json")
    assert found.returncode == 0
    assert [(entry["severity"], entry["kind"]) for entry in json.loads(found.stdout)] == [("notice", "UNKNOWN_COLUMN"), ("notice", "NAME")]
    run.psql("DROP TABLE shop.customers")
    assert run("schema", "drift", "shop").returncode == 1


def test_expected_versions_and_versions_that_never_were(run, file):
    mismatch = run("schema", "apply", file(SHOP), "--yes", "--expected-version", "0123456789abcdef")
    assert mismatch.returncode == 64 + 10 and "VERSION_MISMATCH" in mismatch.stderr
    run.done("schema", "apply", file(SHOP), "--yes", "--expected-version", "")
    again = run("schema", "apply", file(SHOP), "--yes", "--expected-version", "")
    assert again.returncode == 64 + 10
    for command in (["apply", "shop", "--to-version", "0123456789abcdef"], ["diff", "shop", "--to-version", "latest"], ["get", "shop", "--version", "0123456789abcdef"]):
        unknown = run("schema", *command)
        assert unknown.returncode == 64 + 5 and "UNKNOWN_VERSION" in unknown.stderr, command
    unknown = run("schema", "apply", file(SHOP), "--to-version", "0123456789abcdef")
    assert unknown.returncode == 64 + 5 and "UNKNOWN_SCHEMA" in unknown.stderr


def test_what_is_pulled_of_nothing_and_of_what_is_not_there(run, tmp_path):
    assert run("schema", "pull", "--name", "1st").returncode == 64 + 3
    empty = run("schema", "pull", "--name", "empty")
    assert empty.returncode == 0 and empty.stdout == "schema: empty\n"
    missing = run("schema", "pull", "--name", "empty", "--table", "nowhere")
    assert missing.returncode == 0 and "UNKNOWN_TABLE at nowhere" in missing.stderr
    nowhere = run("schema", "pull", "-o", str(tmp_path / "no" / "folder.yaml"))
    assert nowhere.returncode == 3, nowhere.stderr


def test_files_are_not_written_over_unasked(run, file, tmp_path):
    run.done("schema", "apply", file(SHOP), "--yes")
    for number, command in enumerate((["pull", "--name", "shop"], ["format", file(SHOP)], ["export", "shop", "--proto"], ["graph", "shop", "--svg"])):
        path = tmp_path / f"kept{number}"
        path.write_text("mine\n")
        refused = run("schema", *command, "-o", str(path))
        assert refused.returncode == 2 and "--yes" in refused.stderr and path.read_text() == "mine\n", command
        assert run("schema", *command, "-o", str(path), "--yes").returncode == 0
        assert path.read_text() != "mine\n"
