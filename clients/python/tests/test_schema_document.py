"""Schemas as documents, in both directions, and the text they are written in."""

import decimal
import math

import pytest

from rowan import DocumentError, schema_document, text
from rowan._generated.rowan.v1 import schema_pb2 as pb

BLOG = """
schema: blog
database_schema: app
description: A blog
models:
  User:
    table: users
    unique: [[name, role], {fields: [bio], name: uq_bio}]
    indexes: [{fields: [role, name], name: idx_x, unique: true, predicate: "id > 0"}, [name]]
    checks: {positive_id: "id > 0"}
    fields:
      id: {type: auto_increment, primary: true}
      name: string
      bio: {type: string(200), optional: true}
      price: decimal(12,2)
      whole: decimal(5)
      any: decimal
      labels: "text[]"
      mood: {type: enum, labels: [sad, ok], native: mood, default: ok}
      created: {type: dateTime, default: {generator: now}, read_only: true}
      active: {type: boolean, default: true, column: is_active}
      score: {type: number, default: 1.50}
      extra: {type: json, default: {$json: {a: 1}}}
    relations:
      role: {belongs_to: Role, constraint_name: fk_users_role_id, on_update: cascade, on_delete: set-null, index: true}
      profile: {has_one: Profile, on_connect_owned: fail}
      posts: {has_many: Post, inverse: user}
      groups: {many_to_many: Group, junction: {table: group_users, source_columns: [user_id], target_columns:
          [group_id]}}
  Membership:
    primary_key: [site, number]
    fields: {site: int32, number: int32}
  Visit:
    primary_key: [member, day]
    fields: {day: date}
    relations:
      member: {belongs_to: Membership}
"""


def blog():
    return schema_document.to_schema(text.parse(BLOG))


def test_a_schema_keeps_every_attribute():
    schema = blog()
    user = schema.models[0]
    fields = {field.name: field for field in user.fields}
    relations = {relation.name: relation for relation in user.relations}
    assert (schema.name, schema.database_schema, schema.description) == ("blog", "app", "A blog")
    assert [list(key.fields) for key in user.unique_keys] == [["name", "roleId"], ["bio"]]
    assert user.unique_keys[1].name == "uq_bio"
    assert list(user.indexes[0].fields) == ["roleId", "name"] and user.indexes[0].unique
    assert user.indexes[0].predicate == "id > 0" and list(user.indexes[1].fields) == ["name"]
    assert (user.checks[0].name, user.checks[0].expression) == ("positive_id", "id > 0")
    assert fields["id"].primary and fields["id"].type.scalar == pb.SCALAR_TYPE_AUTO_INCREMENT
    assert fields["bio"].type.length == 200 and fields["bio"].optional and not fields["name"].type.HasField("length")
    assert (fields["price"].type.precision, fields["price"].type.scale) == (12, 2)
    assert fields["whole"].type.precision == 5 and not fields["whole"].type.HasField("scale")
    assert not fields["any"].type.HasField("precision")
    assert fields["labels"].type.array and fields["labels"].type.scalar == pb.SCALAR_TYPE_TEXT
    assert list(fields["mood"].type.labels) == ["sad", "ok"] and fields["mood"].type.native_type == "mood"
    assert fields["mood"].default.literal.text_value == "ok"
    assert fields["created"].default.generator == pb.DEFAULT_GENERATOR_NOW and fields["created"].read_only
    assert fields["created"].type.scalar == pb.SCALAR_TYPE_TIMESTAMP
    assert fields["active"].default.literal.bool_value and fields["active"].column == "is_active"
    assert fields["score"].default.literal.decimal_value == "1.50"
    assert fields["extra"].default.literal.json_value == '{"a":1}'
    assert (
        relations["role"].kind == pb.RELATION_KIND_BELONGS_TO
        and relations["role"].target == "Role"
        and relations["role"].index
    )
    assert relations["role"].on_delete == pb.REFERENTIAL_ACTION_SET_NULL
    assert relations["profile"].on_connect_owned == pb.OWNERSHIP_POLICY_FAIL
    assert relations["posts"].inverse == "user"
    assert list(relations["groups"].junction.target_columns) == ["group_id"]


def test_a_relation_in_a_key_stands_for_all_fields_of_its_key():
    assert list(blog().models[2].primary_key) == ["memberSite", "memberNumber", "day"]


def test_a_schema_comes_back_without_loss():
    schema = blog()
    document = schema_document.from_schema(schema)
    assert schema_document.to_schema(document) == schema
    assert document["models"]["User"]["fields"]["name"] == {"type": "string"}


@pytest.mark.parametrize("word", ["set null", "set-null", "set_null", "set  null"])
def test_actions_take_blanks_dashes_and_underscores(word):
    relation = {"belongs_to": "B", "on_delete": word}
    schema = schema_document.to_schema({"schema": "s", "models": {"A": {"fields": {}, "relations": {"b": relation}}}})
    assert schema.models[0].relations[0].on_delete == pb.REFERENTIAL_ACTION_SET_NULL


@pytest.mark.parametrize("name", [*schema_document.SCALARS])
def test_every_type_comes_back(name):
    field = {"type": "enum", "labels": ["a"]} if name == "enum" else {"type": name}
    document = {"schema": "s", "models": {"A": {"fields": {"f": field}}}}
    assert schema_document.from_schema(schema_document.to_schema(document)) == document


def model(**parts):
    return {"schema": "s", "models": {"A": parts}}


MISTAKES = [
    ([], "", "a schema"),
    ({"models": {}}, "schema", "its name"),
    ({"schema": "s", "modles": {}}, "modles", '"models"'),
    ({"schema": 5, "models": {}}, "schema", "text"),
    ({"schema": "s", "models": []} | {"models": [1]}, "models", "the models"),
    (model(feilds={}), "models.A.feilds", '"fields"'),
    (model(fields={"f": "strng"}), "models.A.fields.f.type", '"string"'),
    (model(fields={"f": "string(1,2)"}), "models.A.fields.f.type", "take numbers"),
    (model(fields={"f": "int32(4)"}), "models.A.fields.f.type", "take numbers"),
    (model(fields={"f": "string(99999999999)"}), "models.A.fields.f.type", "no type"),
    (model(fields={"f": "string(9999999999)"}), "models.A.fields.f.type", "larger"),
    (model(fields={"f": "text[][]"}), "models.A.fields.f.type", "no type"),
    (model(fields={"f": {"type": 5}}), "models.A.fields.f.type", "no type"),
    (model(fields={"f": {"primary": True}}), "models.A.fields.f.type", "needs"),
    (model(fields={"f": {"type": "text", "primary": "yes"}}), "models.A.fields.f.primary", "true or false"),
    (model(fields={"f": {"type": "text", "primry": True}}), "models.A.fields.f.primry", '"primary"'),
    (
        model(fields={"f": {"type": "uuid", "default": {"generator": "uid"}}}),
        "models.A.fields.f.default.generator",
        '"uuid"',
    ),
    (model(fields={"f": {"type": "text", "default": object()}}), "models.A.fields.f.default", "not a value"),
    (model(fields={"f": {"type": "enum", "labels": "a"}}), "models.A.fields.f.labels", "list of names"),
    (model(fields={"f": {"type": "enum", "labels": ["a", 1]}}), "models.A.fields.f.labels[1]", "in quotes"),
    (model(relations={"r": {}}), "models.A.relations.r", "exactly one"),
    (model(relations={"r": {"has_one": "B", "has_many": "B"}}), "models.A.relations.r", "has_one and has_many"),
    (model(relations={"r": "B"}), "models.A.relations.r", "a relation"),
    (model(relations={"r": {"belongs_to": "B", "on_delete": "drop"}}), "models.A.relations.r.on_delete", "no action"),
    (model(relations={"r": {"belongs_to": ["B"]}}), "models.A.relations.r.belongs_to", "text"),
    (
        model(relations={"r": {"many_to_many": "B", "junction": {"tabel": "x"}}}),
        "models.A.relations.r.junction.tabel",
        '"table"',
    ),
    (model(unique="name"), "models.A.unique", "a list"),
    (model(unique=["name"]), "models.A.unique[0]", "list of names"),
    (model(indexes=[{"fields": "name"}]), "models.A.indexes[0].fields", "list of names"),
    (model(checks={"c": 5}), "models.A.checks.c", "SQL"),
    (model(primary_key="id"), "models.A.primary_key", "list of names"),
]


@pytest.mark.parametrize("document, path, said", MISTAKES)
def test_mistakes_are_found_at_their_path(document, path, said):
    with pytest.raises(DocumentError) as caught:
        schema_document.to_schema(document)
    assert caught.value.path == path
    assert said in caught.value.message


TEXTS = [
    ('{"a": [1, 2.50, true, null, "x"]}', {"a": [1, decimal.Decimal("2.50"), True, None, "x"]}),
    ("a: yes\non: off\nn: ~\nempty:\n", {"a": "yes", "on": "off", "n": None, "empty": None}),
    ("- 012\n- 0x1F\n- 0o17\n- -3\n- 1e3\n- 12:30\n", [12, 31, 15, -3, decimal.Decimal(1000), "12:30"]),
    ("- 2024-01-01\n- 1.2.3\n- '5'\n- -.inf\n", ["2024-01-01", "1.2.3", "5", -math.inf]),
    ("", None),
]


@pytest.mark.parametrize("source, document", TEXTS)
def test_text_is_read_without_surprises(source, document):
    assert text.parse(source) == document


@pytest.mark.parametrize(
    "source, said",
    [
        ("a: 1\na: 2\n", 'line 2: the key "a" appears twice'),
        ("a: [1, 2", "line 1"),
        ("a: &x 1\nb: *x\n", "line 2: aliases"),
        ("a: !!python/object/apply:os.getcwd []\n", "line 1"),
        ("1: 2\n", "line 1: the key 1"),
        ("a: \x07", "not YAML"),
        ("[" * 200 + "]" * 200, "nested more than"),
        ("[" * 100_000, "nested more than"),
        ("a: !!int x", "cannot be read"),
        ("--- a\n--- b\n", "not YAML"),
    ],
)
def test_text_that_is_not_a_document_is_refused_with_its_line(source, said):
    with pytest.raises(DocumentError) as caught:
        text.parse(source)
    assert said in caught.value.message


def test_paths_and_texts_are_told_apart(tmp_path):
    path = tmp_path / "blog.yaml"
    path.write_text("schema: ü\n", encoding="utf-8")
    assert text.load(path) == text.load(str(path)) == text.load("schema: ü") == {"schema": "ü"}
    with pytest.raises(FileNotFoundError):
        text.load("missing.yaml")
