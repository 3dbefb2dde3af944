"""What every read gives, computed in memory from the rules of the protos: simple, slow, and sharing nothing with the engine.

Answers are plain trees: a list is {records, has_more, total}, a record {values, related, counts}, all by name and all printed, so that two
answers are the same when Python says so.
"""

from aggregates import compute_expression, expression_type
from conditions import holds, let_through
from stubs import query
from values import printed, rank, same

DEFAULT_LIMIT = 150
NO_PAGE = query.Page()


class Evaluator:
    """Answers requests about a world. `places` has the row that each known cursor marks."""

    def __init__(self, world, places=None):
        self.world = world
        self.places = places or {}

    # --- trees

    def get(self, request):
        """Answers a Get."""
        return self.list_of(self.world.models[request.model], self.world.rows[request.model], request, request.select, DEFAULT_LIMIT)

    def stream(self, request):
        """Answers a Stream with all its records."""
        model = self.world.models[request.model]
        return self.list_of(model, self.world.rows[request.model], request, request.select, None)["records"]

    def list_of(self, model, rows, request, selection, default):
        """Filters, orders, cuts and reads a list; `request` is anything with where, order_by, distinct_on and page, `default` the limit without one."""
        rows = self.ordered(model, request.order_by, let_through(self.world, model, request, rows))
        rows = self.distinct(model, request.distinct_on, selection, rows)
        page = request.page if request.HasField("page") else NO_PAGE
        total = len(rows) if page.total == query.TOTAL_EXACT else None
        rows, more = self.cut(model, request.order_by, page, rows, default)
        return {"records": [self.record(model, row, selection, default) for row in rows], "has_more": more, "total": total}

    def record(self, model, row, selection, default):
        """Reads what a selection lists of a row."""
        names = list(model.fields) if "*" in selection.fields else list(dict.fromkeys(selection.fields))
        related = {}
        for part in selection.relations:
            relation = model.relations[part.relation]
            target, rows = self.world.models[relation.target], self.world.related(model, relation, row)
            if relation.to_many:
                related[part.alias or part.relation] = self.list_of(target, rows, part, part.selection, default)
            else:
                rows = let_through(self.world, target, part, rows)
                related[part.alias or part.relation] = [self.record(target, one, part.selection, default) for one in rows]
        counts = {}
        for part in selection.counts:
            relation = model.relations[part.relation]
            rows = self.world.related(model, relation, row)
            counts[part.alias or part.relation] = len(let_through(self.world, self.world.models[relation.target], part, rows))
        return {"values": {name: printed(model.fields[name].type, row[name]) for name in names}, "related": related, "counts": counts}

    # --- orders and pages

    def order_value(self, model, order, row):
        """Returns the type and the value that an order looks at."""
        if order.HasField("aggregate"):
            *path, last = order.relations
            model, row = self.world.follow(model, path, row)
            relation = model.relations[last]
            target = self.world.models[relation.target]
            type_ = expression_type(order.aggregate, target)
            # Without a row on the way there are no related rows either, of which a count is zero and anything else null.
            return type_, compute_expression(order.aggregate, target, self.world.related(model, relation, row) if row is not None else [])
        model, row = self.world.follow(model, order.relations, row)
        return model.fields[order.field].type, None if row is None else row[order.field]

    def ordered(self, model, orders, rows):
        """Sorts by the primary key, and then, stably, by each order from the last to the first."""
        rows = sorted(rows, key=lambda row: self.world.key_rank(model, row))
        for order in reversed(orders):
            keyed = [(self.order_value(model, order, row), row) for row in rows]
            nulls = [row for (_, value), row in keyed if value is None]
            others = [(rank(type_, value), row) for (type_, value), row in keyed if value is not None]
            descending = order.direction == query.DIRECTION_DESC
            # Sorting backwards keeps rows of the same rank in the order that they have.
            others = [row for _, row in sorted(others, key=lambda pair: pair[0], reverse=descending)]
            first = order.nulls == query.NULLS_FIRST or (order.nulls == query.NULLS_UNSPECIFIED and descending)
            rows = nulls + others if first else others + nulls
        return rows

    def distinct(self, model, names, selection, rows):
        """Keeps the first row of those that agree in all the fields."""
        if "*" in names:
            names = model.fields if "*" in selection.fields else selection.fields
        if not names:
            return rows
        kept = []
        for row in rows:
            if not any(all(same(model.fields[name].type, row[name], other[name]) for name in names) for other in kept):
                kept.append(row)
        return kept

    def cut(self, model, orders, page, rows, default):
        """Cuts a page out of an ordered list; returns it, and whether there is more in the direction of reading."""
        if page.cursor:
            place = self.places[page.cursor]
            line = self.ordered(model, orders, rows + [place] if not any(row is place for row in rows) else rows)
            at = next(index for index, row in enumerate(line) if row is place)
            # The place is no longer in the list when it was in another parent's.
            rows = line[:at] if page.backward else line[at + 1:]
        limit = page.limit if page.HasField("limit") else default
        if limit is None:
            limit = len(rows)
        if page.cursor or page.backward:
            limit = min(limit, 1000)
        if page.backward:
            end = max(len(rows) - page.offset, 0)
            start = max(end - limit, 0)
            return rows[start:end], start > 0
        return rows[page.offset:page.offset + limit], len(rows) > page.offset + limit

    # --- existence and aggregates

    def exists(self, request):
        """Answers an Exists."""
        return bool(let_through(self.world, self.world.models[request.model], request, self.world.rows[request.model]))

    def aggregate(self, request):
        """Answers an Aggregate: the names of the columns, the records, and whether there are more."""
        model = self.world.models[request.model]
        groups = self.groups(model, request)
        columns = self.columns(model, request)
        rows = []
        for keys, members in groups:
            row = dict(zip(columns, keys))
            for column, part in zip(list(columns)[len(request.group_by):], request.select):
                row[column] = compute_expression(part.aggregate, model, let_through(self.world, model, part, members))
            rows.append(row)
        result = ResultModel(columns, list(columns)[:len(request.group_by)])
        if request.HasField("having"):
            rows = [row for row in rows if holds(self.world, result, request.having, row) is True]
        orders = [*request.order_by, *(query.OrderBy(field=name) for name in result.key)]
        result.key = []
        rows = self.ordered(result, orders, rows)
        page = request.page if request.HasField("page") else NO_PAGE
        rows, more = self.cut(result, orders, page, rows, DEFAULT_LIMIT)
        records = [{name: printed(field.type, row[name]) for name, field in result.fields.items()} for row in rows]
        return {"columns": list(columns), "records": records, "has_more": more}

    def groups(self, model, request):
        """Returns the key values and the rows of each group."""
        rows = let_through(self.world, model, request, self.world.rows[request.model])
        if not request.group_by:
            return [((), rows)]
        groups = []
        for row in rows:
            found = [self.world.follow(model, key.relations, row) for key in request.group_by]
            types = [end.fields[key.field].type for (end, _), key in zip(found, request.group_by)]
            keys = [None if reached is None else reached[key.field] for (_, reached), key in zip(found, request.group_by)]
            for known, members in groups:
                if all(map(same, types, keys, known)):
                    members.append(row)
                    break
            else:
                groups.append((keys, [row]))
        return groups

    def columns(self, model, request):
        """Returns the types of the result's columns by name, keys first."""
        columns = {}
        for key in request.group_by:
            end, _ = self.world.follow(model, key.relations, None)
            columns[key.alias or ".".join([*key.relations, key.field])] = end.fields[key.field].type
        for part in request.select:
            function = query.AggregateFunction.Name(part.aggregate.function).removeprefix("AGGREGATE_FUNCTION_").lower()
            name = f"{function}_{part.aggregate.field}" if part.aggregate.field else function
            columns[part.alias or name] = expression_type(part.aggregate, model)
        return columns


class ResultModel:
    """The columns of an aggregate's result, as filters and orders see a model."""

    def __init__(self, columns, key):
        self.fields = {name: Column(type_) for name, type_ in columns.items()}
        self.relations = {}
        self.key = key


class Column:
    """One column of a result."""

    def __init__(self, type_):
        self.type = type_

