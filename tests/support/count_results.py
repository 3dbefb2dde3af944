"""Counts the single cases of a test run and prints `N passed, N failed`.

Usage: count_results.py FOLDER

The folder holds ctest's own report, ctest.junit, and the reports (*.xml) that the programs wrote. A program that failed without any failed
case of its own (it crashed, or timed out) counts as one failure; one that passed without a report counts as one case. Exits 1 when a case failed or
none ran.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def cases_of(report: pathlib.Path) -> tuple[int, list[str]]:
    """Returns how many cases of a report passed, and the names of those that failed."""
    passed, failed = 0, []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            # Nothing here may be skipped: a missing tool is a failure.
            failed.append(f"{case.get('classname')}.{case.get('name')} (skipped)")
        else:
            passed += 1
    return passed, failed


def main(folder: pathlib.Path) -> int:
    passed, failed = 0, []
    reported = {}
    for report in sorted(folder.glob("*.xml")):
        report_passed, report_failed = cases_of(report)
        reported[report.stem] = report_failed
        passed += report_passed
        failed += report_failed
    for program in ElementTree.parse(folder / "ctest.junit").getroot().iter("testcase"):
        name = program.get("name")
        if program.get("status") == "run":
            passed += 0 if name in reported else 1
        elif not reported.get(name):
            failed.append(f"{name} (the program failed)")
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
