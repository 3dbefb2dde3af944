"""The processes of a benchmark: PostgreSQL, rowand and the empty server, and what they cost by the operating system's account."""

import contextlib
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A release build is what counts.
os.environ.setdefault("ROWAN_TEST_BIN", str(ROOT / "build/release/bin"))
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "clients/python")]

import conftest  # noqa: E402

BIN = conftest.BIN
TICKS = os.sysconf("SC_CLK_TCK")


class Postgres(conftest.Postgres):
    """A private server, set up as for work: nothing waits for the disk, nothing runs in the background, and no statement is compiled."""

    SETTINGS = {
        "listen_addresses": "", "fsync": "off", "shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "1h", "autovacuum": "off",
        "jit": "off",  # as rowand's connections have it
        "max_connections": "300", "logging_collector": "on", "log_destination": "jsonlog", "log_directory": "log", "log_filename": "all",
    }

    def start(self):
        settings = [word for name, value in self.SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            self._command("postgres", "-D", self.folder / "data", "-k", self.folder, *settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")
        conftest.wait_for(lambda: self.psql("SELECT 1", check=False) == "1", "PostgreSQL starts")

    @property
    def log(self):
        return self.folder / "data/log/all.json"


class EmptyServer:
    """A gRPC server that answers without doing anything."""

    def __init__(self):
        self.process = subprocess.Popen([BIN / "bench_empty_server"], stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[-1]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def _stat(pid):
    """Returns the parent, the own seconds and those of children that have ended; None for a process that is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    own, ended = [sum(map(int, fields[i:i + 2])) / TICKS for i in (11, 13)]
    return int(fields[1]), own, ended


def cpu_seconds(process):
    """Returns the processor time that a process and all below it have spent, those that have ended included."""
    top = _stat(process.pid)
    if top is None:
        return 0.0
    children = filter(None, (_stat(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()))
    return top[1] + top[2] + sum(own + ended for parent, own, ended in children if parent == process.pid)


def memory_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class AllocationCounts:
    """Counts the allocations of a program that is started within `environment`."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="rowan-allocations-")
        self.file.write(bytes(16))
        self.file.flush()

    @contextlib.contextmanager
    def environment(self):
        os.environ.update({"LD_PRELOAD": str(BIN / "bench_count_allocations.so"), "ALLOCATION_COUNTS": self.file.name})
        try:
            yield
        finally:
            del os.environ["LD_PRELOAD"], os.environ["ALLOCATION_COUNTS"]

    def read(self):
        """Returns how many there were, and their bytes."""
        return struct.unpack("QQ", pathlib.Path(self.file.name).read_bytes())
