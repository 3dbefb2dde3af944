"""The document form of schemas: from a dict to rowan.v1.Schema, and back.

>>> to_schema({"schema": "blog", "models": {"Role": {"fields": {"name": {"type": "string", "primary": True}}}}}).name
'blog'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Iterable

from rowan import values
from rowan._generated.rowan.v1 import schema_pb2 as pb
from rowan.errors import DocumentError, nearest

SCALARS: dict[str, int] = {
    name.removeprefix("SCALAR_TYPE_").lower(): number for name, number in pb.ScalarType.items() if number
}
_SYNONYMS = {"boolean": "bool", "dateTime": "timestamp"}
GENERATORS = {
    "now": pb.DEFAULT_GENERATOR_NOW,
    "uuid": pb.DEFAULT_GENERATOR_UUID,
    "identity": pb.DEFAULT_GENERATOR_IDENTITY,
}
KINDS = {
    "belongs_to": pb.RELATION_KIND_BELONGS_TO,
    "has_one": pb.RELATION_KIND_HAS_ONE,
    "has_many": pb.RELATION_KIND_HAS_MANY,
    "many_to_many": pb.RELATION_KIND_MANY_TO_MANY,
}
ACTIONS = {
    "no action": pb.REFERENTIAL_ACTION_NO_ACTION,
    "restrict": pb.REFERENTIAL_ACTION_RESTRICT,
    "cascade": pb.REFERENTIAL_ACTION_CASCADE,
    "set null": pb.REFERENTIAL_ACTION_SET_NULL,
    "set default": pb.REFERENTIAL_ACTION_SET_DEFAULT,
}
POLICIES = {"move": pb.OWNERSHIP_POLICY_MOVE, "fail": pb.OWNERSHIP_POLICY_FAIL}
DISPLACEMENTS = {"detach": pb.DISPLACEMENT_POLICY_DETACH, "delete": pb.DISPLACEMENT_POLICY_DELETE}

_SCHEMA_KEYS = ("schema", "database_schema", "description", "models")
_MODEL_KEYS = (
    "table",
    "database_schema",
    "description",
    "primary_key",
    "primary_key_name",
    "unique",
    "indexes",
    "checks",
    "fields",
    "relations",
    "read_only",
    "renamed_from",
)
_FIELD_KEYS = (
    "type",
    "generated",
    "renamed_from",
    "column",
    "primary",
    "unique",
    "index",
    "nullable",
    "optional",
    "default",
    "read_only",
    "version",
    "description",
    "labels",
    "native",
)
_JUNCTION_NAMES = (
    "table",
    "model",
    "source_relation",
    "target_relation",
    "primary_key_name",
    "source_constraint_name",
    "target_constraint_name",
    "index_name",
)
_JUNCTION_COLUMNS = ("source_columns", "target_columns")
_ACTION_KEYS = ("on_update", "on_delete")
_JUNCTION_KEYS = (*_JUNCTION_NAMES, *_JUNCTION_COLUMNS, *_ACTION_KEYS)
_RELATION_KEYS = (
    *KINDS,
    "renamed_from",
    "inverse",
    "fields",
    "references",
    "constraint_name",
    "on_update",
    "on_delete",
    "index",
    "nullable",
    "optional",
    "required",
    "unique",
    "junction",
    "on_connect_owned",
    "on_displaced",
    "description",
)
_TYPE = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_]*)\s*(?:\(\s*(\d{1,10})\s*(?:,\s*(\d{1,10})\s*)?\))?\s*(\[\s*\])?\s*", re.ASCII
)
_INT32_MAX = 2**31 - 1


# --- in ---------------------------------------------------------------------------------------------------------------


def to_schema(document: Any) -> pb.Schema:
    """Returns the Schema that a document stands for.

    Raises:
        DocumentError: when the document is not of the form, for example for an unknown key or type.
    """
    _object(document, "", "a schema", _SCHEMA_KEYS)
    if "schema" not in document:
        raise DocumentError("schema", 'a schema needs "schema", its name')
    result = pb.Schema(name=_text(document, "schema", ""))
    result.database_schema = _text(document, "database_schema", "")
    result.description = _text(document, "description", "")
    models = _object(document.get("models") or {}, "models", "the models")
    for name, model in models.items():
        _model(result.models.add(name=_name(name, "models")), model, f"models.{name}", models)
    return result


def _model(target: pb.Model, document: Any, path: str, models: Mapping[str, Any]) -> None:
    _object(document, path, "a model", _MODEL_KEYS)
    for key in ("table", "database_schema", "description", "primary_key_name", "renamed_from"):
        setattr(target, key, _text(document, key, path))
    target.read_only = _flag(document, "read_only", path)
    for name, field in _object(document.get("fields") or {}, f"{path}.fields", "the fields").items():
        _field(target.fields.add(name=_name(name, f"{path}.fields")), field, f"{path}.fields.{name}")
    relations = _object(document.get("relations") or {}, f"{path}.relations", "the relations")
    for name, relation in relations.items():
        _relation(target.relations.add(name=_name(name, f"{path}.relations")), relation, f"{path}.relations.{name}")

    def keys(entry: Any, place: str) -> list[str]:
        return [column for name in _names(entry, place) for column in _key_fields(name, relations, models)]

    if "primary_key" in document:
        target.primary_key.extend(keys(document["primary_key"], f"{path}.primary_key"))
    for entry, place in _entries(document, "unique", path):
        if isinstance(entry, Mapping):
            _object(entry, place, "a unique key", ("fields", "name"))
            target.unique_keys.add(
                fields=keys(entry.get("fields"), f"{place}.fields"), name=_text(entry, "name", place)
            )
        else:
            target.unique_keys.add(fields=keys(entry, place))
    for entry, place in _entries(document, "indexes", path):
        if isinstance(entry, Mapping):
            _object(entry, place, "an index", ("fields", "name", "unique", "predicate"))
            target.indexes.add(
                fields=keys(entry.get("fields"), f"{place}.fields"),
                name=_text(entry, "name", place),
                unique=_flag(entry, "unique", place),
                predicate=_text(entry, "predicate", place),
            )
        else:
            target.indexes.add(fields=keys(entry, place))
    for name, expression in _object(document.get("checks") or {}, f"{path}.checks", "the checks").items():
        if not isinstance(expression, str):
            raise DocumentError(f"{path}.checks.{name}", f"{expression!r} stands where an SQL expression is needed")
        target.checks.add(name=_name(name, f"{path}.checks"), expression=expression)


def _key_fields(name: str, relations: Mapping[str, Any], models: Mapping[str, Any]) -> Iterable[str]:
    """Returns the fields that a name in a key stands for: of the foreign key when a belongsTo relation has the name."""
    relation = relations.get(name)
    if not isinstance(relation, Mapping) or "belongs_to" not in relation:
        return [name]
    if relation.get("fields"):
        return _names(relation["fields"], f"relations.{name}.fields")
    target = models.get(relation["belongs_to"]) if isinstance(relation["belongs_to"], str) else None
    references = (
        relation.get("references") or (target.get("primary_key") if isinstance(target, Mapping) else None) or []
    )
    if isinstance(target, Mapping) and not references and isinstance(target.get("fields"), Mapping):
        references = [
            key for key, field in target["fields"].items() if isinstance(field, Mapping) and field.get("primary")
        ]
    if not isinstance(references, (list, tuple)) or len(references) < 2:
        return [f"{name}Id"]
    return [f"{name}{str(reference)[:1].upper()}{str(reference)[1:]}" for reference in references]


def _field(target: pb.Field, document: Any, path: str) -> None:
    if isinstance(document, str):
        document = {"type": document}
    _object(document, path, "a field", _FIELD_KEYS)
    if "type" not in document:
        raise DocumentError(f"{path}.type", 'a field needs "type", for example string')
    _type(target.type, document["type"], f"{path}.type")
    for key in ("column", "description", "generated", "renamed_from"):
        setattr(target, key, _text(document, key, path))
    for key in ("primary", "unique", "index", "nullable", "optional", "read_only", "version"):
        setattr(target, key, _flag(document, key, path))
    if "labels" in document:
        target.type.labels.extend(_names(document["labels"], f"{path}.labels"))
    if document.get("native") is not None:
        _native(target.type, document["native"], f"{path}.native")
    if "default" in document:
        default = document["default"]
        if isinstance(default, Mapping) and set(default) == {"expression"}:
            target.default.expression = _text(default, "expression", f"{path}.default")
        elif isinstance(default, Mapping) and set(default) == {"generator"}:
            target.default.generator = _choice(
                default["generator"], GENERATORS, f"{path}.default.generator", "generator"
            )
        else:
            values.fill(target.default.literal, default, f"{path}.default")


def _native(target: pb.FieldType, document: Any, path: str) -> None:
    """Reads "inet", or {name: bpchar, schema: pg_catalog, modifiers: [3]}."""
    if not isinstance(document, Mapping):
        document = {"name": document}
    _object(document, path, "a native type", ("name", "schema", "modifiers"))
    target.native_type = _text(document, "name", path)
    target.native_schema = _text(document, "schema", path)
    modifiers = document.get("modifiers") or []
    if not isinstance(modifiers, (list, tuple)):
        raise DocumentError(f"{path}.modifiers", "a list is needed")
    for i, modifier in enumerate(modifiers):
        if type(modifier) is not int or not -(2**31) <= modifier < 2**31:
            raise DocumentError(f"{path}.modifiers[{i}]", "a whole number is needed")
        target.native_modifiers.append(modifier)


def _type(target: pb.FieldType, text: Any, path: str) -> None:
    match = _TYPE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise DocumentError(path, f"{text!r} is no type; write one like string, string(200), decimal(12,2) or text[]")
    word, first, second, array = match.groups()
    name = _SYNONYMS.get(word, word)
    if name not in SCALARS:
        known = [*SCALARS, *_SYNONYMS]
        raise DocumentError(path, f'there is no type "{word}"{nearest(word, known)}; there are {", ".join(known)}')
    target.scalar = SCALARS[name]
    target.array = array is not None
    numbers = [int(number) for number in (first, second) if number is not None]
    if any(number > _INT32_MAX for number in numbers):
        raise DocumentError(path, f"{max(numbers)} is larger than {_INT32_MAX}")
    if numbers and name == "string" and len(numbers) == 1:
        target.length = numbers[0]
    elif numbers and name == "decimal":
        target.precision = numbers[0]
        if len(numbers) == 2:
            target.scale = numbers[1]
    elif numbers:
        raise DocumentError(path, f"{text!r} is no type: only string(n), decimal(p) and decimal(p,s) take numbers")


def _relation(target: pb.Relation, document: Any, path: str) -> None:
    _object(document, path, "a relation", _RELATION_KEYS)
    kinds = [kind for kind in KINDS if kind in document]
    if len(kinds) != 1:
        said = " and ".join(kinds) or "none"
        raise DocumentError(
            path, f"a relation needs exactly one of {', '.join(KINDS)} with the target's name; it has {said}"
        )
    target.kind = KINDS[kinds[0]]
    target.target = _text(document, kinds[0], path)
    for key in ("inverse", "constraint_name", "description", "renamed_from"):
        setattr(target, key, _text(document, key, path))
    for key in ("index", "nullable", "optional", "required", "unique"):
        setattr(target, key, _flag(document, key, path))
    for key in ("fields", "references"):
        if key in document:
            getattr(target, key).extend(_names(document[key], f"{path}.{key}"))
    _actions(target, document, path)
    if "on_connect_owned" in document:
        target.on_connect_owned = _choice(document["on_connect_owned"], POLICIES, f"{path}.on_connect_owned", "policy")
    if "on_displaced" in document:
        target.on_displaced = _choice(document["on_displaced"], DISPLACEMENTS, f"{path}.on_displaced", "policy")
    if "junction" in document:
        place = f"{path}.junction"
        junction = _object(document["junction"], place, "a junction", _JUNCTION_KEYS)
        for key in _JUNCTION_NAMES:
            setattr(target.junction, key, _text(junction, key, place))
        for key in _JUNCTION_COLUMNS:
            if key in junction:
                getattr(target.junction, key).extend(_names(junction[key], f"{place}.{key}"))
        _actions(target.junction, junction, place)


def _actions(target: Any, document: Mapping[str, Any], path: str) -> None:
    for key in _ACTION_KEYS:
        if key in document:
            word = document[key]
            word = re.sub(r"[-_ ]+", " ", word) if isinstance(word, str) else word
            setattr(target, key, _choice(word, ACTIONS, f"{path}.{key}", "action"))


def _entries(document: Mapping[str, Any], key: str, path: str) -> list[tuple[Any, str]]:
    entries = document.get(key)
    if entries is None:
        return []
    if not isinstance(entries, (list, tuple)):
        raise DocumentError(f"{path}.{key}", f"{entries!r} stands where a list is needed")
    return [(entry, f"{path}.{key}[{index}]") for index, entry in enumerate(entries)]


def _names(entry: Any, path: str) -> list[str]:
    if not isinstance(entry, (list, tuple)):
        raise DocumentError(path, f"{entry!r} stands where a list of names is needed")
    for index, name in enumerate(entry):
        if not isinstance(name, str):
            raise DocumentError(f"{path}[{index}]", f"{name!r} stands where a name is needed; write it in quotes")
    return list(entry)


def _text(document: Mapping[str, Any], key: str, path: str) -> str:
    text = document.get(key, "")
    if not isinstance(text, str):
        raise DocumentError(_join(path, key), f"{text!r} stands where a text is needed")
    return text


def _flag(document: Mapping[str, Any], key: str, path: str) -> bool:
    flag = document.get(key, False)
    if not isinstance(flag, bool):
        raise DocumentError(_join(path, key), f"{flag!r} stands where true or false is needed")
    return flag


def _choice(word: Any, known: Mapping[str, int], path: str, what: str) -> int:
    if not isinstance(word, str) or word not in known:
        raise DocumentError(path, f"{word!r} is no {what}{nearest(word, known)}; there are {', '.join(known)}")
    return known[word]


def _object(document: Any, path: str, what: str, known: Iterable[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise DocumentError(path, f"{document!r:.80} stands where {what} is needed, an object")
    if known is not None:
        for key in document:
            if key not in known:
                # {type: decimal(10,2)} is read as the type "decimal(10" and a key "2)".
                cut = str(key).endswith(")") and "(" not in str(key)
                quoted = '; within braces, what has a comma is written in quotes, like "decimal(10,2)"' if cut else ""
                message = f'"{key}" is no key of {what}{nearest(key, known)}{quoted}; there are {", ".join(known)}'
                raise DocumentError(_join(path, str(key)), message)
    return document


def _name(name: Any, path: str) -> str:
    if not isinstance(name, str):
        raise DocumentError(path, f"the name {name!r} is no text; write it in quotes")
    return name


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# --- out --------------------------------------------------------------------------------------------------------------


def from_schema(schema: pb.Schema) -> dict[str, Any]:
    """Returns the document of a Schema, without what is at its default, and without `version` and `apply_time`."""
    result: dict[str, Any] = {"schema": schema.name}
    _put(result, schema, "database_schema", "description")
    result["models"] = {model.name: _from_model(model) for model in schema.models}
    return result


def _from_model(model: pb.Model) -> dict[str, Any]:
    result: dict[str, Any] = {}
    _put(result, model, "table", "database_schema", "description", "read_only", "renamed_from")
    _put(result, model, "primary_key", "primary_key_name")
    if model.unique_keys:
        result["unique"] = [_put({"fields": list(key.fields)}, key, "name") for key in model.unique_keys]
    if model.indexes:
        result["indexes"] = [
            _put({"fields": list(index.fields)}, index, "name", "unique", "predicate") for index in model.indexes
        ]
    if model.checks:
        result["checks"] = {check.name: check.expression for check in model.checks}
    result["fields"] = {field.name: _from_field(field) for field in model.fields}
    if model.relations:
        result["relations"] = {relation.name: _from_relation(relation) for relation in model.relations}
    return result


def _from_field(field: pb.Field) -> dict[str, Any]:
    result: dict[str, Any] = {"type": type_text(field.type)}
    _put(result, field, "column", "primary", "unique", "index", "nullable", "optional", "read_only", "version")
    _put(result, field, "generated", "description", "renamed_from")
    if field.type.labels:
        result["labels"] = list(field.type.labels)
    if field.type.native_type:
        result["native"] = _from_native(field.type)
    kind = field.default.WhichOneof("kind")
    if kind == "generator":
        result["default"] = {"generator": _word(GENERATORS, field.default.generator)}
    elif kind == "expression":
        result["default"] = {"expression": field.default.expression}
    elif kind == "literal":
        result["default"] = _from_default(field.default.literal)
    return result


def _from_native(field_type: pb.FieldType) -> Any:
    if not field_type.native_schema and not field_type.native_modifiers:
        return field_type.native_type
    result: dict[str, Any] = {"name": field_type.native_type}
    if field_type.native_schema:
        result["schema"] = field_type.native_schema
    if field_type.native_modifiers:
        result["modifiers"] = list(field_type.native_modifiers)
    return result


def _from_default(value: Any) -> Any:
    """Returns a literal as a Python value, wrapped where the plain value would be read as something else."""
    kind = value.WhichOneof("kind")
    if kind is None:
        return None
    plain = values.from_value(value)
    if kind == "json_value":
        return {"$json": plain}
    # What Python cannot hold as a value of its own comes as text, and only the kind tells it from a text.
    if isinstance(plain, str) and kind in ("timestamp_value", "date_value", "time_value"):
        return {"$" + kind.removesuffix("_value"): plain}
    return plain


def type_text(field_type: pb.FieldType) -> str:
    """Returns a type as it is written in a schema, for example "decimal(12,2)" or "text[]"."""
    text = _word(SCALARS, field_type.scalar)
    if field_type.HasField("length"):
        text += f"({field_type.length})"
    elif field_type.HasField("precision"):
        text += (
            f"({field_type.precision},{field_type.scale})"
            if field_type.HasField("scale")
            else f"({field_type.precision})"
        )
    return text + ("[]" if field_type.array else "")


def _from_relation(relation: pb.Relation) -> dict[str, Any]:
    result: dict[str, Any] = {_word(KINDS, relation.kind): relation.target}
    _put(result, relation, "inverse", "fields", "references", "constraint_name")
    _put_actions(result, relation)
    _put(result, relation, "index", "nullable", "optional", "required", "unique")
    if relation.HasField("junction"):
        junction = _put({}, relation.junction, *_JUNCTION_NAMES, *_JUNCTION_COLUMNS)
        result["junction"] = _put_actions(junction, relation.junction)
    if relation.on_connect_owned:
        result["on_connect_owned"] = _word(POLICIES, relation.on_connect_owned)
    if relation.on_displaced:
        result["on_displaced"] = _word(DISPLACEMENTS, relation.on_displaced)
    return _put(result, relation, "description", "renamed_from")


def _put_actions(result: dict[str, Any], message: Any) -> dict[str, Any]:
    for key in _ACTION_KEYS:
        if getattr(message, key):
            result[key] = _word(ACTIONS, getattr(message, key))
    return result


def _put(result: dict[str, Any], message: Any, *names: str) -> dict[str, Any]:
    """Copies the named attributes that are not at their defaults; gives back `result`."""
    for name in names:
        value: Any = getattr(message, name)
        if not isinstance(value, (str, bool)):
            value = list(value)
        if value:
            result[name] = value
    return result


def _word(known: Mapping[str, int], number: int) -> str:
    return next((word for word, value in known.items() if value == number), f"unknown ({number})")
