"""Streams: bounded memory, and no backend that outlives its reader."""

import os
import signal
import subprocess
import sys
import time

import pytest
import rowan
from conftest import ROOT, wait_for

ROWS = 200_000
TREE = {"select": {"id": True, "name": True, "role": {"name": True}, "posts": {"title": True}}}

READER = """
import sys, time
sys.path.insert(0, sys.argv[2])
import rowan
stream = rowan.connect(sys.argv[1]).stream("blog", "User", {"select": {"id": True, "name": True, "posts": {"title": True}}})
next(stream)
print("reading", flush=True)
time.sleep(600)
"""


@pytest.fixture
def many(blog, postgres):
    """Two hundred thousand users with a post each: about 50 MB on the wire."""
    postgres.psql(f"INSERT INTO users (id, name, role_id) SELECT n, repeat('name ', 20), 1 FROM generate_series(1, {ROWS}) n")
    postgres.psql(f"INSERT INTO posts (id, title, user_id) SELECT n, repeat('title ', 20), n FROM generate_series(1, {ROWS}) n")
    return blog


def test_all_rows_arrive_in_order(many):
    stream = many.stream("blog", "User", TREE)
    assert [record["id"] for record in stream] == list(range(1, ROWS + 1))
    assert stream.total == ROWS


def test_a_slow_reader_does_not_fill_the_server(many, shared_rowand):
    before = shared_rowand.memory_mb()
    highest = 0.0
    stream = many.stream("blog", "User", TREE)
    for _ in range(20):
        for _ in range(50):
            next(stream)
        time.sleep(0.1)
        highest = max(highest, shared_rowand.memory_mb())
    stream.close()
    print(f"{before:.0f} MB before, {highest:.0f} MB at most")
    assert highest - before < 100


def test_a_closed_stream_frees_its_backend(many, postgres):
    stream = many.stream("blog", "User", TREE)
    next(stream)
    assert postgres.active() == 1
    stream.close()
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 2)


def test_a_killed_reader_frees_its_backend(many, postgres, shared_rowand):
    reader = subprocess.Popen([sys.executable, "-c", READER, shared_rowand.address, str(ROOT / "clients/python")], stdout=subprocess.PIPE, text=True)
    assert reader.stdout.readline().strip() == "reading"
    assert postgres.active() == 1
    os.kill(reader.pid, signal.SIGKILL)
    reader.wait()
    wait_for(lambda: postgres.active() == 0, "the backend is freed", 5)


@pytest.mark.parametrize("mode, count", [("snapshot", 4), ("keyset", 50)])
def test_slow_streams_do_not_hold_up_reads(many, mode, count):
    """As many as hold all connections of streams, or fifty that hold none."""
    streams = [many.stream("blog", "User", {**TREE, "mode": mode}) for _ in range(count)]
    for stream in streams:
        next(stream)
    for _ in range(100):
        assert many.get("blog", "Role", {"select": {"name": True}}, timeout=2) == [{"name": "admin"}]
    assert all(next(stream)["id"] == 2 for stream in streams)
    for stream in streams:
        stream.close()


def test_a_reader_that_never_reads_is_given_up(many, postgres, start_rowand):
    server = start_rowand("--db-url", postgres.url, "--stream-timeout", "2s")
    with server.client() as client:
        stream = client.stream("blog", "User", TREE)
        next(stream)
        assert postgres.active() == 1
        wait_for(lambda: postgres.active() == 0, "the backend is freed though nobody reads", 10)
        with pytest.raises(rowan.RowanError):
            for _ in stream:
                pass


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_a_snapshot_sees_nothing_of_later_writes(many, postgres, strategy):
    stream = many.stream("blog", "User", {**TREE, "mode": "snapshot", "strategy": strategy})
    next(stream)
    postgres.psql(f"UPDATE users SET name = 'changed' WHERE id > {ROWS - 10}; DELETE FROM posts WHERE user_id > {ROWS - 10}")
    last = list(stream)[-10:]
    assert all(record["name"] != "changed" and len(record["posts"]) == 1 for record in last)


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_pages_of_their_own_see_later_writes_whole(many, postgres, strategy):
    postgres.psql("ANALYZE")
    stream = many.stream("blog", "User", {**TREE, "mode": "keyset", "strategy": strategy})
    next(stream)
    postgres.psql(f"BEGIN; UPDATE users SET name = 'changed' WHERE id > {ROWS - 10}; DELETE FROM posts WHERE user_id > {ROWS - 10}; COMMIT")
    records = list(stream)
    assert len(records) == ROWS - 1
    assert all(record["name"] == "changed" and record["posts"] == [] for record in records[-10:])


def test_pages_of_their_own_hold_no_connection(many, postgres):
    postgres.psql("ANALYZE")
    streams = [many.stream("blog", "User", {**TREE, "mode": "keyset"}) for _ in range(20)]
    for stream in streams:
        next(stream)
    wait_for(lambda: postgres.active() == 0, "twenty readers think, and nothing runs", 10)
    assert next(streams[-1])["id"] == 2
    for stream in streams:
        stream.close()


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stalled_reader_is_told_and_goes_on_where_it_was(many, postgres, start_rowand, mode):
    postgres.psql("ANALYZE")
    server = start_rowand("--db-url", postgres.url, "--stream-stall-timeout", "500ms")
    with server.client() as client:
        stream = client.stream("blog", "User", {**TREE, "mode": mode}, resume_attempts=0)
        seen = [next(stream)["id"]]
        wait_for(lambda: server.log().count('"STREAM_STALLED"') + server.log().count("reason=STREAM_STALLED"), "the stream is given up", 10)
        assert postgres.active() == 0
        with pytest.raises(rowan.RowanError) as stalled:
            for record in stream:
                seen.append(record["id"])
        assert stalled.value.reason == "STREAM_STALLED"
        rest = client.stream("blog", "User", {**TREE, "mode": mode, "resume_token": stream.resume_token})
        assert seen + [record["id"] for record in rest] == list(range(1, ROWS + 1))


def test_a_resumed_stream_keeps_its_limit(many):
    whole = {**TREE, "limit": 1000, "offset": 5}
    stream = many.stream("blog", "User", whole)
    first, token = [], None
    for record in stream:
        first.append(record["id"])
        # The token moves on with the last record of a batch.
        if len(first) > 300 and stream.resume_token != token:
            break
        token = stream.resume_token
    token = stream.resume_token
    stream.close()
    rest = [record["id"] for record in many.stream("blog", "User", {**whole, "resume_token": token})]
    assert first + rest == list(range(6, 1006))


def test_a_token_of_another_stream_is_refused(many):
    token = many.get("blog", "User", {"select": {"id": True}, "limit": 1}).end_cursor
    assert next(many.stream("blog", "User", {**TREE, "resume_token": token}))["id"] == 2
    with pytest.raises(rowan.RowanError) as refused:
        list(many.stream("blog", "User", {**TREE, "where": {"id": 1}, "resume_token": token}))
    assert refused.value.reason == "CURSOR_MISMATCH"


def test_only_a_record_that_is_named_by_a_key_has_no_cursors(many):
    page = many.get("blog", "User", {"select": {"id": True}, "where": {"id": 7}})
    assert (page, page.has_more, page.start_cursor, page.end_cursor) == ([{"id": 7}], False, None, None)
    page = many.get("blog", "User", {"select": {"id": True}, "where": {"id": {"in": [7]}}})
    assert page == [{"id": 7}] and page.start_cursor and page.end_cursor
    stream = many.stream("blog", "User", {"select": {"id": True}, "where": {"id": 7}})
    assert list(stream) == [{"id": 7}]
    rest = many.stream("blog", "User", {"select": {"id": True}, "where": {"id": 7}, "resume_token": stream.resume_token})
    assert list(rest) == []
