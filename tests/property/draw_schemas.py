"""Draws schemas as documents, and changes of them: additions, drops, renames, other types, keys, checks, defaults and relations."""

import copy

# The types that fields are drawn from, and SQL for the value of row `n`.
VALUES = {
    "int16": "n", "int32": "n", "int64": "n", "float32": "n / 2.0", "float64": "n / 2.0", "decimal(12,2)": "n / 4.0", "decimal": "n / 8.0", "bool": "n % 2 = 0",
    "string(20)": "'s' || n", "string(40)": "'s' || n", "string": "'s' || n", "text": "'t' || n", "bytes": "decode(md5(n::text), 'hex')", "uuid": "md5(n::text)::uuid",
    "date": "date '2024-01-01' + n", "time": "time '00:00' + n * interval '1 minute'", "timestamp": "timestamptz '2024-01-01 00:00+00' + n * interval '1 hour'",
    "local_timestamp": "timestamp '2024-01-01 00:00' + n * interval '1 hour'", "json": "jsonb_build_object('n', n)", "int32[]": "ARRAY[n, n + 1]", "text[]": "ARRAY['a', 'b' || n]",
}
TYPES = list(VALUES)
DEFAULTS = {"int16": 7, "int32": 7, "int64": 7, "bool": True, "string(20)": "d'f", "string(40)": "d'f", "string": "d", "text": "", "decimal(12,2)": "1.50", "decimal": "2", "float64": 1.5}
GENERATORS = {"timestamp": "now", "local_timestamp": "now", "date": "now", "time": "now", "uuid": "uuid"}
LABELS = ["low", "mid", "high", "it's"]
ACTIONS = ["restrict", "cascade", "set null", "no action"]


class SchemaDrawer:
    """Draws from one random source. Names are never used twice, so that what has one name is one thing."""

    def __init__(self, rng, name, database_schema):
        self.rng = rng
        self.counter = 0
        self.name = name
        self.database_schema = database_schema

    def fresh(self, prefix):
        self.counter += 1
        return f"{prefix}{self.counter}"

    def schema(self):
        document = {"schema": self.name, "database_schema": self.database_schema, "models": {}}
        for _ in range(self.rng.randint(1, 4)):
            self.add_model(document)
        for _ in range(self.rng.randint(0, 4)):
            self.add_relation(document)
        return document

    def change(self, document):
        """Returns a version that follows: what was renamed says so, and says nothing of earlier renames."""
        after = copy.deepcopy(document)
        for model in after["models"].values():
            model.pop("renamed_from", None)
            for part in [*model["fields"].values(), *model["relations"].values()]:
                part.pop("renamed_from", None)
        edits = [self.add_model, self.drop_model, self.rename_model, self.add_field, self.add_field, self.drop_field, self.rename_field, self.retype_field, self.retype_field,
                 self.toggle_null, self.toggle_default, self.toggle_unique, self.toggle_index, self.edit_labels, self.add_key, self.drop_key, self.edit_check, self.add_relation, self.drop_relation,
                 self.rename_relation, self.edit_action]
        for _ in range(self.rng.randint(1, 5)):
            self.rng.choice(edits)(after)
        return after

    # --- models

    def add_model(self, document):
        fields = {"id": {"type": self.rng.choice(["auto_increment", "auto_increment", "int32", "uuid", "text"]), "primary": True}}
        model = {"fields": fields, "relations": {}, "indexes": [], "unique": [], "checks": {}}
        if self.rng.random() < 0.2:
            fields["part"] = {"type": "int32", "primary": True}
        for _ in range(self.rng.randint(1, 5)):
            fields[self.fresh("f")] = self.field()
        document["models"][self.fresh("M")] = model

    def drop_model(self, document):
        if len(document["models"]) < 2:
            return
        gone = self.rng.choice(sorted(document["models"]))
        del document["models"][gone]
        for model in document["models"].values():
            for name, relation in list(model["relations"].items()):
                if gone in relation.values():
                    del model["relations"][name]

    def rename_model(self, document):
        former = self.rng.choice(sorted(document["models"]))
        if "renamed_from" in document["models"][former]:
            return
        name = self.fresh("M")
        model = document["models"].pop(former)
        model["renamed_from"] = former
        if self.rng.random() < 0.3:
            model.setdefault("table", former.lower())
        document["models"][name] = model
        for other in document["models"].values():
            for relation in other["relations"].values():
                for kind in ("belongs_to", "has_many", "has_one", "many_to_many"):
                    if relation.get(kind) == former:
                        relation[kind] = name

    # --- fields

    def field(self):
        if self.rng.random() < 0.15:
            field = {"type": "enum", "labels": self.rng.sample(LABELS, self.rng.randint(2, 4))}
            if self.rng.random() < 0.5:
                field["native"] = self.fresh("mood")
        else:
            field = {"type": self.rng.choice(TYPES)}
        field["nullable"] = self.rng.random() < 0.6
        self.set_default(field, 0.3)
        field["index"] = self.rng.random() < 0.2 and field["type"] != "json"
        return field

    def set_default(self, field, chance):
        field.pop("default", None)
        if self.rng.random() >= chance:
            return
        if field["type"] in DEFAULTS:
            field["default"] = DEFAULTS[field["type"]]
        elif field["type"] in GENERATORS:
            field["default"] = {"generator": GENERATORS[field["type"]]}
        elif field["type"] == "enum":
            field["default"] = self.rng.choice(field["labels"])

    def pick(self, document):
        """Returns a model and the name of one of its fields that is in no key, or None."""
        model = document["models"][self.rng.choice(sorted(document["models"]))]
        names = [name for name, field in model["fields"].items() if not field.get("primary")]
        return model, self.rng.choice(names) if names else None

    def used(self, model, name):
        return any(name in entry["fields"] for entry in [*model["indexes"], *model["unique"]]) or any(f'"{name}"' in check for check in model["checks"].values())

    def add_field(self, document):
        model, _ = self.pick(document)
        field = self.field()
        if self.rng.random() < 0.8:
            field["nullable"] = True
        model["fields"][self.fresh("f")] = field

    def drop_field(self, document):
        model, name = self.pick(document)
        if name and not self.used(model, name):
            del model["fields"][name]

    def rename_field(self, document):
        model, name = self.pick(document)
        if not name or "renamed_from" in model["fields"][name] or self.used(model, name):
            return
        field = model["fields"].pop(name)
        field["renamed_from"] = name
        model["fields"][self.fresh("f")] = field

    def retype_field(self, document):
        model, name = self.pick(document)
        if not name or model["fields"][name]["type"] == "enum" or self.used(model, name):
            return
        field = model["fields"][name]
        field["type"] = self.rng.choice(TYPES)
        field["index"] = field["index"] and field["type"] != "json"
        field["unique"] = field.get("unique", False) and field["type"] != "json"
        self.set_default(field, 0.3)

    def toggle_null(self, document):
        model, name = self.pick(document)
        if name:
            model["fields"][name]["nullable"] = not model["fields"][name]["nullable"]

    def toggle_default(self, document):
        model, name = self.pick(document)
        if name:
            self.set_default(model["fields"][name], 0.6)

    def toggle_unique(self, document):
        model, name = self.pick(document)
        if name and model["fields"][name]["type"] not in ("json", "bool", "enum"):
            model["fields"][name]["unique"] = not model["fields"][name].get("unique")

    def toggle_index(self, document):
        model, name = self.pick(document)
        if name and model["fields"][name]["type"] != "json":
            model["fields"][name]["index"] = not model["fields"][name]["index"]

    def edit_labels(self, document):
        model, name = self.pick(document)
        if not name or model["fields"][name]["type"] != "enum":
            return
        field = model["fields"][name]
        spare = [label for label in LABELS if label not in field["labels"]]
        if spare and self.rng.random() < 0.6:
            field["labels"].insert(self.rng.randint(0, len(field["labels"])), spare[0])
        elif self.rng.random() < 0.5:
            self.rng.shuffle(field["labels"])
        elif len(field["labels"]) > 1:
            field["labels"].pop()
        if field.get("default") not in field["labels"]:
            field.pop("default", None)

    # --- keys, indexes and checks

    def add_key(self, document):
        model, _ = self.pick(document)
        names = [name for name, field in model["fields"].items() if field["type"] not in ("json", "enum") and "renamed_from" not in field]
        fields = self.rng.sample(names, min(len(names), self.rng.randint(1, 2)))
        entry = {"fields": fields, "name": self.fresh("k")}
        if self.rng.random() < 0.4:
            model["unique"].append({**entry, "fields": [*fields, "id"] if "id" not in fields else fields})
        else:
            partial = {"predicate": f'"{self.column(fields[0])}" IS NOT NULL'} if self.rng.random() < 0.4 else {}
            model["indexes"].append({**entry, "unique": self.rng.random() < 0.2 and "id" in fields, **partial})

    def drop_key(self, document):
        model, _ = self.pick(document)
        entries = self.rng.choice([model["unique"], model["indexes"]])
        if entries:
            entries.pop()

    def edit_check(self, document):
        model, name = self.pick(document)
        if model["checks"] and self.rng.random() < 0.4:
            model["checks"].popitem()
        elif name and not any("renamed_from" in field for field in model["fields"].values()):
            model["checks"][self.fresh("c")] = f'"{name}" IS NULL OR char_length("{name}"::text)<{self.rng.choice([1000, 2000])}'

    @staticmethod
    def column(name):
        return name.lower()

    # --- relations

    def add_relation(self, document):
        source, target = (self.rng.choice(sorted(document["models"])) for _ in range(2))
        relations = document["models"][source]["relations"]
        kind = self.rng.choice(["belongs_to", "belongs_to", "many_to_many"])
        name = self.fresh("r")
        if kind == "belongs_to":
            relations[name] = {"belongs_to": target, "nullable": True, "index": self.rng.random() < 0.5, "on_delete": self.rng.choice(ACTIONS)}
            if self.rng.random() < 0.5:
                document["models"][target]["relations"][self.fresh("r")] = {self.rng.choice(["has_many", "has_many", "has_one"]): source, "inverse": name}
        elif source != target and not self.linked(document, source, target):
            relations[name] = {"many_to_many": target, "junction": {"table": f"j_{name}"}}

    @staticmethod
    def linked(document, *pair):
        """Two of the kind between the same models would be one another's inverses."""
        return any(relation.get("many_to_many") in pair for name in pair for relation in document["models"][name]["relations"].values())

    def drop_relation(self, document):
        model = document["models"][self.rng.choice(sorted(document["models"]))]
        names = [name for name in model["relations"] if not self.inverse_of(document, name)]
        if names:
            del model["relations"][self.rng.choice(names)]

    @staticmethod
    def inverse_of(document, name):
        return any(relation.get("inverse") == name for model in document["models"].values() for relation in model["relations"].values())

    def rename_relation(self, document):
        model = document["models"][self.rng.choice(sorted(document["models"]))]
        names = [name for name, relation in model["relations"].items() if "renamed_from" not in relation and not self.inverse_of(document, name)]
        if not names:
            return
        former = self.rng.choice(names)
        relation = model["relations"].pop(former)
        relation["renamed_from"] = former
        model["relations"][self.fresh("r")] = relation

    def edit_action(self, document):
        for model in document["models"].values():
            for relation in model["relations"].values():
                if "belongs_to" in relation and self.rng.random() < 0.5:
                    relation["on_delete"] = self.rng.choice(ACTIONS)
