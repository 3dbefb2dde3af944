"""Changes of schemas that nobody thought of: between random pairs, the database becomes what the second one says, and rows survive all that is not declared lossy.

PROPERTY_SEED is the seed (a failure prints it), PROPERTY_SCHEMAS how many pairs there are.
"""

import copy
import os
import random

import grpc
import pytest
from draw_schemas import VALUES, SchemaDrawer
from report import SEED
from rowan import errors, schema_document
from stubs import schema_service

PAIRS = int(os.environ.get("PROPERTY_SCHEMAS", "40"))
ROWS = 5
# What may keep a change from being applied.
REFUSALS = {"DATA_CONFLICT", "UNSUPPORTED_CHANGE"}
# What is asked before.
QUESTIONS = {"DATA_LOSS", "AMBIGUOUS_RENAME"}


def sql(server, statements):
    """Runs SQL beside the server and returns its output."""
    done = server.psql(statements)
    output, _ = done.communicate(timeout=60)
    assert done.returncode == 0, f"{statements}\n{output}"
    return output


def column(name):
    return name.lower()


def table(name, model):
    return model.get("table", name.lower())


def fill(server, document):
    """Puts rows into every table; foreign keys stay null."""
    statements = []
    for name, model in document["models"].items():
        columns, values = [], []
        for field_name, field in model["fields"].items():
            if field["type"] == "auto_increment":
                continue
            columns.append(f'"{column(field_name)}"')
            labels = [label.replace("'", "''") for label in field.get("labels", [])]
            native = f'::"{document["database_schema"]}"."{field["native"]}"' if "native" in field else ""
            values.append(f"'{labels[0]}'{native}" if labels else VALUES[field["type"]])
        place = f'"{document["database_schema"]}"."{table(name, model)}"'
        statements.append(f'INSERT INTO {place} ({", ".join(columns)}) SELECT {", ".join(values)} FROM generate_series(1, {ROWS}) n'
                          if columns else f"INSERT INTO {place} SELECT FROM generate_series(1, {ROWS})")
    sql(server, "; ".join(statements))


def contents(server, document, fields):
    """Returns what the columns of (model, field) hold, each in no order."""
    queries = []
    for number, (name, field_name) in enumerate(fields):
        place = f'"{document["database_schema"]}"."{table(name, document["models"][name])}"'
        quoted = f'"{column(field_name)}"'
        queries.append(f"SELECT {number}, count(*), md5(string_agg({quoted}::text, '|' ORDER BY {quoted}::text)) FROM {place}")
    rows = sql(server, "\n UNION ALL ".join(queries) + " ORDER BY 1").splitlines()[2:2 + len(queries)] if queries else []
    assert len(rows) == len(queries)
    return {field: row.split("|")[1:] for field, row in zip(fields, rows)}


class Change:
    """Applies schemas, and says yes to whatever is asked."""

    def __init__(self, server, online):
        self.server = server
        self.online = online

    def apply(self, document):
        """Returns the answer, or the reason for which the change is refused."""
        request = schema_service.ApplySchemaRequest(schema=schema_document.to_schema(document), online=self.online)
        for _ in range(20):
            try:
                return self.server.schemas.ApplySchema(request, timeout=60)
            except grpc.RpcError as error:
                failure = errors.from_call(error, "")
                if failure.reason not in QUESTIONS:
                    return failure.reason
                quoted = [part for violation in failure.violations for part in violation.message.split('"')[1::2]]
                steps = [part for part in quoted if part.split(" ")[0] in ("drop", "change", "require")]
                assert set(steps) - set(request.allow_data_loss), failure
                request.allow_data_loss.extend(steps)
        raise AssertionError("there is no end of questions")

    def introspected(self, name):
        """Returns what the database says a schema is, without the name of its PostgreSQL schema."""
        answer = self.server.schemas.Introspect(schema_service.IntrospectRequest(name="found", database_schemas=[name]), timeout=60)
        assert answer.schema.database_schema == name
        answer.schema.ClearField("database_schema")
        return schema_document.from_schema(answer.schema)

    def differences(self, name):
        answer = self.server.schemas.CheckDrift(schema_service.CheckDriftRequest(name=name), timeout=60)
        return [(entry.kind, entry.object, entry.expected, entry.found) for entry in answer.differences]


def survivors(before, after, steps):
    """Returns (model, field, former model, former field) of all columns whose values have to be what they were."""
    touched = {step.description for step in steps}
    for name, model in after["models"].items():
        former_name = model.get("renamed_from", name)
        former = before["models"].get(former_name)
        if former is None:
            continue
        for field_name, field in model["fields"].items():
            former_field = field.get("renamed_from", field_name)
            was = former["fields"].get(former_field)
            if was is None or was["type"] != field["type"] or was.get("nullable") != field.get("nullable"):
                continue
            if any(description.endswith(f".{column(field_name)}") and description.startswith(("drop column", "change type")) for description in touched):
                continue
            yield name, field_name, former_name, former_field


@pytest.mark.parametrize("number", range(PAIRS))
def test_pairs(server, number):
    rng = random.Random(f"{SEED} schemas {number}")
    drawer = SchemaDrawer(rng, f"pair{number}", f"pair{number}")
    before = drawer.schema()
    change = Change(server, rng.choice([schema_service.ONLINE_POLICY_AUTO, schema_service.ONLINE_POLICY_ALWAYS, schema_service.ONLINE_POLICY_NEVER]))
    assert not isinstance(change.apply(before), str)
    assert change.differences(before["schema"]) == []
    filled = rng.random() < 0.8
    if filled:
        fill(server, before)
    for round in range(2):
        after = drawer.change(before)
        held = contents(server, before, [(name, field_name) for name, model in before["models"].items() for field_name in model["fields"]])
        answer = change.apply(after)
        if isinstance(answer, str):
            assert answer in REFUSALS, (answer, before, after)
            # What is left of the attempt goes away with the next change, or with the way back.
            assert not isinstance(change.apply(before), str)
            assert change.differences(before["schema"]) == [], (before, after)
            assert contents(server, before, list(held)) == held
            continue
        assert change.differences(after["schema"]) == [], (before, after, [step.sql for step in answer.steps])
        # However it came about, the database says of itself what one says that never was another.
        fresh = {**after, "schema": f"fresh{number}x{round}", "database_schema": f"fresh{number}x{round}"}
        assert not isinstance(change.apply(fresh), str)
        assert change.introspected(after["schema"]) == change.introspected(fresh["schema"]), (before, after, [step.sql for step in answer.steps])
        kept = list(survivors(before, after, answer.steps))
        found = contents(server, after, [(name, field_name) for name, field_name, *_ in kept])
        for name, field_name, *former in kept:
            assert found[name, field_name] == held[tuple(former)], (name, field_name, [step.sql for step in answer.steps])
        before = after


ARMED = """
CREATE SEQUENCE IF NOT EXISTS public.fault_count; CREATE TABLE IF NOT EXISTS public.fault (at int); TRUNCATE public.fault;
CREATE OR REPLACE FUNCTION public.fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN IF nextval('public.fault_count') = (SELECT at FROM public.fault) THEN RAISE EXCEPTION 'fault'; END IF; END $$;
SELECT setval('public.fault_count', 1, false); INSERT INTO public.fault VALUES ({at});
DROP EVENT TRIGGER IF EXISTS faults; CREATE EVENT TRIGGER faults ON ddl_command_start WHEN TAG IN
  ('CREATE TABLE', 'ALTER TABLE', 'DROP TABLE', 'CREATE INDEX', 'DROP INDEX', 'CREATE TYPE', 'ALTER TYPE', 'DROP TYPE', 'CREATE SCHEMA', 'ALTER INDEX')
  EXECUTE FUNCTION public.fail()"""


def statements(server):
    """Returns how many statements the armed trigger has seen."""
    return int(sql(server, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.fault_count").splitlines()[2])


@pytest.mark.parametrize("number", range(6))
def test_a_failure_at_every_step(server, number):
    """An event trigger fails at the n-th DDL statement of a change, for every n there is."""
    online = [schema_service.ONLINE_POLICY_NEVER, schema_service.ONLINE_POLICY_ALWAYS][number % 2]
    for at in range(1, 200):
        # The same pair for each n, in tables of its own.
        rng = random.Random(f"{SEED} faults {number}")
        drawer = SchemaDrawer(rng, f"fault{number}x{at}", f"fault{number}x{at}")
        change = Change(server, online)
        before = drawer.schema()
        assert not isinstance(change.apply(before), str)
        fill(server, before)
        after = drawer.change(drawer.change(before))
        for model in after["models"].values():
            model.pop("renamed_from", None)
        # Whatever was drawn, there is something to do.
        next(iter(after["models"].values()))["fields"]["extra"] = {"type": "text", "nullable": True, "index": True}
        third = drawer.change(before)
        sql(server, ARMED.format(at=at))
        try:
            answer = change.apply(after)
        finally:
            sql(server, "DROP EVENT TRIGGER faults")
        if statements(server) < at:
            assert not isinstance(answer, str) or answer in REFUSALS, answer
            assert at > 2 or answer in REFUSALS
            return
        if answer != "INTERNAL":
            # It hit what only tells how PostgreSQL writes an expression, which is done without.
            assert not isinstance(answer, str) or answer in REFUSALS, answer
            continue
        current = server.schemas.GetSchema(schema_service.GetSchemaRequest(name=before["schema"]), timeout=10)
        assert {model.name for model in current.models} == set(before["models"])
        follow = [after, third, before][at % 3]
        answer = change.apply(follow)
        if isinstance(answer, str):
            assert answer in REFUSALS, answer
            assert not isinstance(change.apply(before), str)
            follow = before
        assert change.differences(before["schema"]) == [], (at, copy.deepcopy(follow))
    raise AssertionError("there is no end of steps")
