"""The Python client's own tests for a live server."""

import os
import subprocess
import sys

from conftest import ROOT


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
