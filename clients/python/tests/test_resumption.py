"""Streams that break off: nothing is lost, nothing comes twice, and attempts come to an end."""

import concurrent.futures
import datetime
import threading
import time

import grpc
import pytest
from answers import fail
from relay import Relay

import rowan
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import result_pb2
from rowan.errors import error_details_pb2

READ = {"select": {"n": True}}
SHAPE = service.StreamResponse(shape=result_pb2.Shape(fields=[{"name": "n"}]))
LOST = fail(grpc.StatusCode.UNAVAILABLE, "the connection is gone")
STALLED = fail(
    grpc.StatusCode.ABORTED,
    "nobody takes the next message",
    error_details_pb2.ErrorInfo(reason="STREAM_STALLED", domain="rowan", metadata={"seconds": "60"}),
)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr("rowan.stream.FIRST_WAIT", 0.01)
    monkeypatch.setattr("rowan.stream.LONGEST_WAIT", 0.02)


def counting(count, size, breaks=()):
    """Returns an answer that streams the numbers from 1 to `count` in batches, and tokens that are the numbers.

    Args:
        count: how many records there are.
        size: how many a batch has.
        breaks: how each call breaks off, in their order: after how many messages, and by which answer. Further calls do
            not break off.
    """
    left = list(breaks)

    def messages(first):
        yield SHAPE
        for start in range(first, count + 1, size):
            numbers = range(start, min(start + size, count + 1))
            records = [result_pb2.Record(values=[{"int_value": number}]) for number in numbers]
            yield service.StreamResponse(batch=service.RecordBatch(records=records, resume_token=str(numbers[-1])))
        totals = service.StreamTotals(records=max(0, count + 1 - first), resume_token=str(count) if count else "")
        yield service.StreamResponse(totals=totals)

    def answer(request, context):
        after, end = left.pop(0) if left else (None, None)
        for number, message in enumerate(messages(int(request.resume_token or 0) + 1)):
            if number == after:
                end(request, context)
            yield message

    return answer


def numbers(stream):
    return [record["n"] for record in stream]


def tokens(server):
    return [request.resume_token for _, request, _, _ in server.calls]


@pytest.mark.parametrize("how", [LOST, STALLED], ids=["lost", "stalled"])
@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_a_stream_goes_on_wherever_it_broke_off(server, client, how, after):
    server.answers["Stream"] = counting(10, 3, [(after, how)])
    stream = client.stream("blog", "N", READ)
    assert numbers(stream) == list(range(1, 11))
    assert (stream.total, stream.resumptions, stream.resume_token) == (10, 1, "10")
    assert tokens(server) == ["", {1: "", 2: "3", 3: "6", 4: "9", 5: "10"}[after]]


@pytest.mark.parametrize("count, size", [(0, 1), (1, 1), (7, 7), (7, 1)])
def test_a_stream_of_any_size_goes_on(server, client, count, size):
    server.answers["Stream"] = counting(count, size, [(1, LOST)])
    stream = client.stream("blog", "N", READ)
    assert numbers(stream) == list(range(1, count + 1))
    assert (stream.total, stream.resumptions) == (count, 1)


def test_progress_allows_further_attempts(server, client):
    server.answers["Stream"] = counting(50, 1, [(2, LOST), (1, LOST), (2, STALLED)] * 15)
    stream = client.stream("blog", "N", READ, resume_attempts=2)
    assert numbers(stream) == list(range(1, 51))
    assert stream.resumptions == 45


def test_a_resumption_is_the_same_request_with_a_token(server):
    server.answers["Stream"] = counting(4, 2, [(2, LOST)])
    authorizations = iter(["Bearer 1", "Bearer 2"])
    with rowan.connect(server.address, authorization=lambda: next(authorizations)) as client:
        read = {**READ, "where": {"n": {"gt": 0}}, "limit": 4, "mode": "keyset"}
        assert numbers(client.stream("blog", "N", read, request_id="mine")) == [1, 2, 3, 4]
    (_, first, first_headers, _), (_, second, second_headers, _) = server.calls
    second.resume_token = ""
    assert first == second and first.mode == service.STREAM_MODE_KEYSET and first.page.limit == 4
    assert (first_headers["x-request-id"], second_headers["x-request-id"]) == ("mine", "mine")
    assert (first_headers["authorization"], second_headers["authorization"]) == ("Bearer 1", "Bearer 2")


def test_a_stream_begins_after_the_token_of_its_document(server, client):
    server.answers["Stream"] = counting(9, 2, [(1, LOST), (2, LOST)])
    stream = client.stream("blog", "N", {**READ, "resume_token": "4"})
    assert numbers(stream) == [5, 6, 7, 8, 9]
    assert tokens(server) == ["4", "4", "6"] and stream.total == 5


def test_the_token_never_runs_ahead_of_the_reader(server, client):
    server.answers["Stream"] = counting(5, 2)
    stream = client.stream("blog", "N", READ)
    assert stream.resume_token is None
    seen = []
    for record in stream:
        seen.append((record["n"], stream.resume_token))
    assert seen == [(1, None), (2, "2"), (3, "2"), (4, "4"), (5, "5")]
    for number, token in seen:
        rest = numbers(client.stream("blog", "N", {**READ, "resume_token": token}))
        assert rest == list(range(int(token or 0) + 1, 6)) and (number + 1 in rest or number == 5)


def test_a_connection_that_is_cut_is_made_again(server):
    reading = threading.Event()
    with Relay(server.address) as relay, rowan.connect(relay.address) as client:

        def cut(_request, context):
            assert reading.wait(10)
            ended = threading.Event()
            context.add_callback(ended.set)
            relay.cut()
            assert ended.wait(10)

        server.answers["Stream"] = counting(40, 4, [(3, cut), (5, cut), (4, cut)])
        stream = client.stream("blog", "N", READ, timeout=60)
        found = [next(stream)["n"] for _ in range(2)]
        reading.set()
        found += numbers(stream)
    assert found == list(range(1, 41))
    assert stream.total == 40 and stream.resumptions > 0


# --- what does not go on ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempts", [0, 1, 3])
def test_attempts_without_a_record_are_bounded(server, client, attempts):
    server.answers["Stream"] = counting(9, 3, [(2, LOST)] + [(1, LOST)] * 100)
    stream = client.stream("blog", "N", READ, resume_attempts=attempts)
    assert [next(stream)["n"] for _ in range(3)] == [1, 2, 3]
    with pytest.raises(rowan.UnavailableError, match="gone"):
        next(stream)
    assert len(server.calls) == 1 + attempts and stream.resumptions == attempts
    assert list(stream) == [] and stream.total is None and stream.resume_token == "3"


def test_a_stall_is_an_error_when_resuming_is_off(server, client):
    server.answers["Stream"] = counting(9, 3, [(2, STALLED)])
    stream = client.stream("blog", "N", READ, resume_attempts=0)
    with pytest.raises(rowan.AbortedError) as caught:
        numbers(stream)
    assert caught.value.reason == "STREAM_STALLED" and stream.resume_token == "3"
    assert numbers(client.stream("blog", "N", {**READ, "resume_token": stream.resume_token})) == [4, 5, 6, 7, 8, 9]


def test_a_token_that_is_refused_ends_the_stream(server, client):
    refused = fail(
        grpc.StatusCode.INVALID_ARGUMENT,
        "the schema has changed",
        error_details_pb2.ErrorInfo(reason="CURSOR_MISMATCH", domain="rowan", metadata={"path": "resume_token"}),
    )
    server.answers["Stream"] = counting(9, 3, [(3, LOST), (0, refused)])
    stream = client.stream("blog", "N", READ)
    assert [next(stream)["n"] for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        next(stream)
    assert (caught.value.reason, caught.value.path) == ("CURSOR_MISMATCH", "resume_token")
    assert tokens(server) == ["", "6"] and stream.resumptions == 1


OTHER_ENDS = [
    fail(
        grpc.StatusCode.ABORTED, "m", error_details_pb2.ErrorInfo(reason="TRANSACTION_CONFLICT", domain="rowan")
    ),
    fail(grpc.StatusCode.ABORTED, "m", error_details_pb2.ErrorInfo(reason="STREAM_STALLED", domain="proxy.example")),
    fail(grpc.StatusCode.INTERNAL, "m"),
    fail(grpc.StatusCode.CANCELLED, "m"),
    fail(grpc.StatusCode.DEADLINE_EXCEEDED, "m"),
]


@pytest.mark.parametrize("end", OTHER_ENDS)
def test_other_errors_end_the_stream(server, client, end):
    server.answers["Stream"] = counting(9, 3, [(2, end)])
    stream = client.stream("blog", "N", READ)
    assert [next(stream)["n"] for _ in range(3)] == [1, 2, 3]
    with pytest.raises(rowan.RowanError, match="m"):
        next(stream)
    assert len(server.calls) == 1 and stream.resumptions == 0


def test_a_stream_that_never_began_is_not_resumed():
    with rowan.connect("127.0.0.1:1") as client:
        stream = client.stream("blog", "N", READ, timeout=20)
        with pytest.raises(rowan.UnavailableError):
            next(stream)
        assert stream.resumptions == 0


def test_records_that_did_not_arrive_are_an_error(server, client):
    def answer(_request, _context):
        yield SHAPE
        yield service.StreamResponse(totals=service.StreamTotals(records=1, batches=1))

    server.answers["Stream"] = answer
    with pytest.raises(rowan.DataLossError, match="sent 1 records, 0 of which arrived"):
        numbers(client.stream("blog", "N", READ))


def test_the_timeout_is_for_the_stream_as_a_whole(server, client):
    server.answers["Stream"] = counting(9, 3, [(1, LOST)] * 100_000)
    began = time.monotonic()
    with pytest.raises(rowan.DeadlineExceededError):
        numbers(client.stream("blog", "N", READ, timeout=1, resume_attempts=100_000))
    assert time.monotonic() - began < 10
    remaining = [remaining for _, _, _, remaining in server.calls]
    assert remaining[0] > remaining[-1] and all(left <= 1.1 for left in remaining)


def test_a_wait_ends_with_the_timeout(server, client):
    later = error_details_pb2.RetryInfo()
    later.retry_delay.FromTimedelta(datetime.timedelta(hours=1))
    server.answers["Stream"] = counting(9, 3, [(2, fail(grpc.StatusCode.UNAVAILABLE, "later", later))])
    stream = client.stream("blog", "N", READ, timeout=1)
    with pytest.raises(rowan.DeadlineExceededError):
        numbers(stream)


def test_closing_ends_a_wait(server, client):
    later = error_details_pb2.RetryInfo()
    later.retry_delay.FromTimedelta(datetime.timedelta(hours=1))
    broke = threading.Event()

    def end(request, context):
        broke.set()
        fail(grpc.StatusCode.UNAVAILABLE, "later", later)(request, context)

    server.answers["Stream"] = counting(9, 3, [(2, end)])
    stream = client.stream("blog", "N", READ)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        found = pool.submit(numbers, stream)
        assert broke.wait(10)
        stream.close()
        assert set(found.result(10)) <= {1, 2, 3}
    assert len(server.calls) == 1
