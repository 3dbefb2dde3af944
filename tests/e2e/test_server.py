"""The server as its clients and operators see it."""

import concurrent.futures
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
import rowan
from conftest import BLOG, Rowand, wait_for


def raw_call(address, method, request, stream=False):
    """Calls a method with bytes, as any client could."""
    with grpc.insecure_channel(address) as channel:
        if stream:
            return next(channel.stream_stream(method)(iter([request]), timeout=5))
        return channel.unary_unary(method)(request, timeout=5)


def test_health(shared_rowand):
    serving = b"\x08\x01"
    for service in ("", "rowan.v1.DataService", "rowan.v1.SchemaService"):
        name = service.encode()
        request = b"\x0a" + bytes([len(name)]) + name if name else b""
        assert raw_call(shared_rowand.address, "/grpc.health.v1.Health/Check", request) == serving


def test_reflection_lists_the_services(shared_rowand):
    answer = raw_call(shared_rowand.address, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", b"\x3a\x00", stream=True)
    assert b"rowan.v1.DataService" in answer and b"rowan.v1.SchemaService" in answer


def test_request_ids_are_echoed_or_made(blog, shared_rowand):
    with pytest.raises(rowan.RowanError) as error:
        blog.get("blog", "Nothing", {"select": {"id": True}}, request_id="my-own-id")
    assert error.value.request_id == "my-own-id"
    wait_for(lambda: '"request_id":"my-own-id"' in shared_rowand.log(), "the call in the log")


def test_logs_hold_no_values(blog, shared_rowand):
    blog.insert("blog", "Role", {"name": "a-secret-value"})
    with pytest.raises(rowan.RowanError) as error:
        blog.insert("blog", "Role", {"name": "a-secret-value"})
    assert error.value.reason == "UNIQUE_VIOLATION"
    wait_for(lambda: "UNIQUE_VIOLATION" in shared_rowand.log(), "the call in the log")
    assert "a-secret-value" not in shared_rowand.log()
    assert "a-secret-value" not in str(error.value)


def test_admin_port(shared_rowand, blog):
    port = re.search(r'"admin":"(\d+)"', shared_rowand.log()).group(1)
    for path, expected in (("livez", "ok"), ("readyz", "ready"), ("metrics", "rowan_rpc_duration_seconds_count")):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            assert expected in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing", timeout=5)


def test_deadlines_reach_postgresql(blog, postgres):
    with postgres.lock("users"):
        begun = time.monotonic()
        with pytest.raises(rowan.RowanError) as error:
            blog.get("blog", "User", {"select": {"id": True}}, timeout=0.5)
        assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
        assert time.monotonic() - begun < 5
        wait_for(lambda: not postgres.waiting(), "the backend stops at the deadline", 5)


def test_a_write_past_its_deadline_leaves_nothing(blog, postgres):
    with postgres.lock("posts"):
        with pytest.raises(rowan.RowanError) as error:
            blog.insert("blog", "User", {"name": "late", "role": {"connect": 1}, "posts": {"create": [{"title": "t"}]}}, timeout=0.5)
        assert error.value.code == grpc.StatusCode.DEADLINE_EXCEEDED
        wait_for(lambda: not postgres.waiting(), "the backend stops at the deadline", 5)
    assert blog.get("blog", "User", {"select": {"id": True}}) == []


def test_cancelling_frees_the_backend(blog, postgres, shared_rowand):
    import rowan._generated.rowan.v1.data_service_pb2 as messages
    import rowan._generated.rowan.v1.data_service_pb2_grpc as stubs

    with grpc.insecure_channel(shared_rowand.address) as channel, postgres.lock("users"):
        request = messages.GetRequest(schema="blog", model="User", select={"fields": ["id"]})
        call = stubs.DataServiceStub(channel).Get.future(request)
        wait_for(postgres.waiting, "the read waits for the lock")
        cancelled = time.monotonic()
        call.cancel()
        wait_for(lambda: not postgres.waiting(), "the backend is freed", 2)
        print(f"freed after {(time.monotonic() - cancelled) * 1000:.0f} ms")


def test_a_full_pool_refuses_with_advice(blog, postgres):
    """Four connections wait for a lock; the fifth call gets none."""
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        with postgres.lock("users"):
            calls = [threads.submit(blog.get, "blog", "User", {"select": {"id": True}}, timeout=10) for _ in range(4)]
            wait_for(lambda: len(postgres.waiting()) == 4, "all connections wait")
            with pytest.raises(rowan.RowanError) as error:
                blog.get("blog", "Role", {"select": {"id": True}}, timeout=10)
            assert error.value.code == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert error.value.reason == "POOL_EXHAUSTED"
            assert error.value.retry_delay is not None
            # Streams have connections of their own.
            assert len(list(blog.stream("blog", "Role", {"select": {"id": True}}))) == 1
        for call in calls:
            assert call.result() == []


def test_a_backend_killed_within_a_nested_insert_leaves_nothing(blog, postgres):
    """At each of its tables in turn: the lock stops the insert there, and the backend dies while it waits."""
    for table in ("roles", "users", "profiles", "posts", "post_tags"):
        blog.insert("blog", "Tag", {"name": f"tag of {table}"})
        with postgres.lock(table), concurrent.futures.ThreadPoolExecutor(1) as threads:
            call = threads.submit(blog.insert, "blog", "User", {
                "name": "x", "role": {"connect": 1}, "profile": {"create": {"bio": "b"}},
                "posts": {"create": [{"title": "t", "tags": {"create": [{"name": f"new at {table}"}]}}]}})
            wait_for(postgres.waiting, f"the insert waits at {table}")
            while not call.done():  # on a lane first, and then on a connection of its own
                postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rowand' AND wait_event_type = 'Lock'")
                time.sleep(0.05)
            with pytest.raises(rowan.RowanError) as error:
                call.result()
            assert error.value.code == grpc.StatusCode.UNAVAILABLE, table
        counts = postgres.psql("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM profiles), (SELECT count(*) FROM posts), (SELECT count(*) FROM post_tags)")
        assert counts == "0|0|0|0", table
    assert blog.insert("blog", "User", {"name": "y", "role": {"connect": 1}}).effects["changed"] == 1


def test_a_crashed_postgresql_is_survived(own_postgres, start_rowand):
    server = start_rowand("--db-url", own_postgres.url)
    with server.client() as client:
        client.apply_schema(BLOG)
        client.insert("blog", "Role", {"name": "admin"})
        own_postgres.kill()
        with pytest.raises(rowan.RowanError) as error:
            client.get("blog", "Role", {"select": {"name": True}})
        assert error.value.code == grpc.StatusCode.UNAVAILABLE
        assert error.value.reason == "DATABASE_UNAVAILABLE"
        own_postgres.start()
        assert client.get("blog", "Role", {"select": {"name": True}}) == [{"name": "admin"}]
    assert server.stop() == 0


def test_a_dead_database_at_start_is_waited_for(own_postgres, start_rowand):
    own_postgres.kill()
    server = start_rowand("--db-url", own_postgres.url, wait=False)
    with server.client() as client:
        with pytest.raises(rowan.RowanError) as error:
            client.list_schemas(timeout=5)
        assert error.value.reason == "DATABASE_UNAVAILABLE"
        assert not client.health()
        own_postgres.start()
        wait_for(client.health, "rowand reaches the database by itself")
        assert client.list_schemas() == []


def test_schemas_survive_a_restart(own_postgres, start_rowand):
    first = start_rowand("--db-url", own_postgres.url)
    with first.client() as client:
        version = client.apply_schema(BLOG).schema.version
        client.insert("blog", "Role", {"name": "admin"})
    assert first.stop() == 0
    second = start_rowand("--db-url", own_postgres.url)
    with second.client() as client:
        assert client.get_schema("blog").version == version
        assert client.get("blog", "Role", {"select": {"name": True}}) == [{"name": "admin"}]
        assert not client.apply_schema(BLOG).applied


def test_two_servers_apply_at_once(own_postgres, start_rowand):
    servers = [start_rowand("--db-url", own_postgres.url) for _ in range(2)]
    with servers[0].client() as a, servers[1].client() as b, concurrent.futures.ThreadPoolExecutor(8) as threads:
        applied = [call.result().applied for call in [threads.submit(client.apply_schema, BLOG) for client in (a, b) * 4]]
    assert applied.count(True) == 1


def test_sigterm_lets_calls_finish(own_postgres, start_rowand):
    server = start_rowand("--db-url", own_postgres.url)
    with server.client() as client, concurrent.futures.ThreadPoolExecutor(1) as threads:
        client.apply_schema(BLOG)
        with own_postgres.lock("roles"):
            call = threads.submit(client.insert, "blog", "Role", {"name": "late"})
            wait_for(own_postgres.waiting, "the insert waits")
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "draining" in server.log(), "rowand drains")
        assert call.result().effects["changed"] == 1
    assert server.process.wait(30) == 0
    assert own_postgres.psql("SELECT name FROM roles") == "late"


def test_a_watch_of_health_does_not_hold_up_the_end(own_postgres, start_rowand):
    server = start_rowand("--db-url", own_postgres.url)
    with grpc.insecure_channel(server.address) as channel:
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"")
        assert next(watch) == b"\x08\x01"
        begun = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert next(watch) == b"\x08\x02"
        assert server.process.wait(10) == 0
        assert time.monotonic() - begun < 5


def test_a_second_signal_ends_at_once(own_postgres, start_rowand):
    server = start_rowand("--db-url", own_postgres.url, "--drain-grace", "30s")
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: "draining" in server.log(), "rowand drains")
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(5) != 0


@pytest.mark.parametrize("flags, complaint", [
    (["--db-pool-sise", "3"], "did you mean --db-pool-size"),
    (["--db-pool-size", "0"], "must be a whole number from 1"),
    (["--query-timeout", "30"], "must be a number with a unit"),
    (["--tls-cert-file", "x"], "go together"),
    (["stray"], "unexpected argument"),
])
def test_bad_settings_are_refused(flags, complaint):
    from conftest import BIN

    done = subprocess.run([BIN / "rowand", "check-config", *flags], capture_output=True, text=True)
    assert done.returncode == 2 and complaint in done.stderr


def test_no_listening_off_loopback_without_tls():
    with pytest.raises(RuntimeError, match="there is no TLS"):
        Rowand("--grpc-address", "0.0.0.0:0", "--db-url", "host=/nowhere")
