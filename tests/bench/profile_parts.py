"""Where rowand's processor time goes while it serves a workload, by what it is made of, as perf samples it."""

import re
import shutil
import subprocess
import tempfile
import threading

# By the name of the library, and within rowand and the C library by that of the function; the first that fits.
PARTS = (
    ("memory", r"libc\b.*\b(malloc|calloc|realloc|free|cfree|_int_malloc|_int_free|malloc_consolidate|unlink_chunk)\b|operator (new|delete)"),
    ("kernel", r"\[kernel|\[vdso"),
    ("gRPC", r"libgrpc|libgpr|libupb|libaddress_sorting|\bgrpc(_|::)"),
    ("protobuf", r"libprotobuf|google::protobuf|\browan::v1::"),
    ("libpq", r"libpq"),
    ("rowand: run, hydrate", r"\browan::(exec|pg|hydrate|wire)"),
    ("rowand: bind, plan, serve", r"\browan::|absl"),
    ("C library", r"libc\b|libstdc|libm\b|libpthread"),
)


def available():
    """Whether there is a perf that may look at processes."""
    if shutil.which("perf") is None:
        return False
    with tempfile.NamedTemporaryFile(suffix=".perf") as file:
        return subprocess.run(["perf", "record", "-q", "-o", file.name, "--", "true"], capture_output=True).returncode == 0


def _sort(line):
    return next((name for name, pattern in PARTS if re.search(pattern, line)), "else")


def profile(bench, workload):
    """Returns the shares of the parts, which add up to 1."""
    with tempfile.NamedTemporaryFile(suffix=".perf") as file:
        runner = threading.Thread(target=bench.rowan, args=(workload,))
        runner.start()
        subprocess.run(["perf", "record", "-q", "-F", "997", "-p", str(bench.rowand.process.pid), "-o", file.name, "--", "sleep", str(bench.seconds)],
                       check=True, capture_output=True)
        runner.join()
        done = subprocess.run(["perf", "report", "-i", file.name, "--stdio", "-F", "overhead,dso,symbol", "--percent-limit", "0"], capture_output=True, text=True, check=True)
    shares = {}
    for line in done.stdout.splitlines():
        found = re.match(r"\s*([\d.]+)%\s+(.*)", line)
        if found:
            part = _sort(found[2])
            shares[part] = shares.get(part, 0.0) + float(found[1]) / 100
    whole = sum(shares.values())
    return {name: share / whole for name, share in sorted(shares.items(), key=lambda one: -one[1])}
