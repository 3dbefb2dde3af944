"""What schema export and schema graph write, read by those it is written for."""

import importlib.util
import json
import re
import subprocess
import sys
import typing
import xml.etree.ElementTree

import jsonschema
import pytest
import rowan
from conftest import BIN, BLOG, ROOT
from google.protobuf import descriptor_pb2
from rowan._generated.rowan.v1 import schema_service_pb2

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

    call.address = server.address
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
    return {message.name: {field.number: (field.json_name, field.type, field.type_name, field.label) for field in message.field} for message in file.message_type}


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


def notes(fields, relations, user):
    """Returns a schema of users and their notes; relations are belongs_to."""
    field = lambda declared: {"nullable": True, **(declared if isinstance(declared, dict) else {"type": declared})}
    relation = lambda declared: {"nullable": True, **(declared if isinstance(declared, dict) else {"belongs_to": declared})}
    key = {"id": {"type": "auto_increment", "primary": True}}
    return json.dumps({"schema": "notes", "database_schema": "notes", "models": {
        user: {"table": "users", **({} if user == "User" else {"renamed_from": "User"}), "fields": key},
        "Group": {"fields": key},
        "Note": {"fields": {**key, **{name: field(declared) for name, declared in fields.items()}},
                 "relations": {name: relation(declared) for name, declared in relations.items()}}}})


# Fields and relations of Note and the name of User, version by version, and what has another number than in the version before.
NUMBERED = [
    ({"text": "text"}, {"user": "User"}, "User", set()),
    # A name that went on with a rename is free for another thing, with a number of its own.
    ({"body": {"type": "text", "renamed_from": "text"}}, {"user": "User"}, "User", set()),
    ({"body": "text", "text": "text"}, {"user": "User"}, "User", {"text"}),
    # What messages hold in another way is another thing; what they hold in the same way is not.
    ({"body": "text", "text": "bytes"}, {"user": "User"}, "User", {"text"}),
    ({"body": "uuid", "text": "bytes"}, {"user": "User"}, "User", set()),
    ({"body": "text", "text": "bytes", "no": "int32"}, {"user": "User"}, "User", {"no"}),
    ({"body": "text", "text": "bytes", "no": "int64"}, {"user": "User"}, "User", set()),
    ({"body": "text", "text": "bytes", "no": "int64[]"}, {"user": "User"}, "User", {"no"}),
    # A foreign key's field goes with its relation, and a relation with its target.
    ({"body": "text", "text": "bytes"}, {"writer": {"belongs_to": "User", "renamed_from": "user"}}, "User", set()),
    ({"body": "text", "text": "bytes"}, {"writer": "Person"}, "Person", set()),
    ({"body": "text", "text": "bytes"}, {"writer": "Group"}, "Person", {"writer"}),
    # A relation where a field was.
    ({"body": "text"}, {"writer": "Group", "text": "Group"}, "Person", {"text", "textId"}),
]


def test_a_number_stands_for_one_thing_in_all_versions(run, tmp_path):
    ever, versions, names = {}, [], {}

    def apply(*arguments, stdin=None):
        """Applies whatever is lost by it, and returns the numbers of Note by name."""
        done = run("schema", "apply", *arguments, "--yes", stdin=stdin)
        lossy = set(re.findall(r'"([^"]*)" can lose data', done.stderr)) | set(re.findall(r'allow "([^"]*)" by name', done.stderr))
        if lossy:
            done = run("schema", "apply", *arguments, "--yes", *[word for step in lossy for word in ("--allow", step)], stdin=stdin)
        assert done.returncode == 0, done.stderr
        printed = run("schema", "export", "notes", "--proto").stdout
        note = compiled(printed, tmp_path)["Note"]
        for number, (name, kind, target, label) in note.items():
            # int32 and int64 are the same on the wire.
            kind = descriptor_pb2.FieldDescriptorProto.TYPE_INT64 if kind == descriptor_pb2.FieldDescriptorProto.TYPE_INT32 else kind
            thing = (kind, target.replace("Person", "User"), label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED)
            assert ever.setdefault(number, thing) == thing, (number, name)
        reserved = re.search(r"reserved (.*);", printed[printed.index("message Note"):])
        ranges = re.findall(r"(\d+)(?: to (\d+))?", reserved.group(1)) if reserved else []
        assert len(ever) == len(note) + sum(int(last or first) - int(first) + 1 for first, last in ranges), "what is gone is reserved"
        return {name: number for number, (name, *_) in note.items()}

    for fields, relations, user, others in NUMBERED:
        before, names = names, apply("-", stdin=notes(fields, relations, user))
        kept = set(names.values()) & set(before.values())
        assert not before or {name for name, number in names.items() if number not in kept} == others, (names, before)
        versions.append((json.loads(run("schema", "history", "notes", "--format", "json", "--limit", "1").stdout)[0]["version"], names))
    with rowan.connect(run.address) as client:
        for version, names in versions:
            found = client._call(client._schemas.GetSchema, schema_service_pb2.GetSchemaRequest(name="notes", version=version))
            note = next(model for model in found.models if model.name == "Note")
            assert {member.name: member.number for member in [*note.fields, *note.relations]} == names, "an earlier version has the numbers that it had"
    for version, names in reversed(versions[:3]):
        assert apply("notes", "--to-version", version) == names, "the way back brings back what was"


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
