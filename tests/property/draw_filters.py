"""Draws filters: every operator on every type that has it, with operands mostly from the rows."""

import aggregates
from aggregates import COUNT, SUM, allowed, expression_type
from conditions import (BETWEEN, CONTAINS, ENDS_WITH, EQ, EVERY, EVERY_NONEMPTY, GT, GTE, HAS, HAS_EVERY, HAS_SOME, IN, IS, IS_DISTINCT_FROM, IS_EMPTY, IS_NOT,
                        IS_NULL, LIKE, LT, LTE, NE, NONE, NOT_IN, REGEX, SEARCH, SOME, STARTS_WITH)
from draw_values import draw_value, draw_wire
from stubs import query, value as v1
from values import JSON, NUMBERS, TEXTS, Type

EVERYWHERE = (EQ, NE, IS_NULL, IS_DISTINCT_FROM)
LISTED = (IN, NOT_IN)
ORDERING = (GT, GTE, LT, LTE, BETWEEN)
MATCHING = (CONTAINS, STARTS_WITH, ENDS_WITH, LIKE, REGEX, SEARCH)
CONTAINING = (HAS, HAS_SOME, HAS_EVERY)
FIELDS = (EQ, NE, GT, GTE, LT, LTE, IS_DISTINCT_FROM)
FOLDING = (EQ, NE, GT, GTE, LT, LTE, IN, NOT_IN, BETWEEN, CONTAINS, STARTS_WITH, ENDS_WITH, LIKE, REGEX, IS_DISTINCT_FROM)

PATTERNS = {
    LIKE: ("%", "", "a%", "%b", "_", "%a_", "\\%", "%\\\\%", "a\\_b", "A%", "%B%", "__%"),
    REGEX: ("a", "^a", "b$", "^$", "[ab]+", "^(a|b){2}$", "a.b", "\\\\", "A", "^\\w+$", "\\s", "(?:b|c)+?$", "[^a]", "\\bb"),
    SEARCH: ("a", "B", "a b", "a or c", "a -b", '"a b"', '"b a" or c', "-a", "", "c or zzz", "or"),
    CONTAINS: ("", "a", "%", "_", "\\", "B", "'", "ä", " "),
}
JSON_TYPE = Type(JSON)
STEPS = (["k"], ["l"], ["k", "k"], ["l", "0"], ["l", "-1"], ["l", "0", "k"], ["0"], ["-1"], ["1"], ["k", "l", "1", "k"], ["none"], ["0", "1"])
JSON_OPERANDS = (v1.Value(text_value="a"), v1.Value(text_value="Ab"), v1.Value(int_value=1), v1.Value(double_value=-2.5), v1.Value(decimal_value="1.000"),
                 v1.Value(decimal_value="12345678901234567890.123"), v1.Value(bool_value=True), v1.Value(bool_value=False), v1.Value(json_value='[1, "b"]'),
                 v1.Value(json_value='{"k": 1}'), v1.Value(json_value="{}"), v1.Value(json_value="[]"), v1.Value(text_value=""))


def operators_of(type_):
    """Returns the operators that the type has."""
    if type_.array:
        return (*EVERYWHERE, *CONTAINING, *CONTAINING, IS_EMPTY)
    if type_.scalar == JSON:
        return (*EVERYWHERE, *LISTED, *CONTAINING)
    return (*EVERYWHERE, *LISTED, *ORDERING, *(MATCHING if type_.scalar in TEXTS else ()))


class FilterDrawer:
    """Draws filters over a world."""

    def __init__(self, rng, world):
        self.rng = rng
        self.world = world

    def draw(self, model, depth=4):
        """Draws a filter of at most so many levels on a model."""
        rng = self.rng
        filter_ = query.Filter()
        choice = rng.random() if depth > 1 else rng.random() * 0.6
        if choice < 0.5 or not (model.relations or choice > 0.8):
            filter_.field.CopyFrom(self.field(model))
        elif choice < 0.53:
            to_one = [relation.name for relation in model.relations.values() if not relation.to_many]
            filter_.field.CopyFrom(self.absence(rng.choice(to_one)) if to_one else self.field(model))
        elif choice < 0.6:
            filter_.relation_aggregate.CopyFrom(self.relation_aggregate(model, depth - 1))
        elif choice < 0.8:
            filter_.relation.CopyFrom(self.relation(model, depth - 1))
        elif choice < 0.87:
            getattr(filter_, "not").CopyFrom(self.draw(model, depth - 1))
        else:
            parts = [self.draw(model, depth - 1) for _ in range(rng.choice((0, 1, 2, 2, 3)))]
            (filter_.all_of if rng.random() < 0.5 else filter_.any_of).SetInParent()
            (filter_.all_of if filter_.HasField("all_of") else filter_.any_of).filters.extend(parts)
        return filter_

    def absence(self, name):
        """Asks whether a to-one relation leads to a row."""
        operator, operand = self.rng.choice(((EQ, v1.Value(null_value=0)), (NE, v1.Value(null_value=0)), (IS_NULL, v1.Value(bool_value=True)), (IS_NULL, v1.Value(bool_value=False))))
        return query.FieldFilter(field=name, operator=operator, value=operand)

    def field(self, model, plain_columns=False):
        """Draws a comparison of a field; of a result's column, with values only."""
        rng = self.rng
        name = rng.choice(list(model.fields))
        type_ = model.fields[name].type
        part = query.FieldFilter(field=name)
        if type_.scalar == JSON and not type_.array and not plain_columns and rng.random() < 0.7:
            self.place(part)
            return part
        others = [] if plain_columns else [other for other, field in model.fields.items() if other != name and comparable(type_, field.type)]
        part.operator = rng.choice(operators_of(type_) if not plain_columns else [one for one in operators_of(type_) if one != IS_EMPTY])
        if others and part.operator in FIELDS and rng.random() < 0.3:
            part.other_field = rng.choice(others)
        else:
            self.operand(part, type_, [row[name] for row in self.rows(model)])
        if not type_.array and type_.scalar in TEXTS and part.operator in FOLDING:
            part.ignore_case = rng.random() < 0.35 and not part.value.HasField("null_value")
        return part

    def rows(self, model):
        """Returns the rows that operands are taken from; a result has none."""
        return self.world.rows.get(getattr(model, "name", None), [])

    def value(self, type_, held):
        """Draws an operand's value: mostly one that some row has."""
        held = [value for value in held if value is not None]
        return self.rng.choice(held) if held and self.rng.random() < 0.75 else draw_value(self.rng, type_)

    def operand(self, part, type_, held):
        """Draws the right side of a comparison whose operator is set."""
        rng, operator = self.rng, part.operator
        if operator in (IS_NULL, IS_EMPTY):
            part.value.bool_value = rng.random() < 0.5
        elif operator in (EQ, NE, IS_DISTINCT_FROM) and rng.random() < 0.1:
            part.value.null_value = 0
        elif operator in PATTERNS or operator in (STARTS_WITH, ENDS_WITH):
            part.value.text_value = rng.choice(PATTERNS.get(operator, PATTERNS[CONTAINS]))
        elif operator in LISTED or operator == BETWEEN:
            count = 2 if operator == BETWEEN else rng.choice((0, 1, 2, 3, 8))
            part.value.array_value.SetInParent()
            part.value.array_value.values.extend(draw_wire(rng, type_, self.value(type_, held)) for _ in range(count))
        elif operator in CONTAINING:
            self.elements(part, type_, [item for value in held if isinstance(value, list) for item in value])
        else:
            part.value.CopyFrom(draw_wire(rng, type_, self.value(type_, held)))

    def elements(self, part, type_, held):
        """Draws what an array or JSON is to contain."""
        rng = self.rng
        json = type_.scalar == JSON and not type_.array

        def element():
            return rng.choice(JSON_OPERANDS) if json else draw_wire(rng, type_.element, self.value(type_.element, held))

        if part.operator == HAS:
            part.value.CopyFrom(element())
        else:
            part.value.array_value.SetInParent()
            part.value.array_value.values.extend(element() for _ in range(rng.choice((0, 1, 1, 2))))

    def place(self, part):
        """Draws a comparison of a place inside JSON."""
        rng = self.rng
        part.json_path.extend(rng.choice(STEPS))
        part.operator = rng.choice((*EVERYWHERE, *LISTED, *ORDERING, CONTAINS, STARTS_WITH, LIKE, *CONTAINING))
        texts = [one for one in JSON_OPERANDS if one.HasField("text_value")]
        numbers = [one for one in JSON_OPERANDS if one.WhichOneof("kind") in ("int_value", "double_value", "decimal_value")]
        if part.operator == IS_NULL:
            part.value.bool_value = rng.random() < 0.5
        elif part.operator in (CONTAINS, STARTS_WITH, LIKE):
            part.value.text_value = rng.choice(PATTERNS.get(part.operator, PATTERNS[CONTAINS]))
            part.ignore_case = rng.random() < 0.3
        elif part.operator in CONTAINING:
            self.elements(part, JSON_TYPE, [])
        elif part.operator in ORDERING:
            of_one_kind = rng.choice((texts, numbers))
            if part.operator == BETWEEN:
                part.value.array_value.values.extend(rng.choices(of_one_kind, k=2))
            else:
                part.value.CopyFrom(rng.choice(of_one_kind))
            part.ignore_case = of_one_kind is texts and rng.random() < 0.3
        elif part.operator in LISTED:
            part.value.array_value.SetInParent()
            part.value.array_value.values.extend(rng.choices(JSON_OPERANDS, k=rng.choice((0, 1, 2, 4))))
        elif rng.random() < 0.1:
            part.value.null_value = 0
        else:
            part.value.CopyFrom(rng.choice(JSON_OPERANDS))

    def relation(self, model, depth):
        """Draws a quantified filter."""
        relation = self.rng.choice(list(model.relations.values()))
        part = query.RelationFilter(relation=relation.name)
        part.quantifier = self.rng.choice((0, SOME, NONE, EVERY, EVERY_NONEMPTY) if relation.to_many else (0, IS, IS_NOT))
        if self.rng.random() < 0.85:
            part.where.CopyFrom(self.draw(self.world.models[relation.target], depth))
        return part

    def aggregate(self, model, types=None):
        """Draws an aggregate over a model's rows; of one of the types when they are given."""
        rng = self.rng
        while True:
            expression = query.AggregateExpression(function=rng.choice((COUNT, COUNT, SUM, aggregates.AVG, aggregates.MIN, aggregates.MAX)))
            if expression.function != COUNT or rng.random() < 0.6:
                expression.field = rng.choice(list(model.fields))
                if not allowed(expression.function, model.fields[expression.field].type):
                    continue
                expression.distinct = rng.random() < 0.25
            if types is None or expression_type(expression, model).scalar in types:
                return expression

    def relation_aggregate(self, model, depth):
        """Draws a comparison of an aggregate of related rows."""
        relation = self.rng.choice(list(model.relations.values()))
        target = self.world.models[relation.target]
        part = query.RelationAggregateFilter(relation=relation.name, aggregate=self.aggregate(target))
        if self.rng.random() < 0.3:
            part.where.CopyFrom(self.draw(target, depth))
        type_ = expression_type(part.aggregate, target)
        part.operator = self.rng.choice(operators_of(type_))
        held = [row[part.aggregate.field] for row in self.rows(target)] if part.aggregate.field and part.aggregate.function != COUNT else [0, 1, 2, 3]
        same_kind = [value for value in held if isinstance(value, type(draw_value(self.rng, type_)))]
        self.operand(part, type_, same_kind)
        return part


def comparable(type_, other):
    """Whether a comparison of two fields of the types is allowed."""
    if type_.array or other.array:
        return type_ == other
    return type_.scalar == other.scalar or {type_.scalar, other.scalar} <= set(NUMBERS) or {type_.scalar, other.scalar} <= set(TEXTS)
