"""A world: models, the rows of their tables, and the links of their junctions, all in memory."""

import dataclasses

from stubs import schema
from values import Type, rank, same

BELONGS_TO, HAS_ONE, HAS_MANY, MANY_TO_MANY = 1, 2, 3, 4


@dataclasses.dataclass
class Field:
    """One field of a model. `declared` is the scalar that the schema gives when it is another word for the type's."""

    name: str
    type: Type
    nullable: bool = False
    unique: bool = False
    column: str = ""
    declared: int = 0


@dataclasses.dataclass
class Relation:
    """One end of a relation. `pairs` are (field here, field there); of a junction, `link` names it and `forward` tells whether its left end is here. A
    foreign key that is `late` refers to rows that are written after its own."""

    name: str
    kind: int
    target: str
    pairs: tuple = ()
    link: str = ""
    forward: bool = True
    inverse: str = ""
    late: bool = False

    @property
    def to_many(self):
        return self.kind in (HAS_MANY, MANY_TO_MANY)


@dataclasses.dataclass
class Model:
    """One model; its fields and relations by name. `implied` are the fields that its relations add."""

    name: str
    fields: dict
    key: list
    relations: dict = dataclasses.field(default_factory=dict)
    implied: set = dataclasses.field(default_factory=set)
    table: str = ""

    def key_of(self, row):
        return tuple(row[name] for name in self.key)


@dataclasses.dataclass
class World:
    """Everything a request can see. Rows are dicts by field; links are (key of the left row, key of the right row)."""

    name: str
    models: dict
    rows: dict = dataclasses.field(default_factory=dict)
    links: dict = dataclasses.field(default_factory=dict)

    def keys_of(self, model):
        """Returns the names of the fields of each key that no two rows share."""
        return [model.key, *([field.name] for field in model.fields.values() if field.unique), *(
            [near for _, near in relation.pairs] for other in self.models.values() for relation in other.relations.values()
            if relation.kind == HAS_ONE and relation.target == model.name)]

    def related(self, model, relation, row):
        """Returns the rows at the other end: a join over lists."""
        target = self.models[relation.target]
        if relation.kind == MANY_TO_MANY:
            here, there = (0, 1) if relation.forward else (1, 0)
            keys = [link[there] for link in self.links[relation.link] if link[here] == model.key_of(row)]
            return [other for other in self.rows[target.name] if target.key_of(other) in keys]
        return [other for other in self.rows[target.name] if all(
            row[near] is not None and other[far] is not None and
            same(model.fields[near].type, row[near], other[far]) for near, far in relation.pairs)]

    def follow(self, model, path, row):
        """Follows to-one relations; returns the last model, and its row or None."""
        for name in path:
            relation = model.relations[name]
            found = self.related(model, relation, row) if row is not None else []
            model, row = self.models[relation.target], found[0] if found else None
        return model, row

    def key_rank(self, model, row):
        return tuple(rank(model.fields[name].type, row[name]) for name in model.key)


def field_proto(field):
    """Returns the field as a schema has it."""
    proto = schema.Field(name=field.name, column=field.column, nullable=field.nullable, unique=field.unique)
    proto.type.scalar, proto.type.array = field.declared or field.type.scalar, field.type.array
    if field.type.length:
        proto.type.length = field.type.length
    if field.type.precision:
        proto.type.precision, proto.type.scale = field.type.precision, field.type.scale
    proto.type.labels.extend(field.type.labels)
    proto.type.native_type = field.type.enum_name
    return proto


def schema_proto(world):
    """Returns the schema to register."""
    proto = schema.Schema(name=world.name, database_schema=world.name)
    for model in world.models.values():
        added = proto.models.add(name=model.name, table=model.table)
        added.fields.extend(field_proto(field) for field in model.fields.values() if field.name not in model.implied)
        added.primary_key.extend(model.key)
        for relation in model.relations.values():
            end = added.relations.add(name=relation.name, kind=relation.kind, target=relation.target, inverse=relation.inverse)
            if relation.kind == BELONGS_TO:
                end.fields.extend(near for near, _ in relation.pairs)
                end.references.extend(far for _, far in relation.pairs)
                end.nullable = any(model.fields[near].nullable for near, _ in relation.pairs)
            if relation.kind == MANY_TO_MANY and relation.target == model.name:
                names = [[f"{side}_{name.lower()}" for name in model.key] for side in ("left", "right")]
                source, target = names if relation.forward else reversed(names)
                end.junction.source_columns.extend(source)
                end.junction.target_columns.extend(target)
            if relation.kind == MANY_TO_MANY:
                end.junction.table = relation.link
    return proto
