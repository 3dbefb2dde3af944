"""The commands of schemas against a real server: plans, going back, pulling, drift, history."""

import json

import pytest
import rowan

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
