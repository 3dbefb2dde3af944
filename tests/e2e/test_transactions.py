"""Batches, requests that happen once, and interactive transactions, over the wire: time, lost clients, and others at the same rows."""

import queue
import threading

import grpc
import pytest
from conftest import wait_for
from fault_proxy import FaultProxy
from google.protobuf import text_format
from rowan._generated.google.rpc import error_details_pb2, status_pb2
from rowan._generated.rowan.v1 import data_service_pb2 as pb
from rowan._generated.rowan.v1 import data_service_pb2_grpc

ROLES = 'select { fields: "id" fields: "name" }'


def operation(text):
    return pb.TransactRequest(operation=text_format.Parse(text, pb.Operation()))


def insert_role(name, id=""):
    return operation(f'id: "{id}" insert {{ model: "Role" data {{ values {{ key: "name" value {{ text_value: "{name}" }} }} }} }}')


def rename_role(role, name):
    return operation(
        f'update {{ model: "Role" data {{ values {{ key: "name" value {{ text_value: "{name}" }} }} }} '
        f'where {{ field {{ field: "id" operator: OPERATOR_EQ value {{ int_value: {role} }} }} }} }}')


def get_roles(extra=""):
    return operation(f'get {{ model: "Role" {ROLES} {extra} }}')


def names(answer):
    return [record.values[1].text_value for record in answer.result.get.records]


def details(raw):
    """The reason and the path in a google.rpc.Status in binary."""
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(raw).details:
        if detail.Unpack(info):
            return info.reason, info.metadata.get("path", "")
    return "", ""


def failure(error):
    """The code and the reason of a call that failed."""
    raw = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    return error.code().name, details(raw)[0]


class Transaction:
    """One stream: every message waits for its answer."""

    def __init__(self, stub, timeout=20, **begin):
        self.messages = queue.SimpleQueue()
        self.stream = stub.Transact(iter(self.messages.get, None), timeout=timeout)
        self.begun = self.send(pb.TransactRequest(begin=pb.BeginTransaction(schema="blog", **begin))).begun

    def send(self, message):
        self.messages.put(message)
        return next(self.stream)

    def commit(self):
        return self.send(pb.TransactRequest(end=pb.EndTransaction(commit=True))).committed

    def close(self):
        """Ends the stream from the client's side, and waits for the server's end."""
        self.messages.put(None)
        return list(self.stream)

    def ending(self):
        """Waits until the server ends the stream, and says how."""
        with pytest.raises(grpc.RpcError) as error:
            next(self.stream)
        self.messages.put(None)
        return failure(error.value)


@pytest.fixture
def connect():
    """Connects stubs to servers; the channels close with the test."""
    channels = []

    def open_channel(server):
        channels.append(grpc.insecure_channel(server.address, options=[("grpc.enable_retries", 0)]))
        return data_service_pb2_grpc.DataServiceStub(channels[-1])

    yield open_channel
    for channel in channels:
        channel.close()


@pytest.fixture
def stub(blog, shared_rowand, connect):
    return connect(shared_rowand)


def role_names(postgres):
    return postgres.psql("SELECT string_agg(name, ',' ORDER BY name) FROM roles")


# --- interactive transactions -----------------------------------------------------------------------------------------


def test_what_is_committed_stays(stub, postgres):
    transaction = Transaction(stub)
    assert len(transaction.begun.schema_version) == 16
    transaction.send(insert_role("editor", id="r"))
    found = transaction.send(get_roles('where { field { field: "id" operator: OPERATOR_EQ value { reference_value: "r.id" } } }'))
    assert names(found) == ["editor"]
    assert role_names(postgres) == "admin"
    assert transaction.commit()
    assert transaction.close() == []
    assert role_names(postgres) == "admin,editor"


def test_a_request_that_fails_says_why_and_leaves_the_rest(stub, postgres):
    transaction = Transaction(stub)
    transaction.send(insert_role("editor"))
    failed = transaction.send(insert_role("admin")).failed
    assert (failed.code, details(failed.details)[0]) == (grpc.StatusCode.ALREADY_EXISTS.value[0], "UNIQUE_VIOLATION")
    assert "another Role has the same name" in failed.message
    failed = transaction.send(operation('insert { model: "Rule" data {} }')).failed
    assert details(failed.details) == ("UNKNOWN_MODEL", "model")
    failed = transaction.send(pb.TransactRequest()).failed
    assert details(failed.details)[0] == "MISSING_ARGUMENT"
    assert transaction.commit()
    assert role_names(postgres) == "admin,editor"


@pytest.mark.parametrize("how", ["half-close", "rollback", "cancel"])
def test_without_a_commit_nothing_stays_and_the_backend_is_freed(stub, postgres, how):
    transaction = Transaction(stub)
    transaction.send(insert_role("editor"))
    assert postgres.active() == 1
    if how == "half-close":
        assert transaction.close() == []
    elif how == "rollback":
        assert not transaction.send(pb.TransactRequest(end=pb.EndTransaction())).committed
    else:
        transaction.stream.cancel()
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert role_names(postgres) == "admin"


def test_a_cancelled_statement_ends_with_its_transaction(stub, postgres):
    with postgres.lock("roles"):
        transaction = Transaction(stub)
        transaction.messages.put(insert_role("editor"))
        wait_for(postgres.waiting, "the insert waits for the lock")
        transaction.stream.cancel()
        wait_for(lambda: not postgres.waiting(), "the statement ends", 2)
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert role_names(postgres) == "admin"


def test_a_silent_client_loses_its_transaction_and_the_connection_is_closed(stub, postgres):
    transaction = Transaction(stub, idle_timeout_ms=100)
    transaction.send(insert_role("editor"))
    pid = postgres.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'rowand' AND state = 'idle in transaction'")
    assert transaction.ending() == ("ABORTED", "TRANSACTION_TIMEOUT")
    wait_for(lambda: postgres.psql(f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}") == "0", "the backend is gone")
    assert role_names(postgres) == "admin"


def test_a_statement_that_outlasts_the_transaction_ends_it(stub, postgres):
    with postgres.lock("roles"):
        transaction = Transaction(stub, timeout_ms=300)
        transaction.messages.put(insert_role("editor"))
        assert transaction.ending() == ("ABORTED", "TRANSACTION_TIMEOUT")
        wait_for(lambda: not postgres.waiting(), "the statement ends")
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert role_names(postgres) == "admin"


def test_the_clients_deadline_ends_it_too(stub, postgres):
    transaction = Transaction(stub, timeout=0.5)
    transaction.send(insert_role("editor"))
    assert transaction.ending()[0] == "DEADLINE_EXCEEDED"
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)
    assert role_names(postgres) == "admin"


@pytest.mark.parametrize("first, reason", [
    (insert_role("x"), "TRANSACTION_MISUSE"),
    (pb.TransactRequest(begin=pb.BeginTransaction(schema="blgo")), "UNKNOWN_SCHEMA"),
    (pb.TransactRequest(begin=pb.BeginTransaction(schema="blog", timeout_ms=10**9)), "LIMIT_OUT_OF_RANGE"),
    (pb.TransactRequest(begin=pb.BeginTransaction(schema="blog", isolation=7)), "MALFORMED_VALUE"),
])
def test_what_does_not_begin_ends(stub, first, reason):
    with pytest.raises(grpc.RpcError) as error:
        list(stub.Transact(iter([first]), timeout=10))
    assert failure(error.value)[1] == reason


def test_a_backend_that_dies_ends_it(stub, postgres):
    transaction = Transaction(stub)
    transaction.send(insert_role("editor"))
    postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rowand' AND state = 'idle in transaction'")
    transaction.messages.put(insert_role("guest"))
    assert transaction.ending() == ("UNAVAILABLE", "DATABASE_UNAVAILABLE")
    assert role_names(postgres) == "admin"


def test_a_conflict_ends_it(stub, postgres):
    first = Transaction(stub, isolation=pb.ISOLATION_LEVEL_REPEATABLE_READ)
    first.send(get_roles())
    second = Transaction(stub)
    second.send(rename_role(1, "second"))
    assert second.commit()
    first.messages.put(rename_role(1, "first"))
    assert first.ending() == ("ABORTED", "TRANSACTION_CONFLICT")
    assert role_names(postgres) == "second"


def test_transactions_at_rest_hold_up_nobody_else(postgres, start_rowand, connect, blog):
    server = start_rowand("--db-url", postgres.url, "--workers", "1", "--stream-workers", "1", "--db-pool-size", "1", "--db-transaction-pool-size", "2", "--db-pool-wait", "100ms")
    stub = connect(server)
    open_ones = [Transaction(stub) for _ in range(2)]
    for transaction in open_ones:
        transaction.send(get_roles())
    with server.client() as client:
        assert client.get("blog", "Role", {"select": {"name": True}}) == [{"name": "admin"}]
        assert list(client.stream("blog", "Role", {"select": {"name": True}})) == [{"name": "admin"}]
    with pytest.raises(grpc.RpcError) as error:
        Transaction(stub)
    assert failure(error.value) == ("RESOURCE_EXHAUSTED", "POOL_EXHAUSTED")
    assert [transaction.commit() for transaction in open_ones] == [True, True]
    assert Transaction(stub).commit()


def test_streams_that_do_not_begin_hold_up_nobody(postgres, start_rowand, connect, blog):
    stub = connect(start_rowand("--db-url", postgres.url, "--db-transaction-pool-size", "1"))
    silent = [stub.Transact(iter(queue.SimpleQueue().get, None)) for _ in range(5)]
    assert Transaction(stub).commit()
    for stream in silent:
        stream.cancel()


def test_a_server_that_drains_lets_an_open_one_commit(postgres, start_rowand, connect, blog):
    server = start_rowand("--db-url", postgres.url, "--drain-timeout", "10s")
    transaction = Transaction(connect(server))
    transaction.send(insert_role("editor"))
    server.process.terminate()
    wait_for(lambda: "draining" in server.log(), "it drains")
    transaction.send(insert_role("guest"))
    assert transaction.commit()
    assert server.process.wait(30) == 0
    assert role_names(postgres) == "admin,editor,guest"


def test_a_server_that_has_drained_rolls_back(postgres, start_rowand, connect, blog):
    server = start_rowand("--db-url", postgres.url, "--drain-timeout", "300ms")
    transaction = Transaction(connect(server))
    transaction.send(insert_role("editor"))
    server.process.terminate()
    assert transaction.ending()[0] in ("CANCELLED", "UNAVAILABLE")
    assert server.process.wait(30) == 0
    assert role_names(postgres) == "admin"


# --- commits whose answers are lost -----------------------------------------------------------------------------------


@pytest.fixture
def proxy(postgres):
    between = FaultProxy(postgres.folder)
    yield between
    between.close()


def test_a_lost_commit_of_an_interactive_transaction_is_told(proxy, start_rowand, connect, blog, postgres):
    transaction = Transaction(connect(start_rowand("--db-url", proxy.url, "--schema-poll-interval", "1h")))
    transaction.send(insert_role("editor"))
    proxy.arm(commit=True)
    transaction.messages.put(pb.TransactRequest(end=pb.EndTransaction(commit=True)))
    assert transaction.ending() == ("UNAVAILABLE", "COMMIT_OUTCOME_UNKNOWN")
    assert role_names(postgres) == "admin,editor"


def test_a_lost_commit_of_a_batch_is_settled_by_its_id(proxy, start_rowand, connect, blog, postgres):
    stub = connect(start_rowand("--db-url", proxy.url, "--schema-poll-interval", "1h"))
    batch = pb.BatchRequest(schema="blog", request_id="lost", operations=[pb.Operation(insert=role_request("editor"))])
    proxy.arm(commit=True)
    with pytest.raises(grpc.RpcError) as error:
        stub.Batch(batch)
    assert failure(error.value) == ("UNAVAILABLE", "COMMIT_OUTCOME_UNKNOWN")
    assert "the same request_id" in error.value.details()
    assert stub.Batch(batch).repeated_answer
    assert role_names(postgres) == "admin,editor"


# --- locks ------------------------------------------------------------------------------------------------------------


def test_locked_records_are_left_out_waited_for_or_refused(stub, blog, postgres):
    blog.insert("blog", "Role", [{"name": "editor"}, {"name": "guest"}])
    one_of = 'order_by { field: "id" } page { limit: 1 } lock { strength: LOCK_STRENGTH_UPDATE wait: LOCK_WAIT_%s }'
    first, second = Transaction(stub), Transaction(stub)
    assert names(first.send(get_roles(one_of % "SKIP_LOCKED"))) == ["admin"]
    assert names(second.send(get_roles(one_of % "SKIP_LOCKED"))) == ["editor"]
    failed = second.send(get_roles(one_of % "NOWAIT")).failed
    assert (failed.code, details(failed.details)[0]) == (grpc.StatusCode.ABORTED.value[0], "LOCK_TIMEOUT")
    assert names(second.send(get_roles())) == ["admin", "editor", "guest"]
    second.messages.put(rename_role(1, "second"))
    wait_for(postgres.waiting, "the update waits for the lock")
    first.send(rename_role(1, "first"))
    assert first.commit()
    assert next(second.stream).result.mutation.effects.changed == 1
    assert second.commit()
    assert role_names(postgres) == "editor,guest,second"


def test_exactly_the_records_of_the_page_are_locked(stub, blog, postgres):
    blog.insert("blog", "Role", [{"name": "editor"}, {"name": "guest"}])
    transaction = Transaction(stub)
    page = transaction.send(get_roles('order_by { field: "id" } page { limit: 2 } lock { strength: LOCK_STRENGTH_UPDATE }'))
    assert names(page) == ["admin", "editor"]
    assert page.result.get.has_more
    assert postgres.psql("SELECT string_agg(name, ',') FROM (SELECT name FROM roles FOR UPDATE SKIP LOCKED) free") == "guest"


# --- requests that happen once ----------------------------------------------------------------------------------------


def role_request(name, request_id=""):
    request = pb.InsertRequest(schema="blog", model="Role", request_id=request_id)
    request.data.add().values["name"].text_value = name
    return request


def test_twins_at_once_are_one(stub, postgres):
    answers = []
    with postgres.lock("roles"):
        threads = [threading.Thread(target=lambda: answers.append(stub.Insert(role_request("editor", "once"), timeout=20))) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(postgres.waiting()) == 4, "all of them wait, one for the table and the others for it")
    for thread in threads:
        thread.join()
    assert sorted(answer.repeated_answer for answer in answers) == [False, True, True, True]
    assert len({answer.records[0].values[0].int_value for answer in answers}) == 1
    assert role_names(postgres) == "admin,editor"


def test_serializable_twins_are_one(stub, postgres):
    batch = pb.BatchRequest(schema="blog", isolation=pb.ISOLATION_LEVEL_SERIALIZABLE, request_id="serializable")
    batch.operations.add().insert.CopyFrom(role_request("editor"))
    with postgres.lock("roles"):
        twins = [stub.Batch.future(batch, timeout=20) for _ in range(3)]
        wait_for(lambda: len(postgres.waiting()) == 3, "all of them wait")
    assert sorted(twin.result().repeated_answer for twin in twins) == [False, True, True]
    assert role_names(postgres) == "admin,editor"


def test_a_twin_runs_when_the_first_one_failed(stub, postgres):
    with postgres.lock("roles"):
        first = stub.Insert.future(role_request("editor", "again"), timeout=20)
        wait_for(lambda: len(postgres.waiting()) == 1, "the first one waits")
        second = stub.Insert.future(role_request("editor", "again"), timeout=20)
        wait_for(lambda: len(postgres.waiting()) == 2, "the second one waits for it")
        first.cancel()
        wait_for(lambda: len(postgres.waiting()) == 1, "the first one is gone")
    assert not second.result().repeated_answer
    assert role_names(postgres) == "admin,editor"


def test_the_id_may_be_metadata(stub):
    metadata = [("idempotency-key", "key-1")]
    first, status = stub.Insert.with_call(role_request("editor"), metadata=metadata)
    assert not first.repeated_answer
    assert stub.Insert(role_request("editor"), metadata=metadata).repeated_answer
    assert stub.Insert(role_request("editor", "key-1")).repeated_answer
    for request, reason in [(role_request("guest"), "KEY_REUSED"), (pb.InsertRequest(schema="blog", model="Role", data=role_request("x").data, dry_run=True), "CONFLICTING_INPUT")]:
        with pytest.raises(grpc.RpcError) as error:
            stub.Insert(request, metadata=metadata)
        assert failure(error.value) == ("INVALID_ARGUMENT", reason)


def test_what_is_kept_long_enough_is_forgotten(postgres, start_rowand, connect, blog):
    server = start_rowand("--db-url", postgres.url, "--request-retention", "1ms")
    stub = connect(server)
    postgres.psql("DELETE FROM rowan.requests")
    for number in range(30):
        stub.Insert(role_request(f"role {number}", f"id {number}"))
    assert int(postgres.psql("SELECT count(*) FROM rowan.requests")) < 5
    with pytest.raises(grpc.RpcError) as error:
        stub.Insert(role_request("role 29", "id 29"))
    assert failure(error.value)[1] == "UNIQUE_VIOLATION"


# --- batches ----------------------------------------------------------------------------------------------------------


def test_serializable_batches_are_tried_again(stub, blog, postgres):
    blog.insert("blog", "User", [{"name": f"user {n}", "roleId": 1} for n in range(8)])

    def move(number):
        # Who reads all users and then writes one conflicts with everybody who does the same.
        batch = text_format.Parse(
            'schema: "blog" isolation: ISOLATION_LEVEL_SERIALIZABLE '
            'operations { id: "n" aggregate { model: "User" select { alias: "n" aggregate { function: AGGREGATE_FUNCTION_COUNT } } } } '
            f'operations {{ insert {{ model: "User" data {{ values {{ key: "name" value {{ text_value: "new {number}" }} }} values {{ key: "roleId" value {{ int_value: 1 }} }} }} }} }}',
            pb.BatchRequest())
        counts.append(stub.Batch(batch, timeout=20).results[0].aggregate.records[0].values[0].int_value)

    counts = []
    threads = [threading.Thread(target=move, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # As if they ran one after the other.
    assert sorted(counts) == [8, 9, 10, 11]


def test_a_batch_that_fails_says_where(stub, postgres):
    batch = pb.BatchRequest(schema="blog")
    batch.operations.add().insert.CopyFrom(role_request("editor"))
    batch.operations.add().insert.CopyFrom(role_request("admin"))
    with pytest.raises(grpc.RpcError) as error:
        stub.Batch(batch)
    raw = dict(error.value.trailing_metadata())["grpc-status-details-bin"]
    assert details(raw) == ("UNIQUE_VIOLATION", "operations[1]")
    assert role_names(postgres) == "admin"


def test_a_batch_is_explained_without_running(stub, postgres):
    batch = text_format.Parse(
        'schema: "blog" operations { id: "r" insert { model: "Role" data { values { key: "name" value { text_value: "editor" } } } } } '
        'operations { get { model: "Role" select { fields: "name" } lock { strength: LOCK_STRENGTH_UPDATE } '
        'where { field { field: "id" operator: OPERATOR_EQ value { reference_value: "r.id" } } } } }', pb.BatchRequest())
    plan = stub.Explain(pb.ExplainRequest(batch=batch))
    assert [statement.description for statement in plan.statements] == [
        "operations[0]: allot Role.id", "operations[0]: insert Role", "operations[0]: read back Role", "operations[1]: lock Role", "operations[1]: read back Role"]
    estimate = stub.Explain(pb.ExplainRequest(batch=batch, mode=pb.EXPLAIN_MODE_ESTIMATE))
    assert [statement.sql for statement in estimate.statements] == [statement.sql for statement in plan.statements]
    assert all(statement.postgres_plan.type for statement in estimate.statements)
    with pytest.raises(grpc.RpcError) as error:
        stub.Explain(pb.ExplainRequest(batch=batch, mode=pb.EXPLAIN_MODE_ANALYZE))
    assert failure(error.value) == ("INVALID_ARGUMENT", "CONFLICTING_INPUT")
    assert role_names(postgres) == "admin"


def test_a_batch_of_too_many_operations(stub):
    batch = pb.BatchRequest(schema="blog")
    for number in range(1001):
        batch.operations.add().exists.model = "Role"
    with pytest.raises(grpc.RpcError) as error:
        stub.Batch(batch)
    assert failure(error.value)[1] == "TOO_MANY_NODES"
    del batch.operations[1000:]
    assert len(stub.Batch(batch).results) == 1000
