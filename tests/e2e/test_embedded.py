"""The private PostgreSQL that a rowand without a database starts: kept running, never shared, never left behind."""

import os
import pathlib
import shutil
import signal
import tempfile

import pytest
import rowan
from conftest import BLOG, Rowand, wait_for


@pytest.fixture
def folder():
    """A data folder that the server's user can reach, too."""
    parent = pathlib.Path(tempfile.mkdtemp(prefix="rowan-embedded-", dir="/tmp"))
    parent.chmod(0o755)
    yield parent / "postgres"
    shutil.rmtree(parent, ignore_errors=True)


def postmaster(folder):
    """Returns the pid of the server on the folder's data."""
    return int((folder / "data/postmaster.pid").read_text().splitlines()[0])


def runs(pid):
    try:
        # A process that ended but was not yet waited for still has its entry.
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def fill(server):
    with server.client() as client:
        client.apply_schema(BLOG)
        client.insert("blog", "Role", {"name": "admin"})


def roles(server):
    with server.client() as client:
        return client.get("blog", "Role", {"select": {"name": True}})


def test_a_newcomer_needs_no_database(start_rowand, folder):
    server = start_rowand("--embedded-dir", str(folder))
    fill(server)
    assert roles(server) == [{"name": "admin"}]
    assert "--db-url" in server.log()
    pid = postmaster(folder)
    assert os.stat(f"/proc/{pid}").st_uid != 0
    # The sixth line holds the address that the server listens on beside its unix socket: none.
    assert (folder / "data/postmaster.pid").read_text().splitlines()[5] == ""
    sockets = pathlib.Path((folder / "data/postmaster.pid").read_text().splitlines()[4])
    assert sockets.stat().st_mode & 0o077 == 0
    assert server.stop() == 0
    assert not runs(pid) and not sockets.exists()


def test_data_survive_a_restart(start_rowand, folder):
    first = start_rowand("--embedded-dir", str(folder))
    fill(first)
    assert first.stop() == 0
    assert roles(start_rowand("--embedded-dir", str(folder))) == [{"name": "admin"}]


def test_a_folder_in_use_is_refused(start_rowand, folder):
    first = start_rowand("--embedded-dir", str(folder))
    with pytest.raises(RuntimeError, match="used by another rowand"):
        Rowand("--embedded-dir", str(folder))
    fill(first)


def test_a_folder_that_cannot_be_made_is_refused():
    with pytest.raises(RuntimeError, match="cannot make the folder"):
        Rowand("--embedded-dir", "/proc/no/folder")


def test_a_killed_server_is_started_again(start_rowand, folder):
    server = start_rowand("--embedded-dir", str(folder))
    fill(server)
    killed = postmaster(folder)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: not runs(killed), "the server ends")

    def answer():
        try:
            return roles(server)
        except rowan.UnavailableError:
            return None

    assert wait_for(answer, "the server is started again and reached", 60) == [{"name": "admin"}]
    assert postmaster(folder) != killed
    assert server.stop() == 0


def test_a_killed_rowand_leaves_no_server_behind(start_rowand, folder):
    first = start_rowand("--embedded-dir", str(folder))
    fill(first)
    pid = postmaster(folder)
    first.process.kill()
    first.process.wait()
    wait_for(lambda: not runs(pid), "the server goes with rowand")
    assert roles(start_rowand("--embedded-dir", str(folder))) == [{"name": "admin"}]
