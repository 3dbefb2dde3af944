"""A rowand of the tests' own with its embedded PostgreSQL, whose texts are ordered by bytes. ROWAN_TEST_BIN is the folder of the binaries."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import grpc
import pytest
from stubs import ROOT, data_grpc, schema_grpc, schema_service

BIN = pathlib.Path(os.environ.get("ROWAN_TEST_BIN", ROOT / "build/dev/bin"))


class Server:
    """A running rowand, and the stubs that talk to it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rowan-property-", dir="/tmp"))
        # PostgreSQL runs as a user of its own, who has to reach its data.
        self.folder.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "ROWAN_"))}
        self.log = self.folder / "log"
        self.process = subprocess.Popen(
            [BIN / "rowand", "serve", "--grpc-address", "127.0.0.1:0", "--admin-address", "off", "--drain-grace", "0s", "--embedded-dir", self.folder / "postgres"],
            stdout=subprocess.PIPE, stderr=open(self.log, "wb"), text=True, env=environment)
        line = self.process.stdout.readline()
        if not line.startswith("rowand listening on "):
            self.process.wait()
            raise RuntimeError(f"rowand did not start: {self.log.read_text()}")
        self.channel = grpc.insecure_channel(line.split()[-1])
        self.data = data_grpc.DataServiceStub(self.channel)
        self.schemas = schema_grpc.SchemaServiceStub(self.channel)
        self.wait_until_ready()

    def wait_until_ready(self):
        until = time.monotonic() + 30
        while True:
            try:
                self.schemas.ListSchemas(schema_service.ListSchemasRequest(), timeout=5)
                return
            except grpc.RpcError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    @property
    def database(self):
        """The arguments that lead psql to the embedded PostgreSQL: its fifth line names the folder of its socket."""
        sockets = (self.folder / "postgres/data/postmaster.pid").read_text().splitlines()[4]
        return ["--host", sockets, "--username", "rowan", "--dbname", "postgres"]

    def psql(self, sql):
        """Begins to run SQL beside the server."""
        return subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", *self.database, "-c", sql], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def stop(self):
        self.channel.close()
        self.process.terminate()
        code = self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code


@pytest.fixture(scope="session")
def server():
    running = Server()
    yield running
    assert running.stop() == 0
