"""What every source file owes its reader."""

import re
import subprocess

import pytest
from sources import ROOT, code_files

# Written apart, so that this file does not find itself.
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "(?<![-X])XX" + "X(?!X)", "GTEST_" + "SKIP", "DISABLED" + "_", "not " + "implemented"]))


@pytest.mark.parametrize("path", code_files(suffixes=(".h",)), ids=str)
def test_headers_begin_with_what_they_are(path):
    first = (ROOT / path).read_text().splitlines()[0]
    assert first.startswith("// ") and len(first) > 10, f"{path} begins with {first!r}"


def test_nothing_is_left_unfinished():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    wrong = []
    for name in tracked:
        path = ROOT / name
        if path.suffix not in (".h", ".cc", ".py", ".proto", ".cmake", "") or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if UNFINISHED.search(line):
                wrong.append(f"{name}:{number}: {line.strip()}")
    assert wrong == []


def test_scripts_can_be_run():
    for name in ("deploy/install-deps", "deploy/quickstart", "tests/run", ".ci/run"):
        assert (ROOT / name).stat().st_mode & 0o111, f"{name} is not executable"
