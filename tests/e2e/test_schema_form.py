"""The JSON Schema of schema files takes what the parser takes, and refuses what it refuses."""

import copy
import json
import re
import subprocess

import jsonschema
import pytest
import yaml
from conftest import BIN, ROOT

PUBLISHED = ROOT / "docs/reference/schema.schema.json"
FORM = json.loads(PUBLISHED.read_text())
SCHEMAS = sorted([*ROOT.glob("tests/golden/schemas/*.yaml"), *ROOT.glob("clients/examples/*/*.yaml")])
FIELD = {"schema": "s", "models": {"M": {"fields": {"a": {"type": "text"}}, "relations": {"r": {"belongs_to": "M"}}}}}


def takes(document):
    return jsonschema.Draft202012Validator(FORM).is_valid(document)


def parser_takes(document):
    done = subprocess.run([BIN / "rowan", "schema", "format", "-"], input=json.dumps(document), capture_output=True, text=True)
    return done.returncode == 0


def changed(document, *changes):
    """Returns a copy with the value at a path of keys replaced."""
    document = copy.deepcopy(document)
    for *path, value in changes:
        part = document
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value
    return document


def test_what_is_published_is_what_the_program_prints():
    printed = subprocess.run([BIN / "rowan", "schema", "export", "--schema-form"], capture_output=True, text=True, check=True)
    assert printed.stdout == PUBLISHED.read_text(), "write it anew with: rowan schema export --schema-form"
    jsonschema.Draft202012Validator.check_schema(FORM)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schemas_are_taken(path):
    jsonschema.validate(yaml.safe_load(path.read_text()), FORM, cls=jsonschema.Draft202012Validator)


def test_the_schema_of_the_reference_is_taken():
    page = (ROOT / "docs/reference/document-form.md").read_text()
    example = re.search(r"```yaml\n(schema: blog .*?)```", page, re.DOTALL).group(1).replace("…", "x")
    jsonschema.validate(yaml.safe_load(example), FORM, cls=jsonschema.Draft202012Validator)


M = ("models", "M")
A = (*M, "fields", "a")
R = (*M, "relations", "r")


@pytest.mark.parametrize("change", [
    (*A, "decimal( 12, 2 )[]"), (*A, "dateTime"), (*A, "type", "string(3)"), (*A, "default", {"generator": "now"}), (*A, "default", {"a": 1}),
    (*A, "default", {"expression": "1"}), (*A, "default", None), (*A, "native", "inet"), (*A, "native", {"name": "bpchar", "modifiers": [3]}),
    (*R, "on_delete", "set-null"), (*R, "on_delete", "set null"), (*R, "junction", {"table": "t"}), (*M, "unique", [["a"], {"fields": ["a"]}]),
    (*M, "indexes", [["a"], {"fields": ["a"], "unique": True}]), (*M, "relations", None), ("models", None), ("models", {}),
], ids=str)
def test_both_take(change):
    document = changed(FIELD, change)
    assert takes(document) and parser_takes(document)


@pytest.mark.parametrize("change", [
    ("modles", {}), ("schema", 3), ("models", []), (*M, "feilds", {}), (*M, "fields", ["a"]), (*A, "strng"), (*A, "type", "string(x)"), (*A, 7), (*A, {}),
    (*A, "nulable", True), (*A, "unique", "yes"), (*A, "default", {"generator": "nwo"}), (*A, "default", {"expression": 1}), (*A, "labels", "x"),
    (*A, "native", {"names": "x"}), (*A, "native", {"modifiers": ["3"]}), (*R, {}), (*R, "has_many", "M"), (*R, "belongs_to", 1),
    (*R, "on_delete", "cascde"), (*R, "on_connect_owned", "steal"), (*R, "on_displaced", "move"), (*R, "junction", {"tabel": "t"}),
    (*M, "unique", [["a", 3]]), (*M, "indexes", [{"name": "i"}]), (*M, "checks", {"c": 1}), (*M, "primary_key", "a"), (*M, "read_only", 1),
], ids=str)
def test_both_refuse(change):
    document = changed(FIELD, change)
    assert not takes(document) and not parser_takes(document)


def test_a_schema_needs_its_name():
    assert not takes({"models": {}}) and not parser_takes({"models": {}})
