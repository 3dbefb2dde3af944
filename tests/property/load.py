"""Registers a world's schema and writes its rows, through the server alone."""

from answers import read_record
from stubs import data, mutation, query, schema_service
from values import printed, to_wire
from world import MANY_TO_MANY, schema_proto


def load(server, world):
    """Applies the schema, inserts all rows, sets the foreign keys that come late, and connects what junctions link."""
    server.schemas.ApplySchema(schema_service.ApplySchemaRequest(schema=schema_proto(world)), timeout=30)
    late = {(model.name, near) for model in world.models.values() for relation in model.relations.values() if relation.late for near, _ in relation.pairs}
    for model in world.models.values():
        insert(server, world, model, {near for name, near in late if name == model.name})
    for model in world.models.values():
        for relation in model.relations.values():
            if relation.late:
                for row in world.rows[model.name]:
                    update(server, world, model, row, mutation.RecordInput(values=wires(model, row, [near for near, _ in relation.pairs])))
            if relation.kind == MANY_TO_MANY and relation.forward:
                connect(server, world, model, relation)


def wires(model, row, names):
    return {name: to_wire(model.fields[name].type, row[name]) for name in names}


def insert(server, world, model, late):
    """Inserts a model's rows, every other of them without its nulls; what is returned are the rows."""
    records = []
    for index, row in enumerate(world.rows[model.name]):
        names = [name for name in row if name not in late and (index % 2 or row[name] is not None)]
        records.append(mutation.RecordInput(values=wires(model, row, names)))
    if not records:
        return
    request = data.InsertRequest(schema=world.name, model=model.name, data=records, returning=query.Selection(fields=["*"]))
    answer = server.data.Insert(request, timeout=30)
    expected = [{name: None if name in late else printed(field.type, row[name]) for name, field in model.fields.items()} for row in world.rows[model.name]]
    assert [read_record(answer.shape, record)["values"] for record in answer.records] == expected


def update(server, world, model, row, changes):
    """Changes the row of a key."""
    request = data.UpdateRequest(schema=world.name, model=model.name, data=changes)
    for name, value in wires(model, row, model.key).items():
        part = request.where.all_of.filters.add().field
        part.field, part.operator = name, query.OPERATOR_EQ
        part.value.CopyFrom(value)
    answer = server.data.Update(request, timeout=30)
    assert answer.effects.matched == 1, answer
    return answer


def connect(server, world, model, relation):
    """Writes a junction, one row of this end at a time."""
    target = world.models[relation.target]
    for row in world.rows[model.name]:
        keys = [there for here, there in world.links[relation.link] if here == model.key_of(row)]
        if keys:
            changes = mutation.RecordInput()
            for key in keys:
                changes.relations[relation.name].connect.add(primary=[to_wire(target.fields[name].type, value) for name, value in zip(target.key, key)])
            answer = update(server, world, model, row, changes)
            assert answer.effects.relations[0].connected == len(keys), answer
