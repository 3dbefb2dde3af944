"""What schema export and schema graph write, read by those it is written for."""

import importlib.util
import json
import subprocess
import sys
import typing
import xml.etree.ElementTree

import jsonschema
import pytest
from conftest import BIN, BLOG, ROOT
from google.protobuf import descriptor_pb2

SCHEMAS = sorted(ROOT.glob("tests/golden/schemas/*.yaml"))
FIRST = """\
schema: letters
database_schema: letters
models:
  User:
    fields:
      id: {type: auto_increment, primary: true}
      name: text
      bornOn: {type: date, nullable: true}
    relations:
      letters: {has_many: Letter}
  Letter:
    fields:
      id: {type: auto_increment, primary: true}
      sent: {type: timestamp, nullable: true}
    relations:
      user: {belongs_to: User}
"""


@pytest.fixture
def run(postgres, start_rowand):
    postgres.psql("DROP DATABASE IF EXISTS declarations WITH (FORCE)")
    postgres.psql("CREATE DATABASE declarations")
    server = start_rowand("--db-url", postgres.url.replace("dbname=postgres", "dbname=declarations"), "--db-pool-size", "2")

    def call(*arguments, stdin=None):
        return subprocess.run([BIN / "rowan", "--address", server.address, *arguments], capture_output=True, text=True, input=stdin, timeout=60)

    return call


def offline(*arguments):
    done = subprocess.run([BIN / "rowan", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compiled(text, folder):
    """Compiles a .proto and returns its fields by message and number: (name, type, label)."""
    (folder / "schema.proto").write_text(text)
    target = folder / "schema.descriptors"
    done = subprocess.run(["protoc", f"-I{folder}", f"--descriptor_set_out={target}", "schema.proto"], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    file = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes()).file[0]
    return {message.name: {field.number: (field.json_name, field.type, field.label) for field in message.field} for message in file.message_type}


def test_later_versions_stay_compatible_on_the_wire(run, tmp_path):
    assert run("schema", "apply", "-", "--yes", stdin=FIRST).returncode == 0
    first = compiled(run("schema", "export", "letters", "--proto").stdout, tmp_path)
    by_name = {name: number for number, (name, *_) in first["User"].items()}
    assert set(by_name) == {"id", "name", "bornOn", "letters"}
    second = FIRST.replace("      bornOn: {type: date, nullable: true}\n", "      size: {type: int64, nullable: true}\n").replace(
        "      name: text", "      fullName: {type: text, renamed_from: name}")
    done = run("schema", "apply", "-", "--yes", "--allow", "drop column user.born_on", stdin=second)
    assert done.returncode == 0, done.stderr
    printed = run("schema", "export", "letters", "--proto").stdout
    later = compiled(printed, tmp_path)
    assert later["Letter"] == first["Letter"]
    assert later["User"][by_name["name"]][0] == "fullName"
    assert by_name["bornOn"] not in later["User"] and f"  reserved {by_name['bornOn']};\n" in printed
    for number, (_, *kind) in later["User"].items():
        if number in first["User"]:
            assert list(first["User"][number][1:]) == kind, "a number never changes its type"
        else:
            assert number > max(first["User"]), "a new number is a number that was never used"


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_registered_schemas_become_protos(run, path, tmp_path):
    name = path.stem
    assert run("schema", "apply", str(path), "--yes").returncode == 0
    name = json.loads(run("schema", "list", "--format", "json").stdout)[0]["name"]
    assert compiled(run("schema", "export", name, "--proto").stdout, tmp_path)


def test_a_file_has_no_numbers(run):
    done = run("schema", "export", str(BLOG), "--proto")
    assert done.returncode == 2 and "field numbers" in done.stderr
    assert run("schema", "export", "nothing", "--proto").returncode == 64 + 5


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_python_reads_its_declarations(path, tmp_path):
    target = tmp_path / "declared.py"
    offline("schema", "export", str(path), "--python", "-o", str(target))
    spec = importlib.util.spec_from_file_location("declared", target)
    module = importlib.util.module_from_spec(spec)
    sys.modules["declared"] = module
    spec.loader.exec_module(module)
    models = json.loads(offline("schema", "export", str(path), "--json-schema"))["$defs"]
    for name, model in models.items():
        assert set(typing.get_type_hints(getattr(module, name), vars(module))) == set(model["properties"])


def test_records_are_as_the_json_schema_says(blog, shared_rowand):
    blog.insert("blog", "User", {"name": "Ada", "role": {"connect": 1}, "posts": {"create": [{"title": "One"}]}})
    schema = json.loads(offline("schema", "export", str(BLOG), "--json-schema"))
    jsonschema.Draft202012Validator.check_schema(schema)
    read = offline("--address", shared_rowand.address, "get", "blog", "User",
                   '{"select": {"*": true, "role": {"*": true}, "profile": {"*": true}, "posts": {"*": true}, "_count": {"posts": true}}}')
    records = json.loads(read)
    assert records
    user = {**schema, "$ref": "#/$defs/User"}
    for record in records:
        jsonschema.validate(record, user, cls=jsonschema.Draft202012Validator)
        for wrong in ({"id": "1"}, {"posts": {}}, {"role": []}, {"_count": {"posts": -1}}):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({**record, **wrong}, user, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_drawings_are_xml_with_every_model(path):
    root = xml.etree.ElementTree.fromstring(offline("schema", "graph", str(path), "--svg"))
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    models = json.loads(offline("schema", "export", str(path), "--json-schema"))["$defs"]
    assert set(models) <= texts
    assert offline("schema", "graph", str(path)).startswith("erDiagram\n")
