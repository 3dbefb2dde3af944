"""The server's answers as the trees that the evaluator makes, with the checks that belong to every answer."""

from stubs import value as v1
from values import Type, from_wire, has_kind, printed


def type_of(proto):
    """Returns the type that a shape tells."""
    return Type(proto.scalar, proto.array)


def read_value(field, wire):
    """Returns a value printed; it must have the kind that its type promises, and be null only where the shape says so."""
    type_ = type_of(field.type)
    assert isinstance(wire, v1.Value) and has_kind(type_, wire), f"{field.name} is a {type_}, and not {wire}"
    assert field.nullable or not wire.HasField("null_value"), f"{field.name} is null, but its shape says never"
    return printed(type_, from_wire(type_, wire))


def read_record(shape, record):
    """Returns a record by names."""
    assert len(record.values) == len(shape.fields)
    assert len(record.related) == len(shape.relations)
    assert len(record.counts) == len(shape.counts)
    related = {}
    for part, list_ in zip(shape.relations, record.related):
        records = [read_record(part.shape, one) for one in list_.records]
        related[part.name] = records
        if part.to_many:
            total = list_.total if list_.HasField("total") else None
            related[part.name] = {"records": records, "has_more": list_.has_more, "total": total}
    return {"values": {field.name: read_value(field, wire) for field, wire in zip(shape.fields, record.values)}, "related": related,
            "counts": {part.name: count for part, count in zip(shape.counts, record.counts)}}


def read_get(response, by_key):
    """Returns the answer to a Get. `by_key` tells whether its filter names a record by a key, so that nothing can come after it."""
    records = [read_record(response.shape, record) for record in response.records]
    assert bool(response.start_cursor) == bool(response.end_cursor) == bool(records and not by_key)
    return {"records": records, "has_more": response.has_more, "total": response.total if response.HasField("total") else None}


def read_aggregate(response):
    """Returns the answer to an Aggregate."""
    columns = [field.name for field in response.shape.fields]
    records = [read_record(response.shape, record)["values"] for record in response.records]
    return {"columns": columns, "records": records, "has_more": response.has_more}

