"""docs/reference/rules.md: every rule has cases, and every case that is named exists."""

import re

import pytest
from sources import ROOT

PAGE = (ROOT / "docs/reference/rules.md").read_text()
RULES = [f"{part}{number}" for part, first, last in (("A", 1, 10), ("B", 1, 11), ("C", 1, 6), ("D", 1, 16), ("F", 1, 5)) for number in range(first, last + 1)]
# What has a title in a file of each kind.
TITLES = {
    ".golden": re.compile(r"^==== (.+)$", re.MULTILINE),
    ".scenario": re.compile(r"^- title: (.+)$", re.MULTILINE),
    ".py": re.compile(r"^def (test_\w+)\(", re.MULTILINE),
    ".cc": re.compile(r"^TEST(?:_F|_P)?\((\w+, \w+)\)", re.MULTILINE),
}


def problem_of_case(case):
    """Returns what is wrong with a case, or nothing."""
    file, _, title = case.partition(": ")
    path = ROOT / file
    if path.suffix not in TITLES:
        return f"{case}: {file} holds no cases"
    if not path.is_file():
        return f"{case}: there is no file {file}"
    titles = [found.replace(", ", ".") if path.suffix == ".cc" else found for found in TITLES[path.suffix].findall(path.read_text())]
    return None if title in titles else f"{case}: {file} has no case of that title"


def problems(page):
    """Returns what is wrong with the page, in the order in which it is found."""
    found, seen = [], []
    for line in re.findall(r"^\|.*$", page, re.MULTILINE):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells == ["rule", "in short", "cases"] or set(line) <= set("|- "):
            continue
        if len(cells) != 3 or not cells[1]:
            found.append(f"not a row of three cells: {line}")
            continue
        rule, _, cases = cells
        if rule not in RULES:
            found.append(f"{rule}: there is no such rule")
        if rule in seen:
            found.append(f"{rule}: has two rows")
        seen.append(rule)
        named = re.findall(r"`([^`]+)`", cases)
        if not named or "<br>".join(f"`{case}`" for case in named) != cases:
            found.append(f"{rule}: its cases are not a list of `file: title`")
        found += [f"{rule}: {problem}" for problem in map(problem_of_case, named) if problem]
    return found + [f"{rule}: has no row" for rule in RULES if rule not in seen]


def test_every_rule_has_cases_that_exist():
    assert problems(PAGE) == []


CASE = "tests/golden/read/page.golden: the page: nested select"


@pytest.mark.parametrize("cases, problem", [
    (f"`{CASE}`", None),
    (f"`{CASE}`<br>`tests/e2e/test_streams.py: test_all_rows_arrive_in_order`", None),
    ("`engine/pg/connection_test.cc: CancelTest.FreesTheBackendWithinAFifthOfASecond`", None),
    ("", "B1: its cases are not a list of `file: title`"),
    (f"{CASE}", "B1: its cases are not a list of `file: title`"),
    (f"`{CASE}`, and another", "B1: its cases are not a list of `file: title`"),
    ("`tests/golden/read/page.golden: nested select`",
     "B1: tests/golden/read/page.golden: nested select: tests/golden/read/page.golden has no case of that title"),
    ("`tests/golden/read/pages.golden: x`", "B1: tests/golden/read/pages.golden: x: there is no file tests/golden/read/pages.golden"),
    ("`README.md: Try it`", "B1: README.md: Try it: README.md holds no cases"),
    ("`tests/e2e/test_streams.py: all_rows`", "B1: tests/e2e/test_streams.py: all_rows: tests/e2e/test_streams.py has no case of that title"),
])
def test_cases(cases, problem):
    found = problems(f"| B1 | A sentence. | {cases} |\n")
    assert found == ([problem] if problem else []) + [f"{rule}: has no row" for rule in RULES if rule != "B1"]


@pytest.mark.parametrize("page, problem", [
    (PAGE + f"| B99 | A sentence. | `{CASE}` |\n", "B99: there is no such rule"),
    (PAGE + f"| B1 | A sentence. | `{CASE}` |\n", "B1: has two rows"),
    (PAGE + f"| B1 | `{CASE}` |\n", f"not a row of three cells: | B1 | `{CASE}` |"),
    (re.sub(r"^\| C3 .*\n", "", PAGE, flags=re.MULTILINE), "C3: has no row"),
    ("", "B1: has no row"),
])
def test_rows(page, problem):
    assert problem in problems(page)
