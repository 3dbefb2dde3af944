"""The reference of the command line and what the program says of itself."""

import re
import subprocess

import pytest
from conftest import BIN, ROOT

REFERENCE = (ROOT / "docs/reference/command-line.md").read_text()


def help_of(*command):
    done = subprocess.run([BIN / "rowan", *command, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def subcommands(text):
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
    return re.findall(r"^  ([a-z-]+) ", listed.group(1), re.MULTILINE) if listed else []


def commands(*command):
    """Returns the commands that do something, each as the list of its words."""
    below = subcommands(help_of(*command))
    return [found for name in below for found in commands(*command, name)] if below else [command]


def options(text):
    """Returns the names of the options that a help text lists."""
    listed = "\n".join(line.strip().split("  ")[0] for line in text.splitlines() if re.match(r" +-", line))
    return set(re.findall(r"--[a-z][a-z-]*", re.sub(r"Excludes:.*", "", listed))) - {"--help"}


COMMANDS = commands()


def rows():
    """Returns the rows of the table of options, by each option that stands in the first cell."""
    table = REFERENCE[REFERENCE.index("| option |"):REFERENCE.index("A flag that stands")]
    found = {}
    for row in table.splitlines()[2:]:
        if row.startswith("|"):
            for option in re.findall(r"--[a-z][a-z-]*", row.split("|")[1]):
                found.setdefault(option, []).append(row)
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_a_row_and_an_example(command):
    words = " ".join(command)
    assert re.search(rf"^\| `rowan {words}[ `]", REFERENCE, re.MULTILINE)
    assert f"\n  rowan {words}" in help_of(*command), "an example"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_is_in_the_table(command):
    known = rows()
    for option in options(help_of(*command)):
        assert option in known, option
        # A row that names commands of schemas names them all; the formats are in a table of their own.
        if command[0] == "schema" and option != "--format":
            assert any(f"`{' '.join(command)}`" in row for row in known[option]), option


def test_every_option_of_the_table_exists():
    existing = set().union(options(help_of()), *(options(help_of(*command)) for command in COMMANDS))
    assert set(rows()) <= existing


def test_formats_are_as_the_reference_says():
    table = REFERENCE[REFERENCE.index("| command | formats"):REFERENCE.index("JSON follows the")]
    for row in table.splitlines()[2:]:
        cells = row.strip("|\n ").split("|")
        if len(cells) < 2 or "is that of the file" in cells[1]:
            continue
        for command in re.findall(r"`([^`]+)`", cells[0]):
            offered = re.search(r"--format FORMAT:\{([a-z,]+)\}", help_of(*command.split()))
            for name in offered.group(1).split(",") if offered else []:
                assert f"`{name}`" in cells[1], (command, name)


@pytest.mark.parametrize("arguments, hint", [
    ([], "rowan --help"),
    (["shema", "apply", "x.yaml"], 'did you mean "rowan schema"?'),
    (["schema"], "rowan schema --help"),
    (["schema", "aply", "x.yaml"], 'did you mean "rowan schema apply"?'),
    (["schema", "drift"], "rowan schema drift --help"),
    (["schema", "diff", "x.yaml", "--online", "sometimes"], "rowan schema diff --help"),
    (["schema", "apply", "x.yaml", "--adopt", "all"], "rowan schema apply --help"),
    (["schema", "export", "blog"], "rowan schema export --help"),
    (["schema", "export", "blog", "--proto", "--python"], "rowan schema export --help"),
    (["schema", "export", "blog", "--schema-form"], "rowan schema export --help"),
    (["schema", "export", "blog.yaml", "--proto"], "apply it"),
    (["schema", "graph", "blog", "--svg", "--mermaid"], "rowan schema graph --help"),
    (["schema", "format", "x.yaml", "--check", "--in-place"], "rowan schema format --help"),
    (["schema", "list", "--format", "yaml"], "rowan schema list --help"),
    (["schema", "history", "blog", "--limit", "few"], "write it like 20"),
])
def test_wrong_command_lines_end_with_2_and_a_hint(arguments, hint, tmp_path):
    (tmp_path / "x.yaml").write_text("schema: x\nmodels: {}\n")
    (tmp_path / "blog.yaml").write_text("schema: blog\nmodels: {}\n")
    done = subprocess.run([BIN / "rowan", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=20)
    assert done.returncode == 2 and done.stdout == "", done.stderr
    assert done.stderr.startswith("rowan: ") and hint in done.stderr
