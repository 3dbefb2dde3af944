"""Real processes: PostgreSQL servers and rowands of the tests' own, on unix sockets and loopback. ROWAN_TEST_BIN is the folder of the binaries."""

import contextlib
import glob
import itertools
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python"))

import rowan  # noqa: E402

BIN = pathlib.Path(os.environ.get("ROWAN_TEST_BIN", ROOT / "build/dev/bin"))
DATABASES = itertools.count(1)
BLOG = ROOT / "clients/examples/blog/blog.yaml"


def wait_for(condition, what, seconds=20.0):
    """Waits until the condition holds and returns what it gave; fails when it does not in time."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            pytest.fail(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


class Postgres:
    """A PostgreSQL server with its data in a folder of its own."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rowan-e2e-", dir="/tmp"))
        self.binaries = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        # PostgreSQL refuses root.
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self._run("initdb", "-D", str(self.folder / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        self.process = None

    def _command(self, program, *arguments):
        # Not subprocess's own `user`: it has Python fork, and gRPC's threads of earlier tests make the child hang before it runs anything.
        as_user = ["setpriv", f"--reuid={self.user.pw_uid}", f"--regid={self.user.pw_gid}", "--clear-groups"] if self.user else []
        return [*as_user, self.binaries / program, *arguments]

    def _run(self, program, *arguments):
        subprocess.run(self._command(program, *arguments), check=True, capture_output=True, cwd="/tmp")

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            self._command("postgres", "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"),
            stdout=log, stderr=log, cwd="/tmp")
        wait_for(lambda: self.psql("SELECT 1", check=False) == "1", "PostgreSQL starts")

    def kill(self):
        """Ends it as a crash would."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None

    @property
    def url(self):
        return f"host={self.folder} user=postgres dbname=postgres"

    def psql(self, sql, check=True):
        """Runs SQL and returns its output, unaligned."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql], capture_output=True, text=True)
        if check and done.returncode:
            pytest.fail(done.stderr)
        return done.stdout.strip()

    @contextlib.contextmanager
    def lock(self, table):
        """Holds a lock on a table, so that statements on it wait."""
        holder = subprocess.Popen(["psql", "-XAtq", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        holder.stdin.write(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "held"
        try:
            yield
        finally:
            holder.stdin.close()
            holder.wait()

    def waiting(self):
        """Returns the pids of rowand's backends that wait for a lock."""
        return self.psql("SELECT pid FROM pg_stat_activity WHERE application_name = 'rowand' AND wait_event_type = 'Lock'").split()

    def active(self):
        """Returns how many of rowand's connections run or hold a transaction; their parallel workers do not count."""
        return int(self.psql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'rowand' AND backend_type = 'client backend' AND state <> 'idle'"))

    def remove(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Rowand:
    """A running server."""

    def __init__(self, *flags, wait=True):
        self.log_path = tempfile.mktemp(prefix="rowand-log-")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "ROWAN_"))}
        self.process = subprocess.Popen(
            [BIN / "rowand", "serve", "--grpc-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0", "--drain-grace", "0s", *flags],
            stdout=subprocess.PIPE, stderr=open(self.log_path, "wb"), text=True, env=environment)
        line = self.process.stdout.readline()
        if not line.startswith("rowand listening on "):
            self.stop()
            raise RuntimeError(f"rowand did not start: {self.log()}")
        self.address = line.split()[-1]
        if wait:
            wait_for(self.ready, "rowand reaches its database")

    def ready(self):
        with self.client() as client:
            try:
                client.list_schemas(timeout=2)
                return True
            except rowan.RowanError:
                return False

    def client(self):
        return rowan.connect(self.address, options=[("grpc.enable_retries", 0)])

    def log(self):
        return pathlib.Path(self.log_path).read_text()

    def memory_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def stop(self, patience=40):
        """Asks it to end and returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail("rowand did not end")


class Database:
    """A database of a PostgreSQL server, and the command line against a server of it."""

    def __init__(self, url, address=""):
        self.url, self.address = url, address

    def psql(self, sql):
        """Runs SQL, of any number of statements and psql's own commands, and returns its output, unaligned."""
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url], input=sql, capture_output=True, text=True)
        if done.returncode:
            pytest.fail(done.stderr)
        return done.stdout.strip()

    def __call__(self, *arguments, stdin=None):
        """Runs `rowan` and returns what became of it."""
        return subprocess.run([BIN / "rowan", "--address", self.address, *arguments], capture_output=True, text=True, input=stdin, timeout=60)

    def done(self, *arguments, stdin=None):
        """Runs `rowan`, which has to succeed, and returns what it printed."""
        ended = self(*arguments, stdin=stdin)
        if ended.returncode:
            pytest.fail(f"rowan {' '.join(arguments)}: exit code {ended.returncode}\n{ended.stdout}{ended.stderr}")
        return ended.stdout


@pytest.fixture(scope="session")
def postgres():
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def shared_rowand(postgres):
    server = Rowand("--db-url", postgres.url, "--db-pool-size", "4")
    with server.client() as client:
        client.apply_schema(BLOG)
    yield server
    assert server.stop() == 0


@pytest.fixture
def blog(postgres, shared_rowand):
    """The shared server with an empty blog and its first role."""
    postgres.psql("TRUNCATE roles, profiles, tags, posts, users, post_tags RESTART IDENTITY CASCADE")
    with shared_rowand.client() as client:
        client.insert("blog", "Role", {"name": "admin"})
        yield client


@pytest.fixture
def own_postgres():
    """A server that a test may kill."""
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def start_rowand():
    """Starts rowands that end with the test."""
    started = []

    def start(*flags, **options):
        server = Rowand(*flags, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        pathlib.Path(server.log_path).unlink(missing_ok=True)


def create_database(postgres, sql="", template="template1"):
    """Makes a database that ends with its PostgreSQL; it has no server yet."""
    name = f"database_{next(DATABASES)}"
    postgres.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
    database = Database(postgres.url.replace("dbname=postgres", f"dbname={name}"))
    database.psql(sql)
    return database


@pytest.fixture
def new_database(postgres, start_rowand):
    """Makes databases, each with a server of its own."""

    def make(sql="", template="template1"):
        database = create_database(postgres, sql, template)
        database.address = start_rowand("--db-url", database.url, "--db-pool-size", "2").address
        return database

    return make


@pytest.fixture(scope="module")
def module_database(postgres):
    """A database with a server, for all tests of a module that leave room for the others."""
    database = create_database(postgres)
    server = Rowand("--db-url", database.url, "--db-pool-size", "2")
    database.address = server.address
    yield database
    assert server.stop() == 0
