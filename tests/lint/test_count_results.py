"""The runner's last line counts every single case, and nothing that went wrong gets past it."""

import subprocess
import sys

import pytest
from sources import ROOT

PASSED = '<testcase classname="a" name="ok" status="run"/>'
FAILED = '<testcase classname="a" name="bad" status="run"><failure message="no"/></testcase>'
BROKEN = '<testcase classname="a" name="broken"><error message="no"/></testcase>'
SKIPPED = '<testcase classname="a" name="left"><skipped/></testcase>'
NOT_RUN = '<testcase classname="a" name="off" status="notrun"/>'


def ctest(**programs):
    return "<testsuite>" + "".join(f'<testcase name="{name}" status="{status}"/>' for name, status in programs.items()) + "</testsuite>"


def report(*cases):
    return "<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>"


@pytest.mark.parametrize("programs, reports, line, code", [
    ({"one": "run", "two": "run"}, {"one": report(PASSED, PASSED), "two": report(PASSED)}, "3 passed, 0 failed", 0),
    ({"one": "fail"}, {"one": report(PASSED, FAILED)}, "1 passed, 1 failed", 1),
    ({"one": "fail"}, {"one": report(PASSED, BROKEN)}, "1 passed, 1 failed", 1),
    ({"one": "run"}, {"one": report(PASSED, SKIPPED)}, "1 passed, 1 failed", 1),
    ({"one": "run"}, {"one": report(PASSED, NOT_RUN)}, "1 passed, 1 failed", 1),
    ({"crashed": "fail", "two": "run"}, {"two": report(PASSED)}, "1 passed, 1 failed", 1),
    # All cases passed and the program failed all the same: a leak or a race found at its end.
    ({"leaks": "fail"}, {"leaks": report(PASSED)}, "1 passed, 1 failed", 1),
    ({"plain": "run"}, {}, "1 passed, 0 failed", 0),
    ({}, {}, "0 passed, 0 failed", 1),
], ids=["passed", "failed", "broken", "skipped", "not run", "crashed", "failed at its end", "no report", "none ran"])
def test_the_last_line(tmp_path, programs, reports, line, code):
    (tmp_path / "ctest.junit").write_text(ctest(**programs))
    for name, text in reports.items():
        (tmp_path / f"{name}.xml").write_text(text)
    done = subprocess.run([sys.executable, "-B", ROOT / "tests/support/count_results.py", tmp_path], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == line
    assert done.returncode == code


def test_ci_runs_the_whole_suite():
    lines = [text for text in (ROOT / ".ci/run").read_text().splitlines() if text and not text.startswith("#")]
    assert len(lines) == 1 and lines[0].endswith('tests/run"')
