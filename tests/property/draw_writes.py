"""Draws writes for a world of write_world, as documents: mostly ones that can be carried out, with a share that cannot."""

from write_world import BELONGS_TO, HAS_ONE, MANY_TO_MANY, MODELS


class WriteDrawer:
    """Draws requests for the world as it is now. New keys are never drawn twice, unless a clash is meant."""

    def __init__(self, rng, world, first):
        self.rng, self.world, self.next = rng, world, first

    def fresh(self):
        self.next += 1
        return self.next

    def chance(self, share):
        return self.rng.random() < share

    # --- requests

    def request(self):
        """Returns a verb, a model and a document."""
        model = self.rng.choice(MODELS)
        verb = self.rng.choices(["insert", "update", "upsert", "delete"], [3, 6, 1, 1])[0]
        return verb, model, getattr(self, verb)(model)

    def insert(self, model):
        return {"data": [self.record(model, 1) for _ in range(self.rng.choice([1, 1, 2]))]}

    def update(self, model):
        where = self.where(model)
        count = sum(row["id"] in where["id"]["in"] for row in self.world.rows[model].values()) if "id" in where else 2
        data = self.data(model, 1, several=count != 1)
        if not data:
            data = {"n": 1}
        document = {"data": data, "where": where}
        if self.chance(0.1):
            document["expect"] = count if self.chance(0.7) else 7
        return document

    def delete(self, model):
        return {"where": self.where(model)}

    def upsert(self, model):
        key = self.rng.choice(["id", "code"])
        records, taken = [], set()
        for _ in range(self.rng.choice([1, 2, 3])):
            record = {**self.record(model, 2), "id": self.fresh(), "code": self.fresh()}
            if self.chance(0.5) and self.world.rows[model]:
                row = self.rng.choice(list(self.world.rows[model].values()))
                if row["id"] not in taken:
                    record = {key: row[key], **{name: entry for name, entry in record.items() if name not in ("id", "code")}}
                    record = {**record, **({"code": row["code"], "id": row["id"]})}
                    taken.add(row["id"])
            records.append(record)
        document = {"data": records, "key": key}
        if self.chance(0.3):
            document["on_conflict"] = "keep"
        return document

    def where(self, model):
        ids = list(self.world.rows[model])
        if self.chance(0.15) or not ids:
            return {"n": {"gte": self.rng.randint(0, 6)}}
        return {"id": {"in": self.rng.sample(ids, min(len(ids), self.rng.choice([1, 1, 1, 2])))}}

    # --- records

    def key(self, model, existing=0.93):
        rows = list(self.world.rows[model].values())
        if rows and self.chance(existing):
            row = self.rng.choice(rows)
            field = self.rng.choice(["id", "code"])
            return {field: row[field]}
        return {self.rng.choice(["id", "code"]): self.fresh()}

    def record(self, model, depth, parent=None, key=None):
        """Draws a new record; `parent` is the relation that leads to it, `key` what it is known by."""
        record = {"id": self.fresh(), "code": self.fresh()}
        if self.chance(0.04) and self.world.rows[model]:
            record["code"] = self.rng.choice(list(self.world.rows[model].values()))["code"]
        if key is not None:
            record.pop(next(iter(key)))
        if self.chance(0.6):
            record["n"] = self.rng.randint(0, 9)
        if self.chance(0.4):
            record["t"] = self.rng.choice(["a", "b", None])
        inverse = parent.name.replace("down", "up") if parent is not None and parent.kind not in (BELONGS_TO, MANY_TO_MANY) else None
        for relation in self.world.relations[model].values():
            if relation.name == inverse:
                continue
            if relation.kind == BELONGS_TO and relation.required:
                record[relation.name] = self.write(relation, depth, new=True)
            elif depth < 3 and self.chance(0.22):
                record[relation.name] = self.write(relation, depth, new=True)
        return record

    def data(self, model, depth, several=False):
        """Draws what is written to existing rows."""
        data = {}
        if self.chance(0.5):
            data["n"] = self.rng.choice([3, {"increment": 2}, {"multiply": 2}, {"decrement": 1}])
        if self.chance(0.3):
            data["t"] = self.rng.choice(["x", None])
        for relation in self.world.relations[model].values():
            if depth < 3 and self.chance(0.3 if depth == 1 else 0.15):
                data[relation.name] = self.write(relation, depth, new=False, several=several)
        return data

    def either(self, relation, depth):
        key = self.key(relation.target, existing=0.5)
        return {"key": key, "create": self.record(relation.target, depth + 1, relation, key)}

    def write(self, relation, depth, new, several=False):
        target = relation.target
        if not relation.to_many:
            verbs = ["create", "connect", "connectOrCreate"]
            if not new:
                verbs += ["update", "upsert"]
                if not relation.required or relation.kind == HAS_ONE:
                    verbs += ["delete"]
                if not relation.required:
                    verbs += ["disconnect"]
            verb = self.rng.choice(verbs)
            if verb in ("disconnect", "delete"):
                return {verb: True}
            if verb == "create":
                write = {verb: self.record(target, depth + 1, relation)}
                if relation.kind == BELONGS_TO and not new and several and self.chance(0.7):
                    write["sharing"] = "shared"
                return write
            if verb == "connect":
                return {verb: self.key(target)}
            if verb == "connectOrCreate":
                return {verb: self.either(relation, depth)}
            if verb == "update":
                return {verb: {"data": self.data(target, depth + 1) or {"n": 4}}}
            return {verb: {"create": self.record(target, depth + 1, relation), "update": self.data(target, depth + 1)}}
        write = {}
        verbs = ["create", "connect", "connectOrCreate"]
        if not new:
            verbs += ["update", "upsert", "delete", "updateMany", "deleteMany"]
            if not relation.required:
                verbs += ["disconnect", "set"]
        for verb in self.rng.sample(verbs, self.rng.choice([1, 1, 2])):
            if verb in ("connect", "connectOrCreate", "disconnect") and "set" in write or verb == "set" and write.keys() & {"connect", "connectOrCreate", "disconnect"}:
                continue
            count = self.rng.choice([1, 2])
            if verb == "create":
                write[verb] = [self.record(target, depth + 1, relation) for _ in range(count)]
            elif verb in ("connect", "set"):
                write[verb] = [self.key(target) for _ in range(count)]
            elif verb == "disconnect":
                write[verb] = [self.related_key(relation) for _ in range(count)]
            elif verb == "delete":
                write[verb] = [self.related_key(relation)]
            elif verb == "connectOrCreate":
                write[verb] = [self.either(relation, depth) for _ in range(count)]
            elif verb == "update":
                write[verb] = [{"key": self.related_key(relation), "data": self.data(target, depth + 1) or {"n": 5}}]
            elif verb == "upsert":
                key = self.related_key(relation) if self.chance(0.6) else self.key(target, existing=0)
                write[verb] = [{"key": key, "create": self.record(target, depth + 1, relation, key), "update": self.data(target, depth + 1)}]
            elif verb == "updateMany":
                write[verb] = [{"where": {"n": {"gte": self.rng.randint(0, 4)}}, "data": {"n": {"increment": 1}}}]
            else:
                write[verb] = [{"where": {"n": {"gte": self.rng.randint(5, 9)}}}]
        return write

    def related_key(self, relation):
        """Mostly the key of a row that some row is related to."""
        related = [other for row in self.world.rows[relation.source].values() for other in self.world.related(relation, row)]
        if not related or self.chance(0.1):
            return self.key(relation.target)
        row = self.rng.choice(related)
        field = self.rng.choice(["id", "code"])
        return {field: row[field]}
