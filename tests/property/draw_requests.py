"""Draws requests: selections with nested lists, orders, pages, distinct rows, and aggregates."""

from draw_filters import FilterDrawer
from evaluator import Evaluator, ResultModel
from stubs import data, query
from values import DECIMAL, FLOATS, JSON

# Equal values of these may differ in what is shown, so that a group's key could be either.
UNGROUPED = (JSON, DECIMAL, *FLOATS)


class RequestDrawer:
    """Draws requests over a world."""

    def __init__(self, rng, world):
        self.rng = rng
        self.world = world
        self.filters = FilterDrawer(rng, world)

    def get(self):
        """Draws a Get."""
        rng = self.rng
        model = rng.choice(list(self.world.models.values()))
        request = data.GetRequest(schema=self.world.name, model=model.name, select=self.selection(model, 3))
        self.list_parts(request, model, request.select)
        if rng.random() < 0.5:
            self.page(request.page, (0, 1, 2, 3, 5, 8, 30, 2000))
        return request

    def stream(self):
        """Draws a Stream, which has no cursor, no total and no reading backward at the root."""
        drawn = self.get()
        request = data.StreamRequest(schema=drawn.schema, model=drawn.model, select=drawn.select, order_by=drawn.order_by, distinct_on=drawn.distinct_on)
        if drawn.HasField("where"):
            request.where.CopyFrom(drawn.where)
        if drawn.page.HasField("limit"):
            request.page.limit = drawn.page.limit
        if drawn.page.HasField("offset"):
            request.page.offset = drawn.page.offset
        return request

    def list_parts(self, request, model, selection):
        """Draws a list's filter, order and distinct fields."""
        rng = self.rng
        if rng.random() < 0.65:
            request.where.CopyFrom(self.filters.draw(model))
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
            order = self.order(model)
            if not any(same_place(order, other) for other in request.order_by):
                request.order_by.append(order)
        if rng.random() < 0.15:
            fields = [name for name, field in model.fields.items()]
            whole = rng.random() < 0.3 and len(selection.fields) > 0
            request.distinct_on.extend(["*"] if whole else rng.sample(fields, rng.randint(1, min(2, len(fields)))))

    def page(self, page, limits, forward=False):
        """Draws a page without a cursor; a limit is always given to one that is read backward."""
        rng = self.rng
        page.backward = not forward and rng.random() < 0.2
        if page.backward or rng.random() < 0.8:
            page.limit = rng.choice(limits)
        if rng.random() < 0.3:
            page.offset = rng.choice((0, 1, 2, 7))
        if rng.random() < 0.3:
            page.total = query.TOTAL_EXACT

    def selection(self, model, depth):
        """Draws what to load, related lists of so many levels included; never nothing."""
        rng = self.rng
        selection = query.Selection()
        names = list(model.fields)
        selection.fields.extend(["*"] if rng.random() < 0.25 else rng.sample(names, rng.randint(0, min(4, len(names)))))
        relations = list(model.relations.values())
        if relations and depth > 1:
            for number in range(rng.choice((0, 0, 1, 1, 2, 3))):
                selection.relations.append(self.related(rng.choice(relations), f"part{number}", depth - 1))
        for number in range(rng.choice((0, 0, 0, 1, 2)) if relations else 0):
            count = selection.counts.add(relation=rng.choice(relations).name, alias=f"count{number}")
            if rng.random() < 0.6:
                count.where.CopyFrom(self.filters.draw(self.world.models[model.relations[count.relation].target], 2))
        if not selection.fields and not selection.relations:
            selection.fields.append(rng.choice(names))
        return selection

    def related(self, relation, alias, depth):
        """Draws a related list or record."""
        rng = self.rng
        target = self.world.models[relation.target]
        part = query.RelatedSelection(relation=relation.name, alias=alias, selection=self.selection(target, depth))
        if relation.to_many:
            self.list_parts(part, target, part.selection)
            if rng.random() < 0.6:
                self.page(part.page, (0, 1, 1, 2, 3, 5, 1000))
        elif rng.random() < 0.3:
            part.where.CopyFrom(self.filters.draw(target, 2))
        return part

    def order(self, model):
        """Draws an order by an own field, by one of a to-one relation, or by an aggregate of a to-many one."""
        rng = self.rng
        order = query.OrderBy(direction=rng.choice((0, 1, 2)), nulls=rng.choice((0, 0, 1, 2)))
        end = self.walk(model, order.relations)
        to_many = [relation for relation in end.relations.values() if relation.to_many]
        if to_many and rng.random() < 0.35:
            relation = rng.choice(to_many)
            order.relations.append(relation.name)
            order.aggregate.CopyFrom(self.filters.aggregate(self.world.models[relation.target]))
        else:
            order.field = rng.choice([name for name, field in end.fields.items() if orderable(field.type)])
        return order

    def walk(self, model, names):
        """Follows to-one relations, at most two and mostly none; adds their names and returns the last model."""
        while len(names) < 2 and self.rng.random() < 0.35:
            to_one = [relation for relation in model.relations.values() if not relation.to_many]
            if not to_one:
                break
            relation = self.rng.choice(to_one)
            names.append(relation.name)
            model = self.world.models[relation.target]
        return model

    def exists(self):
        """Draws an Exists."""
        model = self.rng.choice(list(self.world.models.values()))
        request = data.ExistsRequest(schema=self.world.name, model=model.name)
        if self.rng.random() < 0.95:
            request.where.CopyFrom(self.filters.draw(model))
        return request

    def aggregate(self):
        """Draws an Aggregate."""
        rng = self.rng
        model = rng.choice(list(self.world.models.values()))
        request = data.AggregateRequest(schema=self.world.name, model=model.name)
        if rng.random() < 0.5:
            request.where.CopyFrom(self.filters.draw(model))
        for number in range(rng.choice((0, 1, 1, 2))):
            key = request.group_by.add()
            end = self.walk(model, key.relations)
            key.field = rng.choice([name for name, field in end.fields.items() if groupable(field.type)])
            key.alias = f"key{number}" if rng.random() < 0.6 else ""
        for number in range(rng.choice((1, 2, 3)) if not request.group_by else rng.choice((0, 1, 2))):
            column = request.select.add(alias=f"column{number}", aggregate=self.filters.aggregate(model))
            if rng.random() < 0.3:
                column.where.CopyFrom(self.filters.draw(model, 2))
        columns = Evaluator(self.world).columns(model, request)
        if len(columns) < len(request.group_by) + len(request.select):
            return self.aggregate()
        result = ResultModel(columns, [])
        if rng.random() < 0.4:
            request.having.CopyFrom(self.having(result, 3))
        for name in rng.sample(list(columns), min(len(columns), rng.choice((0, 1, 2)))):
            request.order_by.add(field=name, direction=rng.choice((0, 1, 2)), nulls=rng.choice((0, 0, 1, 2)))
        if rng.random() < 0.4:
            request.page.limit = rng.choice((0, 1, 2, 5))
        if rng.random() < 0.3:
            request.page.offset = rng.choice((0, 1, 2))
        return request

    def having(self, result, depth):
        """Draws a filter on the columns of a result."""
        filter_ = query.Filter()
        choice = self.rng.random() if depth > 1 else 0
        if choice < 0.6:
            filter_.field.CopyFrom(self.filters.field(result, plain_columns=True))
        elif choice < 0.75:
            getattr(filter_, "not").CopyFrom(self.having(result, depth - 1))
        else:
            parts = [self.having(result, depth - 1) for _ in range(2)]
            (filter_.all_of if choice < 0.87 else filter_.any_of).filters.extend(parts)
        return filter_


def same_place(order, other):
    """Whether two orders look at the same, which is refused."""
    return (order.field, order.relations, order.aggregate) == (other.field, other.relations, other.aggregate)


def orderable(type_):
    """Whether rows can be ordered by a field of the type."""
    return not type_.array and type_.scalar != JSON


def groupable(type_):
    """Whether the tests group by a field of the type."""
    return not type_.array and type_.scalar not in UNGROUPED
