"""What cursors mark: the record that each list of an answer begins and ends with, as a row of the world."""

from answers import read_record
from stubs import query
from values import printed


def with_keys(world, model, selection):
    """Adds the primary key to everything that a selection loads, so that records can be told."""
    selection.fields.extend(name for name in model.key if name not in selection.fields and "*" not in selection.fields)
    for part in selection.relations:
        with_keys(world, world.models[model.relations[part.relation].target], part.selection)


def key_of(model, record):
    """Returns the printed key of a record that was read."""
    return [record["values"][name] for name in model.key]


def row_of(world, model, shape, record):
    """Finds the row that a record shows."""
    key = key_of(model, read_record(shape, record))
    return next(row for row in world.rows[model.name] if [printed(model.fields[name].type, row[name]) for name in model.key] == key)


def is_by_key(world, request):
    """Tells whether the filter fixes all fields of a key."""
    fixed = set()

    def fix(condition):
        if condition.WhichOneof("kind") == "all_of":
            for one in condition.all_of.filters:
                fix(one)
        field = condition.field
        alone = not (field.ignore_case or field.other_field or field.json_path)
        if field.operator == query.OPERATOR_EQ and field.value.WhichOneof("kind") not in (None, "null_value") and alone:
            fixed.add(field.field)

    fix(request.where)
    return any(fixed.issuperset(key) for key in world.keys_of(world.models[request.model]))


def marks(world, model, request, answer, shape):
    """Returns (request of the list, cursor, row) for every cursor of a list and of those below; the request is what has its page.

    Each list must have the cursors that its page promises.
    """
    found = []
    if answer.records:
        if answer.start_cursor:
            found.append((request, answer.start_cursor, row_of(world, model, shape, answer.records[0])))
        if answer.end_cursor:
            found.append((request, answer.end_cursor, row_of(world, model, shape, answer.records[-1])))
    else:
        assert not answer.start_cursor and not answer.end_cursor
    selection = request.select if hasattr(request, "select") else request.selection
    for index, (part, part_shape) in enumerate(zip(selection.relations, shape.relations)):
        target = world.models[model.relations[part.relation].target]
        for record in answer.records:
            below = record.related[index]
            page = part.page
            placed = bool(page.cursor or page.backward)
            assert bool(below.start_cursor) == bool(below.records and (placed or page.offset > 0)), part
            assert bool(below.end_cursor) == bool(below.records and (placed or below.has_more)), part
            found += marks(world, target, part, below, part_shape.shape)
    return found
