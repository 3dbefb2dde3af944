"""The client against a server that answers as the tests say: what is sent, what comes back, and what goes wrong."""

import concurrent.futures
import datetime
import time

import grpc
import pytest
from answers import ALICE, ALICE_DICT, BOB, BOB_DICT, READ, USERS, fail, unavailable_times
from google.protobuf import text_format

import rowan
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import result_pb2, schema_pb2, schema_service_pb2
from rowan.errors import error_details_pb2
# --- results ----------------------------------------------------------------------------------------------------------


def test_get_gives_trees_and_says_where_more_is(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=USERS, records=[ALICE, BOB], has_more=True)
    users = client.get("blog", "User", {"select": {"id": True}, "limit": 2})
    assert users == [ALICE_DICT, BOB_DICT]
    assert list(users[0]) == ["id", "paid", "role", "recent"]
    assert users.has_more and users[0]["recent"].has_more
    assert not users[0]["recent"][0]["tags"].has_more and not users[1]["recent"].has_more
    name, request, _, _ = server.calls[0]
    assert (name, request.schema, request.model, request.page.limit) == ("Get", "blog", "User", 2)


def test_an_empty_answer_is_an_empty_page(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=USERS)
    users = client.get("blog", "User", READ)
    assert users == [] and not users.has_more


def test_writes_give_records_and_counts(server, client):
    response = text_format.Parse(
        'effects { matched: 1 changed: 1 relations { path: "posts.tags" created: 2 already_connected: 1 } '
        'relations { path: "role" } }',
        service.MutationResponse(),
    )
    response.shape.CopyFrom(USERS)
    response.records.append(ALICE)
    effects = {
        "matched": 1,
        "changed": 1,
        "relations": {"posts.tags": {"created": 2, "already_connected": 1}, "role": {}},
    }
    for verb in ("Insert", "Update", "Delete"):
        server.answers[verb] = lambda request, _: response
    for done in (
        client.insert("blog", "User", {"name": "Alice"}),
        client.update("blog", "User", {"data": {"name": "A"}, "where": {"id": 1}}),
        client.delete("blog", "User", {"where": {"id": 1}}),
    ):
        assert done.records == [ALICE_DICT] and done.effects == effects
    assert [call[0] for call in server.calls] == ["Insert", "Update", "Delete"]


def test_schemas_are_applied_from_dicts_texts_and_files(server, client, tmp_path):
    def apply(request, _):
        response = schema_service_pb2.ApplySchemaResponse(schema=request.schema, applied=not request.validate_only)
        response.schema.version = "0f3a5c7e9b1d2f40"
        response.schema.apply_time.FromDatetime(datetime.datetime(2024, 5, 1, 12))
        response.diagnostics.add(severity=schema_service_pb2.SEVERITY_NOTICE, reason="R", path="models.A", message="m")
        response.steps.add(description="create table a", sql="create table a ()")
        return response

    server.answers["ApplySchema"] = apply
    document = {"schema": "s", "models": {"A": {"fields": {"id": {"type": "int64", "primary": True}}}}}
    path = tmp_path / "s.yaml"
    path.write_text("schema: s\nmodels: {A: {fields: {id: {type: int64, primary: true}}}}\n")
    for source in (document, path, str(path), path.read_text()):
        result = client.apply_schema(source, expected_version="")
        assert result.schema.document == document and result.applied
        assert result.schema.version == "0f3a5c7e9b1d2f40"
        assert result.schema.apply_time == datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.timezone.utc)
        assert result.diagnostics == (rowan.Diagnostic("notice", "R", "models.A", "m"),)
        assert result.steps == (rowan.Step("create table a", "create table a ()"),)
    assert not client.apply_schema(document, validate_only=True).applied
    assert [call[1].HasField("expected_version") for call in server.calls] == [True] * 4 + [False]


def test_schemas_are_read_back(server, client):
    server.answers["GetSchema"] = lambda request, _: text_format.Parse(
        f'name: "{request.name}" version: "1" models {{ name: "A" table: "a" }}', schema_pb2.Schema()
    )
    server.answers["ListSchemas"] = lambda request, _: text_format.Parse(
        'schemas { name: "a" version: "1" model_count: 2 description: "d" apply_time { seconds: 0 } }',
        schema_service_pb2.ListSchemasResponse(),
    )
    assert client.get_schema("blog").document == {"schema": "blog", "models": {"A": {"table": "a", "fields": {}}}}
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert client.list_schemas() == [rowan.SchemaSummary("a", "1", epoch, 2, "d")]


def test_databases_are_introspected(server, client):
    server.answers["Introspect"] = lambda request, _: text_format.Parse(
        f'schema {{ name: "{request.name or "database"}" models {{ name: "A" table: "a" }} }} '
        'diagnostics { severity: SEVERITY_WARNING reason: "R" path: "public.a.b" message: "m" }',
        schema_service_pb2.IntrospectResponse(),
    )
    found = client.introspect("blog", database_schemas=["public", "sales"], tables=["a"])
    assert found.document == {"schema": "blog", "models": {"A": {"table": "a", "fields": {}}}}
    assert found.diagnostics == (rowan.Diagnostic("warning", "R", "public.a.b", "m"),)
    assert client.introspect().document["schema"] == "database"
    requests = [call[1] for call in server.calls]
    assert [(list(r.database_schemas), list(r.tables)) for r in requests] == [(["public", "sales"], ["a"]), ([], [])]


@pytest.mark.parametrize("response, healthy", [(b"\x08\x01", True), (b"\x08\x02", False), (b"", False)])
def test_health(server, client, response, healthy):
    server.answers["Check"] = lambda request, _: response
    assert client.health("rowan.v1.DataService") is healthy
    assert server.calls[0][1] == b"\x0a\x14rowan.v1.DataService"


# --- headers, timeouts, threads ---------------------------------------------------------------------------------------


def test_each_call_has_an_id_of_its_own_or_the_given_one(server, client):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=USERS)
    for options in ({}, {}, {"request_id": "mine"}):
        client.get("blog", "User", READ, **options)
    ids = [headers["x-request-id"] for _, _, headers, _ in server.calls]
    assert len(set(ids)) == 3 and ids[2] == "mine" and all(ids)


@pytest.mark.parametrize(
    "options, low, high",
    [
        ({}, 5, 10),
        ({"timeout": 100}, 90, 100),
        ({"timeout": datetime.timedelta(minutes=1)}, 50, 60),
        ({"timeout": None}, None, None),
    ],
)
def test_the_timeout_travels_with_the_call(server, client, options, low, high):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=USERS)
    client.get("blog", "User", READ, **options)
    remaining = server.calls[0][3]
    if low is None:
        assert remaining is None or remaining > 1e6
    else:
        assert low < remaining <= high * 1.02  # gRPC sends few digits, rounded up


def test_a_passed_timeout_is_an_error(server, client):
    server.answers["Get"] = lambda request, context: time.sleep(1) or service.GetResponse()
    with pytest.raises(rowan.DeadlineExceededError) as caught:
        client.get("blog", "User", READ, timeout=0.1, request_id="slow")
    assert caught.value.request_id == "slow" and caught.value.reason == ""


def test_authorization_and_headers_go_with_every_call(server):
    server.answers["Get"] = lambda request, _: service.GetResponse(shape=USERS)
    tokens = iter(["Bearer 1", "Bearer 2"])
    with rowan.connect(
        server.address, authorization=lambda: next(tokens), metadata=[("traceparent", "00-1-1-00")]
    ) as client:
        client.get("blog", "User", READ)
        client.get("blog", "User", READ)
    assert [call[2]["authorization"] for call in server.calls] == ["Bearer 1", "Bearer 2"]
    assert server.calls[0][2]["traceparent"] == "00-1-1-00"


@pytest.mark.parametrize(
    "address", ["db.example.org:50051", "10.0.0.1:50051", "0.0.0.0:50051", "dns:///db.example.org:50051"]
)
def test_authorization_does_not_leave_the_machine_in_plain_text(address):
    with pytest.raises(ValueError, match="tls=True"):
        rowan.connect(address, authorization="Bearer x")


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/tmp/rowan.sock", "ipv4:127.0.0.1:1"]
)
def test_authorization_may_stay_on_the_machine_in_plain_text(address):
    rowan.connect(address, authorization="Bearer x").close()


def test_tls_needs_a_server_with_tls(server):
    with rowan.connect(server.address, tls=True, authorization="Bearer x") as client:
        with pytest.raises(rowan.UnavailableError):
            client.insert("blog", "User", {}, timeout=2)
    assert server.calls == []


def test_threads_share_a_client(server, client):
    def answer(request, _):
        time.sleep(0.01)
        record = result_pb2.Record(values=[{"int_value": request.page.limit}, {"null_value": 0}], related=[{}, {}])
        return service.GetResponse(shape=USERS, records=[record])

    server.answers["Get"] = answer
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: client.get("blog", "User", {"select": {"id": True}, "limit": n}), range(100)))
    assert [answer[0]["id"] for answer in answers] == list(range(100))


# --- errors -----------------------------------------------------------------------------------------------------------


def test_an_error_carries_all_that_the_server_said(server, client):
    server.answers["Get"] = fail(
        grpc.StatusCode.INVALID_ARGUMENT,
        "there is no field nmae",
        error_details_pb2.ErrorInfo(
            reason="UNKNOWN_FIELD", domain="rowan", metadata={"path": "select.nmae", "model": "User", "nearest": "name"}
        ),
        text_format.Parse(
            'field_violations { field: "select.nmae" description: "no such field" } '
            'field_violations { field: "where.x" }',
            error_details_pb2.BadRequest(),
        ),
        text_format.Parse("retry_delay { seconds: 1 nanos: 500000000 }", error_details_pb2.RetryInfo()),
        trailers=[("x-request-id", "echoed")],
    )
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        client.get("blog", "User", READ, request_id="sent")
    error = caught.value
    assert (error.code, error.reason, error.path) == (grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FIELD", "select.nmae")
    assert error.metadata == {"path": "select.nmae", "model": "User", "nearest": "name"}
    assert error.paths == ("select.nmae", "where.x")
    assert error.violations[0] == rowan.Violation("select.nmae", "no such field")
    assert error.retry_delay == datetime.timedelta(seconds=1.5)
    assert error.request_id == "echoed"
    assert str(error) == "INVALID_ARGUMENT UNKNOWN_FIELD at select.nmae: there is no field nmae (request echoed)"


CODES = [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE)]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_class(server, client, code):
    server.answers["Get"] = fail(code, "said so")
    with pytest.raises(rowan.RowanError) as caught:
        client.get("blog", "User", READ)
    assert type(caught.value).__name__.replace("Error", "").upper() == code.name.replace("_", "")
    assert caught.value.code is code and caught.value.message == "said so"
    assert caught.value.reason == "" and caught.value.paths == () and caught.value.retry_delay is None


@pytest.mark.parametrize("trailer", [b"", b"\xff\xff\xff", b"\x1a\x05\x0a\x03abc"])
def test_details_that_cannot_be_read_do_not_hide_the_error(server, client, trailer):
    def answer(_request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", trailer),))
        context.abort(grpc.StatusCode.NOT_FOUND, "gone")

    server.answers["Get"] = answer
    with pytest.raises(rowan.NotFoundError, match="gone"):
        client.get("blog", "User", READ)


def test_details_of_other_domains_are_not_ours(server, client):
    server.answers["Get"] = fail(
        grpc.StatusCode.ABORTED, "m", error_details_pb2.ErrorInfo(reason="X", domain="proxy.example")
    )
    with pytest.raises(rowan.AbortedError) as caught:
        client.get("blog", "User", READ)
    assert caught.value.reason == "" and caught.value.metadata == {}


def test_a_wrong_document_is_never_sent(server, client):
    for call in (
        lambda: client.get("blog", "User", {}),
        lambda: client.stream("blog", "User", {"select": 5}),
        lambda: client.pages("blog", "User", {"select": {}, "cursor": 5}),
        lambda: client.aggregate("blog", "User", {"select": {"n": {}}}),
        lambda: client.exists("blog", "User", {"select": {}}),
        lambda: client.explain("get", "blog", "User", {"select": {}}, mode="dry"),
        lambda: client.insert("blog", "User", 5),
        lambda: client.update("blog", "User", {}),
        lambda: client.delete("blog", "User", {"were": {}}),
        lambda: client.explain("drop", "blog", "User", {}),
        lambda: client.apply_schema("models: {}"),
    ):
        with pytest.raises(rowan.DocumentError) as caught:
            call()
        assert isinstance(caught.value, (rowan.InvalidArgumentError, ValueError)) and caught.value.request_id == ""
    assert server.calls == []


def test_reads_are_sent_again_while_the_server_is_unavailable(server, client):
    server.answers["Get"] = unavailable_times(3, lambda request, _: service.GetResponse(shape=USERS, records=[BOB]))
    assert client.get("blog", "User", READ) == [BOB_DICT]
    assert len(server.calls) == 4
    assert len({headers["x-request-id"] for _, _, headers, _ in server.calls}) == 1


def test_reads_are_not_sent_again_for_ever(server, client):
    server.answers["Get"] = unavailable_times(100, None)
    with pytest.raises(rowan.UnavailableError):
        client.get("blog", "User", READ)
    assert len(server.calls) == 4


def test_reads_are_not_sent_again_for_other_errors(server, client):
    server.answers["Get"] = fail(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")
    with pytest.raises(rowan.ResourceExhaustedError):
        client.get("blog", "User", READ)
    assert len(server.calls) == 1


@pytest.mark.parametrize("verb", ["Insert", "Update", "Delete", "ApplySchema"])
def test_writes_are_never_sent_again(server, client, verb):
    server.answers[verb] = unavailable_times(1, lambda request, _: service.MutationResponse())
    with pytest.raises(rowan.UnavailableError):
        {
            "Insert": lambda: client.insert("blog", "User", {"a": 1}),
            "Update": lambda: client.update("blog", "User", {"data": {"a": 1}, "where": {"id": 1}}),
            "Delete": lambda: client.delete("blog", "User", {"where": {"id": 1}}),
            "ApplySchema": lambda: client.apply_schema({"schema": "s", "models": {}}),
        }[verb]()
    assert len(server.calls) == 1


def test_a_server_that_is_not_there_is_unavailable():
    with rowan.connect("127.0.0.1:1", timeout=5) as client:
        with pytest.raises(rowan.UnavailableError) as caught:
            client.insert("blog", "User", {"a": 1})
    assert caught.value.reason == "" and caught.value.request_id
