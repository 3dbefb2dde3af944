"""Small worlds for writes: models with plain keys and every kind of relation between them, and their rows in memory."""

import dataclasses
import itertools

BELONGS_TO, HAS_ONE, HAS_MANY, MANY_TO_MANY = "belongs_to", "has_one", "has_many", "many_to_many"
MODELS = ("Ant", "Bee", "Cow")


@dataclasses.dataclass(frozen=True)
class Relation:
    """One end of a relation. Of a foreign key, `field` is its name at the holder and `refers` what it refers to; `unique` and `required` are the
    foreign key's. Of a junction, `link` names it and `forward` tells whether its left end is here."""

    name: str
    kind: str
    source: str
    target: str
    field: str = ""
    refers: str = "id"
    unique: bool = False
    required: bool = False
    link: str = ""
    forward: bool = True

    @property
    def to_many(self):
        return self.kind in (HAS_MANY, MANY_TO_MANY)


@dataclasses.dataclass
class World:
    """Rows are dicts by field, by model and id; links are sets of (left id, right id). Everything a write can see."""

    name: str
    relations: dict  # by model, by name
    rows: dict
    links: dict

    def foreign_keys(self):
        return [relation for of_model in self.relations.values() for relation in of_model.values() if relation.kind == BELONGS_TO]

    def find(self, model, key):
        """Returns the row with the key, or None."""
        (field, value), = key.items()
        return next((row for row in self.rows[model].values() if row[field] == value), None)

    def related(self, relation, row):
        """Returns the rows at the other end, by id."""
        targets = self.rows[relation.target]
        if relation.kind == MANY_TO_MANY:
            pairs = self.links[relation.link]
            ids = {right for left, right in pairs if left == row["id"]} if relation.forward else {left for left, right in pairs if right == row["id"]}
            return [targets[id_] for id_ in sorted(ids)]
        if relation.kind == BELONGS_TO:
            value = row[relation.field]
            return [other for other in targets.values() if value is not None and other[relation.refers] == value]
        return [targets[id_] for id_ in sorted(targets) if targets[id_][relation.field] == row[relation.refers]]

    def pair(self, relation, row, other):
        return (row["id"], other["id"]) if relation.forward else (other["id"], row["id"])


def draw_world(rng, name):
    """Draws models and their relations; there are no rows yet."""
    relations = {model: {} for model in MODELS}

    def add(relation):
        relations[relation.source][relation.name] = relation

    for number, (holder, target) in enumerate(itertools.chain(
            rng.sample(list(itertools.permutations(MODELS, 2)), 4), [(rng.choice(MODELS),) * 2])):
        # Only a later model may require an earlier one, or there could be no first row.
        later = MODELS.index(holder) > MODELS.index(target)
        unique, required = rng.random() < 0.4, later and rng.random() < 0.4
        shared = dict(field=f"up{number}Id", refers=rng.choice(["id", "id", "code"]), unique=unique, required=required)
        add(Relation(f"up{number}", BELONGS_TO, holder, target, **shared))
        add(Relation(f"down{number}", HAS_ONE if unique else HAS_MANY, target, holder, **shared))
    for number in range(2):
        left, right = rng.choice(MODELS), rng.choice(MODELS)
        add(Relation(f"left{number}", MANY_TO_MANY, left, right, link=f"link{number}"))
        add(Relation(f"right{number}", MANY_TO_MANY, right, left, link=f"link{number}", forward=False))
    return World(name, relations, {model: {} for model in MODELS}, {f"link{number}": set() for number in range(2)})


def schema_document(world):
    """Returns the schema in the document form."""
    models = {}
    for model, of_model in world.relations.items():
        relations = {}
        for relation in of_model.values():
            if relation.kind == BELONGS_TO:
                relations[relation.name] = {"belongs_to": relation.target, "fields": [relation.field], "references": [relation.refers],
                                            "nullable": not relation.required, "unique": relation.unique}
            elif relation.kind == MANY_TO_MANY:
                sides = ["left_id", "right_id"] if relation.forward else ["right_id", "left_id"]
                other = relation.name.replace("left", "right") if relation.forward else relation.name.replace("right", "left")
                relations[relation.name] = {"many_to_many": relation.target, "inverse": other,
                                            "junction": {"table": relation.link, "source_columns": sides[:1], "target_columns": sides[1:]}}
            else:
                relations[relation.name] = {relation.kind: relation.target, "inverse": relation.name.replace("down", "up")}
        models[model] = {
            "fields": {"id": {"type": "int32", "primary": True}, "code": {"type": "int32", "unique": True}, "n": {"type": "int32", "default": 0},
                       "t": {"type": "text", "nullable": True}},
            "relations": relations,
        }
    return {"schema": world.name, "database_schema": world.name, "models": models}
