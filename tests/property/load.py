"""Registers a world's schema and writes its rows, through the server alone."""

from stubs import data, mutation, schema_service
from values import to_wire
from world import MANY_TO_MANY, schema_proto


def load(server, world):
    """Applies the schema, inserts all rows, and connects what junctions link."""
    server.schemas.ApplySchema(schema_service.ApplySchemaRequest(schema=schema_proto(world)), timeout=30)
    for model in world.models.values():
        records = []
        for row in world.rows[model.name]:
            records.append(mutation.RecordInput(values={name: to_wire(model.fields[name].type, value) for name, value in row.items()}))
        if records:
            server.data.Insert(data.InsertRequest(schema=world.name, model=model.name, data=records), timeout=30)
    for model in world.models.values():
        for relation in model.relations.values():
            if relation.kind == MANY_TO_MANY and relation.forward:
                connect(server, world, model, relation)


def connect(server, world, model, relation):
    """Writes a junction, one row of this end at a time."""
    target = world.models[relation.target]
    for row in world.rows[model.name]:
        keys = [there for here, there in world.links[relation.link] if here == model.key_of(row)]
        if not keys:
            continue
        request = data.UpdateRequest(schema=world.name, model=model.name)
        for name in model.key:
            part = request.where.all_of.filters.add().field
            part.field, part.operator = name, 1
            part.value.CopyFrom(to_wire(model.fields[name].type, row[name]))
        write = request.data.relations[relation.name]
        for key in keys:
            write.connect.add(primary=[to_wire(target.fields[name].type, value) for name, value in zip(target.key, key)])
        answer = server.data.Update(request, timeout=30)
        assert answer.effects.matched == 1 and answer.effects.relations[0].connected == len(keys), answer
