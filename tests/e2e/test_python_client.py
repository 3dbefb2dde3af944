"""The Python client's own tests for a live server, and its streams when servers end and stall."""

import os
import subprocess
import sys

import pytest
import rowan
from conftest import ROOT, wait_for

ROWS = 20_000
READ = {"select": {"id": True, "name": True}}


def test_python_client(shared_rowand):
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "clients/python/tests/e2e")]
    results = os.environ.get("ROWAN_TEST_RESULTS")
    if results:
        command.append(f"--junitxml={results}/python_client_e2e.xml")
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "ROWAN_TEST_ADDRESS": shared_rowand.address})
    assert done.returncode == 0, done.stdout[-4000:]


def test_world_example(shared_rowand):
    load = ROOT / "clients/examples/world/load.py"
    done = subprocess.run([sys.executable, str(load), "--address", shared_rowand.address], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "FR-75" in done.stdout


@pytest.fixture
def long(blog, postgres):
    """More than what the buffers between a server and a client hold: about 20 MB."""
    postgres.psql(f"INSERT INTO users (id, name, role_id) SELECT n, repeat('name ', 200), 1 FROM generate_series(1, {ROWS}) n")


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stream_outlives_its_server(long, postgres, start_rowand, mode):
    first = start_rowand("--db-url", postgres.url)
    with first.client() as client:
        stream = client.stream("blog", "User", {**READ, "mode": mode}, timeout=120)
        ids = [next(stream)["id"] for _ in range(1000)]
        first.process.kill()
        first.process.wait()
        start_rowand("--db-url", postgres.url, "--grpc-address", first.address)
        ids += [record["id"] for record in stream]
    assert ids == list(range(1, ROWS + 1))
    assert stream.total == ROWS and stream.resumptions > 0


def test_a_stream_whose_server_is_gone_ends(long, postgres, start_rowand):
    server = start_rowand("--db-url", postgres.url)
    with server.client() as client:
        stream = client.stream("blog", "User", READ, resume_attempts=2)
        next(stream)
        server.process.kill()
        server.process.wait()
        with pytest.raises(rowan.UnavailableError):
            list(stream)
    assert stream.resumptions == 2 and stream.total is None


@pytest.mark.parametrize("attempts", [8, 0])
@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_reader_that_stalls_goes_on(long, postgres, start_rowand, mode, attempts):
    server = start_rowand("--db-url", postgres.url, "--stream-stall-timeout", "1s")
    with server.client() as client:
        stream = client.stream("blog", "User", {**READ, "mode": mode}, timeout=120, resume_attempts=attempts)
        ids = [next(stream)["id"]]
        wait_for(lambda: "STREAM_STALLED" in server.log(), "the server gives the reader up")
        if attempts:
            ids += [record["id"] for record in stream]
            assert ids == list(range(1, ROWS + 1)) and stream.resumptions > 0
        else:
            with pytest.raises(rowan.AbortedError) as caught:
                list(stream)
            assert caught.value.reason == "STREAM_STALLED" and stream.resume_token
