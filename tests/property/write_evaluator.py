"""What writes do, on rows in memory: simple, slow and obviously right. Written from semantics D and the comments of mutation.proto; it shares no code
with the engine. Documents are those of the document form."""

import copy

from write_world import BELONGS_TO, HAS_ONE, MANY_TO_MANY

COUNTS = ("created", "connected", "already_connected", "reassigned", "disconnected", "displaced", "updated", "deleted")


class Refused(Exception):
    """The request fails, and changes nothing."""


def refuse_if(condition, why):
    if condition:
        raise Refused(why)


class WriteEvaluator:
    """Applies one write to a world; a refused one leaves the world half-written, so give it a copy."""

    def __init__(self, world):
        self.world = world
        self.before = copy.deepcopy(world)
        self.effects = {}
        self.moved = {}  # by path: the ids of those that got another parent
        self.doomed = {}  # by relation and holder: what is deleted once nothing refers to it

    # --- requests

    def insert(self, model, document):
        for record in document["data"]:
            self.check_record(model, record)
        records = document["data"]
        rows = self.create(model, records, [None] * len(records), "")
        return self.answer(len(rows), len(rows))

    def update(self, model, document):
        self.check_record(model, document["data"])
        rows = [self.world.rows[model][id_] for id_ in sorted(self.world.rows[model]) if matches(self.world.rows[model][id_], document["where"])]
        if "expect" in document:
            refuse_if(len(rows) != document["expect"], "expectation")
        data = document["data"]
        self.check_single(model, data, len(rows))
        changed = self.update_rows(model, [(row, data) for row in rows], "")
        return self.answer(len(rows), changed)

    def delete(self, model, document):
        rows = [row for row in self.world.rows[model].values() if matches(row, document["where"])]
        self.delete_rows(model, rows)
        return self.answer(len(rows), len(rows))

    def upsert(self, model, document):
        for record in document["data"]:
            self.check_record(model, record)
        keep = document.get("on_conflict") == "keep"
        new, old, outcomes = [], [], []
        for record in document["data"]:
            found = self.world.find(model, {document["key"]: record[document["key"]]})
            outcomes.append("inserted" if found is None else "kept" if keep else "updated")
            (new if found is None else old).append((found, record))
        changed = 0
        if not keep:
            rest = [(row, {name: entry for name, entry in record.items() if name != document["key"]}) for row, record in old]
            written = [(row, record) for row, record in rest if record]
            changed = self.update_rows(model, written, "")
            outcomes = [outcome if outcome == "inserted" or len(document["data"][i]) > 1 else "kept" for i, outcome in enumerate(outcomes)]
        rows = self.create(model, [record for _, record in new], [None] * len(new), "")
        answer = self.answer(len(document["data"]), changed + len(rows))
        return {**answer, "outcomes": outcomes}

    def answer(self, matched, changed):
        relations = {path: {name: counts[name] for name in COUNTS if counts[name]} for path, counts in sorted(self.effects.items()) if any(counts.values())}
        return {"matched": matched, "changed": changed, "relations": relations}

    def count(self, path, name, by=1):
        counts = self.effects.setdefault(path, dict.fromkeys(COUNTS, 0))
        counts[name] += by

    # --- rows

    def put(self, model, row):
        table = self.world.rows[model]
        refuse_if(row["id"] in table or any(other["code"] == row["code"] for other in table.values()), "unique key")
        table[row["id"]] = row
        self.check_foreign_keys(model, row)

    def check_foreign_keys(self, model, row):
        for relation in self.world.relations[model].values():
            if relation.kind != BELONGS_TO or row[relation.field] is None:
                continue
            refuse_if(not self.world.related(relation, row), "foreign key leads nowhere")
            taken = [other for other in self.world.rows[model].values() if other is not row and other[relation.field] == row[relation.field]]
            refuse_if(relation.unique and taken, "one-to-one is taken")

    def delete_rows(self, model, rows):
        """Deletes rows, and does to what refers to them what their foreign keys say."""
        for row in rows:
            refuse_if(row["id"] not in self.world.rows[model], "gone already")
            del self.world.rows[model][row["id"]]
        for relation in self.world.foreign_keys():
            if relation.target != model:
                continue
            gone = {row[relation.refers] for row in rows}
            for holder in self.world.rows[relation.source].values():
                if holder[relation.field] in gone:
                    refuse_if(relation.required, "still referred to")
                    holder[relation.field] = None
        for of_model in self.world.relations.values():
            for relation in of_model.values():
                if relation.kind == MANY_TO_MANY and relation.source == model:
                    side = 0 if relation.forward else 1
                    links = self.world.links[relation.link]
                    links -= {pair for pair in links if pair[side] in {row["id"] for row in rows}}

    # --- new records

    def create(self, model, records, parents, path, given=None):
        """Inserts records, each with its parents before it and its children after it; returns their rows. `given` has the foreign key of each row."""
        rows = []
        for record, parent in zip(records, parents):
            row = {"id": record["id"], "code": record["code"], "n": record.get("n", 0), "t": record.get("t")}
            row.update({relation.field: None for relation in self.world.relations[model].values() if relation.kind == BELONGS_TO})
            if given is not None:
                row.update(given[len(rows)])
            rows.append(row)
        relations = self.world.relations[model]
        for name in sorted(relations):
            if relations[name].kind == BELONGS_TO:
                keys = self.write_parents(relations[name], [(row, record[name]) for row, record in zip(rows, records) if name in record], path, new=True)
                for row in rows:
                    row[relations[name].field] = keys.get(row["id"], row[relations[name].field])
        for row in rows:
            for relation in relations.values():
                refuse_if(relation.kind == BELONGS_TO and relation.required and row[relation.field] is None, "required")
        for row in rows:
            self.put(model, row)
        for name in sorted(relations):
            if relations[name].kind != BELONGS_TO:
                self.write_children(relations[name], [(row, record[name]) for row, record in zip(rows, records) if name in record], path, new=True)
        return rows

    # --- existing records

    def update_rows(self, model, rows, path):
        """Writes to rows, each what is beside it; returns how many were changed."""
        seen = set()
        for row, _ in rows:
            refuse_if(row["id"] in seen, "updated twice")
            seen.add(row["id"])
        relations = self.world.relations[model]
        touched, keys = set(), {}
        for name in sorted(relations):
            relation = relations[name]
            if relation.kind == BELONGS_TO:
                keys[relation.field] = self.write_parents(relation, [(row, data[name]) for row, data in rows if name in data], path, new=False)
        # What hangs on its parents may have deleted a row; that is written to no more.
        there = [(row, data) for row, data in rows if row["id"] in self.world.rows[model]]
        for row, data in there:
            for field, values in keys.items():
                if row["id"] in values:
                    touched.add(row["id"])
                    row[field] = values[row["id"]]
            for field in ("id", "code", "n", "t"):
                if field not in data:
                    continue
                touched.add(row["id"])
                entry = data[field]
                if isinstance(entry, dict):
                    (change, by), = entry.items()
                    row[field] = {"increment": row[field] + by, "multiply": row[field] * by, "decrement": row[field] - by}[change]
                    refuse_if(abs(row[field]) >= 2**31, "overflow")
                else:
                    row[field] = entry
        for row, _ in there:
            self.check_foreign_keys(model, row)
        for name in sorted(relations, key=lambda name: (relations[name].kind != BELONGS_TO, name)):
            relation = relations[name]
            if relation.kind == BELONGS_TO:
                for row, data in rows:
                    if data.get(name, {}).get("delete") and row["id"] in self.doomed.get(name, {}):
                        doomed = self.doomed[name].pop(row["id"])
                        if doomed["id"] in self.world.rows[relation.target]:
                            self.delete_rows(relation.target, [doomed])
                            self.count(join(path, name), "deleted")
            else:
                self.write_children(relation, [(row, data[name]) for row, data in rows if name in data], path, new=False)
        return len(touched)

    def check_single(self, model, data, matched):
        """What takes one parent is refused for several."""
        if matched < 2:
            return
        for name, relation in self.world.relations[model].items():
            write = data.get(name, {})
            if relation.kind == BELONGS_TO:
                refuse_if("create" in write and "sharing" not in write, "unsaid sharing")
                refuse_if("upsert" in write, "several upserts")
                one = "connect" in write or "connectOrCreate" in write or write.get("sharing") == "shared"
                refuse_if(one and relation.unique, "one-to-one of several")
            else:
                refuse_if("upsert" in write and relation.to_many, "several upserts")
                refuse_if(relation.kind != MANY_TO_MANY and ("connect" in write or "connectOrCreate" in write or write.get("set")), "several parents")

    # --- belongsTo

    def write_parents(self, relation, writes, path, new):
        """Writes what rows refer to; returns by id what their foreign keys become, which are written with the rows."""
        path = join(path, relation.name)
        if writes:
            self.count(path, "created", 0)
        target = relation.target
        keys = {}
        self.doomed.setdefault(relation.name, {})

        def refer(row, other):
            keys[row["id"]] = None if other is None else other[relation.refers]

        def held(row):
            """What the row refers to as the request found it."""
            return None if new else self.before.rows[relation.source].get(row["id"], row)[relation.field]

        def related(row):
            return self.world.related(relation, {**row, relation.field: held(row)})

        for row, write in writes:
            if write.get("disconnect"):
                self.count(path, "disconnected", held(row) is not None)
                refer(row, None)
            elif write.get("delete"):
                found = related(row)
                if found:
                    self.doomed[relation.name][row["id"]] = found[0]
                    refer(row, None)
        updates = []
        for row, write in writes:
            if "update" in write or "upsert" in write:
                verb = write.get("update") or write["upsert"]
                found = related(row)
                if "update" in write:
                    updates.append((row, found[0] if found else None, verb["data"]))
                elif found:
                    updates.append((row, found[0], verb["update"]))
        absent = {row["id"] for row, write in writes if "upsert" in write and not related(row)}
        self.update_related(updates, target, path)
        for row, write in writes:
            if row["id"] in absent:
                (other,) = self.create_counted(target, [write["upsert"]["create"]], path)
                refer(row, other)
        connects = [(row, write["connect"]) for row, write in writes if "connect" in write]
        for row, key in connects:
            other = self.before.find(target, key)
            refuse_if(other is None, "no such row")
            self.count(path, "already_connected" if held(row) == other[relation.refers] else "connected")
            refer(row, other)
        eithers = [(row, write["connectOrCreate"]) for row, write in writes if "connectOrCreate" in write]
        made = {}
        for row, either in eithers:
            key = tuple(either["key"].items())
            other = self.before.find(target, either["key"])
            if other is None:
                if key not in made:
                    made[key] = (self.create_counted(target, [{**either["create"], **either["key"]}], path)[0], either["create"])
                refuse_if(made[key][1] != either["create"], "created in two ways")
                refer(row, made[key][0])
                continue
            self.count(path, "already_connected" if held(row) == other[relation.refers] else "connected")
            refer(row, other)
        created = [(row, write["create"], write.get("sharing")) for row, write in writes if "create" in write]
        if created and created[0][2] == "shared":
            (other,) = self.create_counted(target, [created[0][1]], path)
            for row, _, _ in created:
                refer(row, other)
        elif created:
            for (row, _, _), other in zip(created, self.create_counted(target, [record for _, record, _ in created], path)):
                refer(row, other)
        if relation.unique:
            connects = any("connect" in write or "connectOrCreate" in write for _, write in writes)
            taking = [(row, keys.get(row["id"], row[relation.field])) for row, _ in writes] if connects else []
            taking = [(row, value) for row, value in taking if value is not None]
            refuse_if(len({value for _, value in taking}) < len(taking), "two take one place")
            ids = {row["id"] for row, _ in writes} if not new else set()
            for row, value in taking:
                for other in list(self.world.rows[relation.source].values()):
                    if other[relation.field] == value and (new or other["id"] != row["id"]):
                        self.displace(relation, other, path, moves=other["id"] in ids)
        return keys

    def displace(self, relation, other, path, moves=False):
        """Makes room; a row that the request `moves` elsewhere counts there."""
        refuse_if(relation.required, "occupied")
        other[relation.field] = None
        self.count(path, "displaced", not moves)

    def create_counted(self, model, records, path, given=None):
        rows = self.create(model, records, [None] * len(records), path, given)
        self.count(path, "created", len(rows))
        return rows

    def update_related(self, updates, model, path):
        """Updates found rows, each once; it is an error when what the request says once reaches no row."""
        if not updates:
            return
        refuse_if(not all_reached((data, row is not None) for _, row, data in updates), "nothing to update")
        self.count(path, "updated", self.update_rows(model, merged((row, data) for _, row, data in updates if row is not None), path))

    # --- the other kinds

    def write_children(self, relation, writes, path, new):
        if not writes:
            return
        path = join(path, relation.name)
        self.count(path, "created", 0)
        many, target = relation.kind == MANY_TO_MANY, relation.target
        writes = [(row, self.once(relation, write)) for row, write in writes]
        live = self.world.rows[target]
        links = self.world.links.get(relation.link)

        def was_related(row, other):
            if many:
                return self.world.pair(relation, row, other) in links
            before = self.before.rows[target].get(other["id"])
            here = self.before.rows[relation.source].get(row["id"])
            return before is not None and here is not None and before[relation.field] == here[relation.refers]

        def named(writes, verb, element_key=None, field=""):
            """The rows that a verb names (by the field), with their parents; of what the request says once for several parents, it is enough that one is related."""
            found, reached = [], []
            for row, write in writes:
                for element in write.get(verb, []):
                    key = element if element_key is None else element[element_key]
                    if field and field not in key:
                        continue
                    other = self.before.find(target, key)
                    ok = other is not None and other["id"] in live and was_related(row, live[other["id"]])
                    reached.append((element, ok))
                    if ok:
                        found.append((row, live[other["id"]], element))
            refuse_if(not all_reached(reached), "not related")
            return found

        # Removals: deletes, then what is disconnected.
        doomed = {other["id"]: other for row, write in writes for element in write.get("deleteMany", [])
                  for other in self.world.related(relation, row) if matches(other, element["where"])}
        self.delete_rows(target, list(doomed.values()))
        self.count(path, "deleted", len(doomed))
        if relation.to_many:
            doomed = list({other["id"]: other for _, other, _ in named(writes, "delete")}.values())
            self.delete_rows(target, doomed)
            self.count(path, "deleted", len(doomed))
        else:
            doomed = [other for row, write in writes if write.get("delete") for other in self.world.related(relation, row)]
            self.delete_rows(target, doomed)
            self.count(path, "deleted", len(doomed))
            for row, write in writes:
                for other in self.world.related(relation, row) if write.get("disconnect") else []:
                    other[relation.field] = None
                    self.count(path, "disconnected")
        if relation.to_many:
            for row, write in writes:
                for key in write.get("disconnect", []):
                    other = self.before.find(target, key)
                    if other is None or other["id"] not in live or not was_related(row, live[other["id"]]):
                        continue
                    if many:
                        pair = self.world.pair(relation, row, other)
                        self.count(path, "disconnected", pair in links)
                        links.discard(pair)
                    else:
                        self.count(path, "disconnected")
                        live[other["id"]][relation.field] = None
            kept = {}
            for row, write in writes:
                for key in write.get("set", []):
                    other = self.before.find(target, key)
                    refuse_if(other is None, "no such row")
                    kept.setdefault(row["id"], set()).add(other["id"])
            everywhere = set().union(*kept.values()) if kept else set()
            for row, write in writes:
                if "set" not in write:
                    continue
                for other in self.world.related(relation, row):
                    if many and other["id"] not in kept.get(row["id"], ()):
                        links.discard(self.world.pair(relation, row, other))
                        self.count(path, "disconnected")
                    elif not many and other["id"] not in everywhere:
                        other[relation.field] = None
                        self.count(path, "disconnected")
        # Updates.
        filters = {repr(element["where"]) for _, write in writes for element in write.get("updateMany", [])}
        for where in sorted(filters):
            found = [(other, element["data"]) for row, write in writes for element in write.get("updateMany", []) if repr(element["where"]) == where
                     for other in self.world.related(relation, row) if matches(other, element["where"])]
            self.count(path, "updated", self.update_rows(target, merged(found), path))
        if relation.to_many:
            for field in ("id", "code"):
                elements = [(row, other, element["data"]) for row, other, element in named(writes, "update", "key", field)]
                self.update_related(elements, target, path)
            for field in ("id", "code"):
                self.upsert_children(relation, [(row, element) for row, write in writes for element in write.get("upsert", []) if field in element["key"]],
                                     path, was_related, links)
        else:
            updates = [(row, (self.world.related(relation, row) or [None])[0], write["update"]["data"]) for row, write in writes if "update" in write]
            self.update_related(updates, target, path)
            current = {row["id"]: self.world.related(relation, row) for row, write in writes if "upsert" in write}
            there = [(row, current[row["id"]][0], write["upsert"]["update"]) for row, write in writes if "upsert" in write and current[row["id"]]]
            self.update_related(there, target, path)
            absent = [(row, write["upsert"]["create"]) for row, write in writes if "upsert" in write and not current[row["id"]]]
            self.create_children(relation, absent, path)
        # Additions.
        for verb in ("set", "connect"):
            for field in ("id", "code"):
                self.connect_children(relation, [(row, key) for row, write in writes for key in as_list(write.get(verb, [])) if field in key], path, new)
        for field in ("id", "code"):
            eithers = [(row, either) for row, write in writes for either in as_list(write.get("connectOrCreate", [])) if field in either["key"]]
            self.connect_or_create(relation, eithers, path, new)
        created = [(row, record) for row, write in writes for record in as_list(write.get("create", []))]
        if relation.kind == HAS_ONE and not new:
            self.vacate(relation, created, path)
        self.create_children(relation, created, path)

    def once(self, relation, write):
        """Returns the write with each row named once by a verb, whatever the key."""
        if not relation.to_many:
            return write
        unique = dict(write)
        for verb in ("connect", "disconnect", "set", "delete"):
            named = {}
            for key in write.get(verb, []):
                other = self.before.find(relation.target, key)
                named.setdefault(tuple(key.items()) if other is None else other["id"], key)
            if verb in write:
                unique[verb] = list(named.values())
        return unique

    def check_record(self, model, record):
        """Checks all that hangs on a record, whether it will be carried out or not."""
        for name, relation in self.world.relations[model].items():
            write = record.get(name, {})
            self.check_names(relation, write)
            for element in as_list(write.get("create", [])):
                self.check_record(relation.target, element)
            for verb, parts in (("connectOrCreate", ["create"]), ("update", ["data"]), ("upsert", ["create", "update"])):
                for element in as_list(write.get(verb, [])):
                    for part in parts:
                        self.check_record(relation.target, element[part])

    def check_names(self, relation, write):
        """No row is named twice under one parent but by the same verb that says no more than its key."""
        if relation.to_many:
            seen = {}
            for verb in ("connect", "connectOrCreate", "disconnect", "set", "update", "upsert", "delete"):
                for element in write.get(verb, []):
                    key = element["key"] if verb in ("connectOrCreate", "update", "upsert") else element
                    other = self.before.find(relation.target, key)
                    if other is None:
                        continue
                    refuse_if(other["id"] in seen and (seen[other["id"]] != verb or verb in ("connectOrCreate", "update", "upsert")), "said two things")
                    seen[other["id"]] = verb

    def vacate(self, relation, pairs, path, ours=()):
        """Makes room for what is put below the rows of pairs; of `ours` each is the other of its pair."""
        for number, (row, _) in enumerate(pairs):
            for other in list(self.world.rows[relation.target].values()):
                if other[relation.field] == row[relation.refers] and not (ours and ours[number] == other["id"]):
                    self.displace(relation, other, path, moves=other["id"] in ours)

    def create_children(self, relation, pairs, path):
        if not pairs:
            return
        if relation.kind == MANY_TO_MANY:
            rows = self.create_counted(relation.target, [record for _, record in pairs], path)
            for (row, _), other in zip(pairs, rows):
                self.link(relation, row, other)
            return
        given = [{relation.field: row[relation.refers]} for row, _ in pairs]
        self.create_counted(relation.target, [record for _, record in pairs], path, given)

    def connect_children(self, relation, pairs, path, new):
        target, done = self.world.rows[relation.target], set()
        found = []
        for row, key in pairs:
            other = self.before.find(relation.target, key)
            refuse_if(other is None or other["id"] not in target, "no such row")
            if (row["id"], other["id"]) not in done:
                found.append((row, target[other["id"]]))
                done.add((row["id"], other["id"]))
        self.relate(relation, found, path, new)

    def relate(self, relation, pairs, path, new):
        if relation.kind == MANY_TO_MANY:
            links = self.world.links[relation.link]
            for row, other in pairs:
                self.count(path, "already_connected" if self.world.pair(relation, row, other) in links else "connected")
                self.link(relation, row, other)
            return
        ids = [other["id"] for _, other in pairs]
        moved = self.moved.setdefault(path, set())
        refuse_if(len(set(ids)) < len(ids) or moved & set(ids), "two parents")
        moved |= set(ids)
        if relation.kind == HAS_ONE and not new:
            self.vacate(relation, pairs, path, ids)
        for row, other in pairs:
            before = self.before.rows[relation.target][other["id"]]
            here = self.before.rows[relation.source].get(row["id"])
            if here is not None and before[relation.field] == here[relation.refers]:
                self.count(path, "already_connected")
                continue
            refuse_if(row["id"] not in self.world.rows[relation.source], "deleted by this very request")
            self.count(path, "connected")
            self.count(path, "reassigned", before[relation.field] is not None)
            other[relation.field] = row[relation.refers]

    def link(self, relation, row, other):
        refuse_if(row["id"] not in self.world.rows[relation.source] or other["id"] not in self.world.rows[relation.target], "deleted by this very request")
        self.world.links[relation.link].add(self.world.pair(relation, row, other))

    def connect_or_create(self, relation, pairs, path, new):
        if not pairs:
            return
        there = [(row, self.before.find(relation.target, either["key"]), either) for row, either in pairs]
        absent = [(row, either) for row, other, either in there if other is None]
        live = self.world.rows[relation.target]
        refuse_if(any(other is not None and other["id"] not in live for _, other, _ in there), "deleted by this very request")
        if relation.kind == MANY_TO_MANY:
            made = {}
            for row, either in absent:
                key = tuple(either["key"].items())
                refuse_if(key in made and made[key] != either["create"], "created in two ways")
                made.setdefault(key, either["create"])
            rows = self.create_counted(relation.target, [{**record, **dict(key)} for key, record in made.items()], path)
            rows = dict(zip(made, rows))
            for row, either in absent:
                self.link(relation, row, rows[tuple(either["key"].items())])
            self.relate(relation, [(row, live[other["id"]]) for row, other, _ in there if other is not None], path, new)
            return
        keys = [tuple(either["key"].items()) for _, either in absent]
        refuse_if(len(set(keys)) < len(keys), "created twice")
        self.relate(relation, [(row, live[other["id"]]) for row, other, _ in there if other is not None], path, new)
        records = [(row, {**either["create"], **either["key"]}) for row, either in absent]
        if relation.kind == HAS_ONE and not new:
            self.vacate(relation, records, path)
        self.create_children(relation, records, path)

    def upsert_children(self, relation, pairs, path, was_related, links):
        if not pairs:
            return
        there = [(row, self.before.find(relation.target, element["key"]), element) for row, element in pairs]
        absent = [(row, element) for row, other, element in there if other is None]
        keys = [tuple(element["key"].items()) for _, element in absent]
        refuse_if(len(set(keys)) < len(keys), "created twice")
        found = [(row, other, element) for row, other, element in there if other is not None]
        live = self.world.rows[relation.target]
        related = [(row, other, element, other["id"] in live and was_related(row, live[other["id"]])) for row, other, element in found]
        refuse_if(not all_reached((element, ok) for _, _, element, ok in related), "not related")
        self.update_related([(row, live[other["id"]], element["update"]) for row, other, element, ok in related if ok], relation.target, path)
        self.create_children(relation, [(row, {**element["create"], **element["key"]}) for row, element in absent], path)


def matches(row, where):
    """Evaluates the few filters that are drawn: a list of ids, or a bound of n."""
    if "id" in where:
        return row["id"] in where["id"]["in"]
    return row["n"] is not None and row["n"] >= where["n"]["gte"]


def all_reached(entries):
    """Tells whether everything that the request says reached a row: of what it says once for several rows (all that an update matches, and what hangs
    on them), it is enough that one did. Entries are the part of the request, which is one object for all of them, and whether it did."""
    reached = {}
    for said, ok in entries:
        reached[id(said)] = reached.get(id(said), False) or ok
    return all(reached.values())


def merged(updates):
    """Returns the rows and what is written to them, each once where the request says it once."""
    return list({(row["id"], id(data)): (row, data) for row, data in updates}.values())


def as_list(operand):
    return operand if isinstance(operand, list) else [operand]


def join(path, name):
    return f"{path}.{name}" if path else name
