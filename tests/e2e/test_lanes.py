"""Reads that share connections: what befalls one of them, or its connection, never reaches the others."""

import queue
import random
import re
import threading
import time
import urllib.request

import grpc
import pytest
from conftest import Postgres, Rowand, wait_for
from rowan import document, errors, results
from rowan._generated.rowan.v1 import data_service_pb2_grpc

IN_FLIGHT = 100
ROWS = 500
SHELF = {
    "schema": "shelf",
    "database_schema": "shelf",
    "models": {
        "Book": {
            "table": "books",
            "fields": {"id": {"type": "int32", "primary": True}, "title": "text"},
            "relations": {"shelf": {"belongs_to": "Shelf"}},
        },
        "Shelf": {"table": "shelves", "fields": {"id": {"type": "int32", "primary": True}, "room": "text"}},
        "Loan": {"table": "loans", "fields": {"id": {"type": "int32", "primary": True}, "reader": "text"}},
    },
}


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module", params=[0, 1, 2], ids=lambda count: f"{count} lanes")
def rowand(postgres, request):
    """A server with so many lanes, its data in place."""
    server = Rowand("--db-url", postgres.url, "--db-lanes", str(request.param))
    with server.client() as client:
        client.apply_schema(SHELF)
    postgres.psql(f"""
        TRUNCATE shelf.books, shelf.shelves, shelf.loans;
        INSERT INTO shelf.shelves SELECT n, 'room ' || n FROM generate_series(0, 9) n;
        INSERT INTO shelf.books SELECT n, 'title ' || n, n % 10 FROM generate_series(1, {ROWS}) n;
        INSERT INTO shelf.loans SELECT n, 'reader ' || n FROM generate_series(1, {ROWS}) n;
        ANALYZE shelf.books, shelf.shelves, shelf.loans""")
    server.lanes = request.param
    yield server
    assert server.stop() == 0


@pytest.fixture
def stub(rowand):
    with grpc.insecure_channel(rowand.address) as channel:
        yield data_service_pb2_grpc.DataServiceStub(channel)


def book(key):
    """A read that lanes take: one record by its key, with its relation."""
    return document.read_request("shelf", "Book", {"select": {"title": True, "shelf": {"room": True}}, "where": {"id": key}})


def loan(key):
    return document.read_request("shelf", "Loan", {"select": {"reader": True}, "where": {"id": key}})


def books_of(response):
    """What an answer says of books; nothing where it has no record."""
    return [(record["title"], record["shelf"]["room"]) for record in results.page(response)]


def right_answer(key):
    return [(f"title {key}", f"room {key % 10}")] if key <= ROWS else []


def any_key():
    """The key of a book; now and then one that none has."""
    return random.randrange(1, ROWS + 20)


def lane_count(rowand, kind, result):
    """How many reads or inserts the lanes answered, or did not."""
    port = re.search(r'"admin":"(\d+)"', rowand.log()).group(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return int(re.search(rf'^rowan_db_lane_{kind}_total{{result="{result}"}} (\d+)', answer.read().decode(), re.M).group(1))


def keep_reading(stub, seconds, each=lambda call: None):
    """Keeps 100 reads of books in flight; yields the key and the call of each as it ends. `each` gets every call that begins."""
    ended = queue.Queue()

    def begin():
        key = any_key()
        call = stub.Get.future(book(key), timeout=30)
        call.add_done_callback(lambda call: ended.put((key, call)))
        each(call)

    until = time.monotonic() + seconds
    for _ in range(IN_FLIGHT):
        begin()
    left = IN_FLIGHT
    while left > 0:
        yield ended.get(timeout=60)
        left -= 1
        if time.monotonic() < until:
            begin()
            left += 1


class During:
    """Does something again and again, on a thread, while it is entered; tells how often in `times`, and what went wrong."""

    def __init__(self, work, pause):
        self.work, self.pause, self.times, self.failed = work, pause, 0, None
        self._stop = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self):
        try:
            while not self._stop.wait(self.pause):
                self.work()
                self.times += 1
        except Exception as error:  # raised where it is waited for
            self.failed = error

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        if self.failed:
            raise self.failed


def answered_rightly(stub):
    """Whether reads are answered as ever once the trouble is over."""
    return all(not call.exception() and books_of(call.result()) == right_answer(key) for key, call in keep_reading(stub, 0.2))


def test_reads_share_round_trips(rowand, stub):
    answered = lane_count(rowand, "reads", "answered")
    ends = list(keep_reading(stub, 1))
    assert all(books_of(call.result()) == right_answer(key) for key, call in ends)
    assert (lane_count(rowand, "reads", "answered") - answered > len(ends) / 2) is (rowand.lanes > 0)


@pytest.mark.parametrize("size, shared", [(32_000, True), (33_000, False)], ids=["small", "large"])
def test_a_large_request_is_left_to_a_worker(postgres, rowand, stub, size, shared):
    """To begin one takes a while, and those who wait for gRPC's thread are not to notice."""
    reads, inserts = lane_count(rowand, "reads", "answered"), lane_count(rowand, "inserts", "answered")
    read = stub.Get(document.read_request("shelf", "Loan", {"select": {"id": True}, "where": {"id": 7, "reader": {"in": ["reader 7", "x" * size]}}}))
    key = random.randrange(10**6, 10**9)
    stub.Insert(document.insert_request("shelf", "Loan", {"id": key, "reader": "y" * size}), timeout=30)
    assert [record["id"] for record in results.page(read)] == [7]
    assert postgres.psql(f"SELECT length(reader) FROM shelf.loans WHERE id = {key}") == str(size)
    on_lanes = 1 if shared and rowand.lanes > 0 else 0
    assert lane_count(rowand, "reads", "answered") - reads == on_lanes
    assert lane_count(rowand, "inserts", "answered") - inserts == on_lanes


def test_killed_backends_cost_at_most_an_answer(postgres, rowand, stub):
    def kill():
        postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")

    answers, refusals = 0, 0
    with During(kill, 0.5) as killing:
        for key, call in keep_reading(stub, 4):
            error = call.exception()
            if error is None:
                assert books_of(call.result()) == right_answer(key)
                answers += 1
            else:  # both of its tries met a connection that was being killed
                assert error.code() is grpc.StatusCode.UNAVAILABLE, error
                refusals += 1
    assert killing.times >= 2
    assert refusals < answers / 2
    wait_for(lambda: answered_rightly(stub), "all are answered as soon as connections are left alone")


def test_an_error_stays_with_its_read(postgres, rowand, stub):
    postgres.psql("ALTER TABLE shelf.loans RENAME COLUMN reader TO lender")  # behind the server's back
    try:
        refused = []

        def read_a_loan():
            with pytest.raises(grpc.RpcError) as error:
                stub.Get(loan(random.randrange(1, ROWS)), timeout=30)
            refused.append(errors.from_call(error.value, "id"))

        with During(read_a_loan, 0.001):
            for key, call in keep_reading(stub, 2):
                assert books_of(call.result()) == right_answer(key)
        assert len(refused) >= 3
        assert {(error.code, error.reason) for error in refused} == {(grpc.StatusCode.FAILED_PRECONDITION, "SCHEMA_DRIFT")}
        assert all("reader" not in str(error) or "lender" not in str(error) for error in refused)  # no text of the driver
    finally:
        postgres.psql("ALTER TABLE shelf.loans RENAME COLUMN lender TO reader")
    assert results.page(stub.Get(loan(7), timeout=30)) == [{"reader": "reader 7"}]


def test_cancelling_one_leaves_the_others(rowand, stub):
    def cancel_some(call):
        if random.random() < 0.3:
            threading.Timer(random.random() * 0.01, call.cancel).start()

    cancelled, answers = 0, 0
    for key, call in keep_reading(stub, 3, cancel_some):
        if call.cancelled():
            cancelled += 1
        else:
            assert books_of(call.result()) == right_answer(key)
            answers += 1
    assert cancelled >= 3 and answers >= 3
    assert answered_rightly(stub)


def test_deadlines_that_pass_leave_the_others(rowand, stub):
    codes = []

    def read_in_no_time():
        call = stub.Get.future(loan(1), timeout=0.00001)
        codes.append(call.code())

    with During(read_in_no_time, 0.002):
        for key, call in keep_reading(stub, 2):
            assert books_of(call.result()) == right_answer(key)
    assert codes.count(grpc.StatusCode.DEADLINE_EXCEEDED) >= 3
    assert set(codes) <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.OK}  # it may be that quick


def test_a_read_that_waits_for_a_lock_keeps_nobody_waiting(postgres, rowand, stub):
    """It would hold its lane for as long as the lock is held; it is taken to a connection of its own instead."""
    with postgres.lock("shelf.loans"):
        waiting = [stub.Get.future(loan(key), timeout=30) for key in (1, 2)]
        answered = [books_of(call.result()) == right_answer(key) for key, call in keep_reading(stub, 1.5)]
        assert len(answered) > IN_FLIGHT and all(answered)
        assert not any(call.done() for call in waiting)
    assert [results.page(call.result()) for call in waiting] == [[{"reader": "reader 1"}], [{"reader": "reader 2"}]]


# --- inserts ----------------------------------------------------------------------------------------------------------


def keep_inserting(stub, seconds, each=lambda call: None):
    """Keeps 50 inserts of loans with keys of their own in flight; returns the keys by what became of them: "written", or the error's code."""
    ended, keys = queue.Queue(), iter(range(random.randrange(10**6, 10**9), 2**31))
    became = {}

    def begin():
        key = next(keys)
        call = stub.Insert.future(document.insert_request("shelf", "Loan", {"id": key, "reader": f"reader {key}"}), timeout=30)
        call.add_done_callback(lambda call: ended.put((key, call)))
        each(call)

    until = time.monotonic() + seconds
    for _ in range(50):
        begin()
    left = 50
    while left > 0:
        key, call = ended.get(timeout=60)
        became.setdefault("cancelled" if call.cancelled() else call.code().name if call.exception() else "written", set()).add(key)
        left -= 1
        if time.monotonic() < until:
            begin()
            left += 1
    return became


def written_of(postgres, keys):
    """Which of the keys are there. The primary key sees to it that none is there twice."""
    there = {int(key) for key in postgres.psql("SELECT id FROM shelf.loans").split()}
    return there & keys


def test_inserts_share_round_trips(postgres, rowand, stub):
    became = keep_inserting(stub, 1)
    assert set(became) == {"written"} and written_of(postgres, became["written"]) == became["written"]


def test_an_insert_that_is_refused_leaves_the_others(postgres, rowand, stub):
    refused = []

    def insert_again():
        with pytest.raises(grpc.RpcError) as error:
            stub.Insert(document.insert_request("shelf", "Loan", {"id": 1, "reader": "again"}), timeout=30)
        refused.append(errors.from_call(error.value, "id").reason)

    with During(insert_again, 0.002):
        became = keep_inserting(stub, 2)
    assert len(refused) >= 3 and set(refused) == {"UNIQUE_VIOLATION"}
    assert set(became) == {"written"} and written_of(postgres, became["written"]) == became["written"]
    assert postgres.psql("SELECT reader FROM shelf.loans WHERE id = 1") == "reader 1"


def test_an_insert_that_waits_for_a_lock_keeps_nobody_waiting_for_long(postgres, rowand, stub):
    with postgres.lock("shelf.shelves"):
        waiting = stub.Insert.future(document.insert_request("shelf", "Shelf", {"id": random.randrange(10**6, 10**9), "room": "late"}), timeout=30)
        became = keep_inserting(stub, 1)
        assert len(became["written"]) > 50 and set(became) == {"written"}
        assert not waiting.done()
    assert waiting.result().effects.matched == 1


def test_killed_backends_write_what_was_answered_and_nothing_twice(postgres, rowand, stub):
    def kill():
        postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'")

    with During(kill, 0.3) as killing:
        became = keep_inserting(stub, 3)
    assert killing.times >= 2
    assert set(became) <= {"written", "UNAVAILABLE"} and len(became["written"]) > 50
    assert written_of(postgres, became["written"]) == became["written"]


def test_cancelled_inserts_leave_the_others(postgres, rowand, stub):
    def cancel_some(call):
        if random.random() < 0.3:
            threading.Timer(random.random() * 0.01, call.cancel).start()

    became = keep_inserting(stub, 2, cancel_some)
    assert set(became) <= {"written", "cancelled"} and len(became["cancelled"]) >= 3
    assert written_of(postgres, became["written"]) == became["written"]
    assert written_of(postgres, became["cancelled"]) <= became["cancelled"]


def test_a_server_that_stops_answers_what_it_took(postgres, rowand):
    server = Rowand("--db-url", postgres.url, "--db-lanes", str(rowand.lanes), "--db-pool-size", "10")
    keys = range(ROWS - 4, ROWS + 6)
    with grpc.insecure_channel(server.address) as channel:
        stub = data_service_pb2_grpc.DataServiceStub(channel)
        with postgres.lock("shelf.books"):
            calls = [stub.Get.future(book(key), timeout=30) for key in keys]
            wait_for(lambda: len(postgres.waiting()) == len(keys), "all of them wait, each on a connection of its own")
            server.process.terminate()
            wait_for(lambda: "draining" in server.log(), "rowand drains")
        assert [books_of(call.result()) for call in calls] == [right_answer(key) for key in keys]
    assert server.process.wait(30) == 0
