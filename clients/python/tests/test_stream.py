"""Streams against a server that answers as the tests say: batches, ends, lost connections and what follows them."""

import concurrent.futures
import threading
import time

import grpc
import pytest
from answers import ALICE_DICT, BATCH, BOB_DICT, READ, SHAPE, TOTALS, endless, fail, streaming, unavailable_times

import rowan
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import result_pb2


def test_a_stream_gives_the_records_of_all_batches(server, client):
    server.answers["Stream"] = streaming(SHAPE, BATCH, BATCH, TOTALS)
    stream = client.stream("blog", "User", READ)
    assert stream.total is None
    assert list(stream) == [ALICE_DICT, BOB_DICT] * 2
    assert stream.total == 4 and list(stream) == []


def test_a_stream_of_nothing_ends(server, client):
    server.answers["Stream"] = streaming(SHAPE, service.StreamResponse(totals=service.StreamTotals()))
    assert list(client.stream("blog", "User", READ)) == []


def test_a_stream_without_totals_is_an_error_after_its_records(server, client):
    server.answers["Stream"] = streaming(SHAPE, BATCH)
    stream = client.stream("blog", "User", READ)
    assert [next(stream), next(stream)] == [ALICE_DICT, BOB_DICT]
    with pytest.raises(rowan.DataLossError, match="totals"):
        next(stream)
    assert list(stream) == []


def test_an_error_in_the_middle_of_a_stream_comes_after_its_records(server, client):
    server.answers["Stream"] = streaming(SHAPE, BATCH, then=fail(grpc.StatusCode.UNAVAILABLE, "gone"))
    stream = client.stream("blog", "User", READ)
    assert [next(stream), next(stream)] == [ALICE_DICT, BOB_DICT]
    with pytest.raises(rowan.UnavailableError, match="gone"):
        next(stream)
    assert list(stream) == []
    assert len(server.calls) == 1


@pytest.mark.parametrize("leave", ["close", "with", "forget"])
def test_leaving_a_stream_cancels_the_call(server, client, leave):
    ended = threading.Event()
    server.answers["Stream"], _ = endless(ended, BATCH)
    stream = client.stream("blog", "User", READ)
    assert next(stream) == ALICE_DICT
    if leave == "close":
        stream.close()
        stream.close()
        assert list(stream) == []
    elif leave == "with":
        with stream:
            pass
    del stream
    assert ended.wait(5)


def test_a_stream_is_fetched_as_it_is_read(server, client):
    ended = threading.Event()
    large = result_pb2.Record(values=[{"int_value": 1}, {"text_value": "x" * 64_000}], related=[{}, {}])
    server.answers["Stream"], sent = endless(ended, service.StreamResponse(batch=service.RecordBatch(records=[large])))
    with client.stream("blog", "User", READ) as stream:
        next(stream)
        time.sleep(0.5)
        before = sent[0]
        time.sleep(0.5)
        assert sent[0] - before <= 1, "the server goes on sending though nobody reads"
        assert before * 64_000 < 16 * 2**20
    assert ended.wait(5)


def test_closing_from_another_thread_ends_the_iteration(server, client):
    waiting = threading.Event()

    def answer(_request, context):
        yield SHAPE
        while context.is_active():
            time.sleep(0.02)

    server.answers["Stream"] = answer
    stream = client.stream("blog", "User", READ)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        rest = pool.submit(lambda: (waiting.set(), list(stream))[1])
        waiting.wait(5)
        time.sleep(0.1)
        stream.close()
        assert rest.result(5) == []


def test_a_stream_that_has_not_begun_is_sent_again(server, client):
    server.answers["Stream"] = unavailable_times(2, streaming(SHAPE, BATCH, BATCH, TOTALS))
    assert len(list(client.stream("blog", "User", READ))) == 4
    assert len(server.calls) == 3
