"""Changing schemas, their history and drift, against a fake server."""

import datetime

import grpc
import pytest
import rowan
from answers import fail
from google.protobuf import text_format
from rowan._generated.rowan.v1 import schema_pb2, schema_service_pb2

DOCUMENT = {"schema": "s", "models": {"A": {"fields": {"id": {"type": "int64", "primary": True}}}}}


@pytest.fixture
def applied(server):
    server.answers["ApplySchema"] = lambda request, _: schema_service_pb2.ApplySchemaResponse(schema=request.schema)
    return lambda: server.calls[-1][1]


def test_what_may_be_lost_and_what_is_left_out_is_sent(client, applied):
    client.apply_schema(DOCUMENT, allow_data_loss=["drop column a.b"], leave_out=("drop table c",))
    assert applied().allow_data_loss == ["drop column a.b"] and applied().leave_out == ["drop table c"]
    assert applied().adopt == schema_service_pb2.ADOPT_LEVEL_UNSPECIFIED
    assert applied().online == schema_service_pb2.ONLINE_POLICY_UNSPECIFIED


@pytest.mark.parametrize("level", ["off", "warn", "enforce"])
def test_levels_of_adoption(client, applied, level):
    client.apply_schema(DOCUMENT, adopt=level)
    assert applied().adopt == schema_service_pb2.AdoptLevel.Value(f"ADOPT_LEVEL_{level.upper()}")


@pytest.mark.parametrize("policy", ["auto", "always", "never"])
def test_policies_of_locks(client, applied, policy):
    client.apply_schema(DOCUMENT, online=policy)
    assert applied().online == schema_service_pb2.OnlinePolicy.Value(f"ONLINE_POLICY_{policy.upper()}")


def test_the_way_back(client, applied):
    client.apply_schema("blog", earlier="0f3a5c7e9b1d2f40", validate_only=True)
    assert applied().WhichOneof("content") == "earlier"
    assert (applied().earlier.name, applied().earlier.version) == ("blog", "0f3a5c7e9b1d2f40")


@pytest.mark.parametrize("options", [
    {"adopt": "perhaps"}, {"adopt": "OFF"}, {"online": "soon"}, {"online": ""}, {"allow_data_loss": "drop table a"},
    {"leave_out": "drop table a"}, {"earlier": "0f3a"},
])
def test_what_makes_no_sense_is_never_sent(server, client, options):
    with pytest.raises(rowan.DocumentError) as caught:
        client.apply_schema(DOCUMENT, **options)
    assert next(iter(options)) in str(caught.value)
    assert caught.value.metadata == {"path": next(iter(options))}
    assert server.calls == []


def test_steps_tell_what_they_can_do(server, client):
    server.answers["ApplySchema"] = lambda request, _: text_format.Parse(
        'steps { description: "drop column a.b" sql: "ALTER" path: "models.A.fields.b" lock: TABLE_LOCK_ACCESS_EXCLUSIVE '
        'risk: STEP_RISK_LOSSY explanation: "gone" stage: 2 alone: true } steps { risk: 99 }',
        schema_service_pb2.ApplySchemaResponse(),
    )
    steps = client.apply_schema(DOCUMENT).steps
    assert steps[0] == rowan.Step(
        "drop column a.b", "ALTER", "models.A.fields.b", "lossy", "access_exclusive", "gone", 2, True
    )
    assert steps[1].risk == "99", "of a newer server"


def test_earlier_versions_are_read(server, client):
    server.answers["GetSchema"] = lambda request, _: schema_pb2.Schema(name=request.name, version=request.version)
    assert client.get_schema("blog", version="0f3a").version == "0f3a"
    assert client.get_schema("blog").version == ""


def test_the_history_is_read_page_by_page(server, client):
    def versions(request, _):
        page = int(request.page_token or 0)
        response = schema_service_pb2.ListSchemaVersionsResponse(next_page_token="1" if page == 0 else "")
        entry = response.versions.add(version=f"v{page}", applied_by="ada", checksum="c" * 64, adopted=page == 1)
        entry.apply_time.FromDatetime(datetime.datetime(2024, 5, 1))
        entry.steps.add(description="create table a")
        return response

    server.answers["ListSchemaVersions"] = versions
    history = client.schema_versions("blog")
    first = next(history)
    assert len(server.calls) == 1, "the second page is not needed yet"
    when = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)
    assert first == rowan.SchemaVersion("v0", when, "ada", "c" * 64, (rowan.Step("create table a", ""),), False)
    assert [(entry.version, entry.adopted) for entry in history] == [("v1", True)]


def test_drift_is_told(server, client):
    server.answers["CheckDrift"] = lambda request, _: text_format.Parse(
        'differences { severity: SEVERITY_ERROR kind: "TYPE" path: "models.A.fields.b" object: "public.a.b" '
        'expected: "text" found: "integer" }',
        schema_service_pb2.CheckDriftResponse(),
    )
    found = client.check_drift("blog")
    assert found == [rowan.Difference("error", "TYPE", "models.A.fields.b", "public.a.b", "text", "integer")]


@pytest.mark.parametrize("method, call", [
    ("ListSchemaVersions", lambda client: next(client.schema_versions("blgo"))),
    ("CheckDrift", lambda client: client.check_drift("blgo")),
    ("GetSchema", lambda client: client.get_schema("blog", version="none")),
])
def test_what_is_not_there_is_an_error(server, client, method, call):
    server.answers[method] = fail(grpc.StatusCode.NOT_FOUND, "no such schema")
    with pytest.raises(rowan.NotFoundError):
        call(client)
