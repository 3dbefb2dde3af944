"""Draws worlds: schemas with all kinds of relations and keys, and their rows."""

from draw_values import ARRAY_SCALARS, KEY_SCALARS, draw_type, draw_value
from values import DECIMAL, FLOAT64, INT64, INTEGERS, NAMES, TEXT, Type, same
from world import BELONGS_TO, HAS_MANY, HAS_ONE, MANY_TO_MANY, Field, Model, Relation, World

MODELS = ("Ant", "Bee", "Cow", "Dog")
# Names that have to be quoted, and that nothing may be put into.
COLUMNS = ("", "", "", 'we"ird ', "select'", "$1 -- ", "%s\\", "Ünï", "x" * 55)
NUMBER, AUTO_INCREMENT = 18, 17


def draw_world(rng, name, length=0):
    """Draws a schema of 2 to 4 models and fills it; with a length, every record has a text so long."""
    world = World(name, {})
    for title in MODELS[:rng.randint(2, 4)]:
        world.models[title] = draw_model(rng, title)
    titles = list(world.models)
    for index, title in enumerate(titles):
        for target in titles[:index]:
            if rng.random() < 0.75 or target == titles[index - 1]:
                relate(rng, world, title, target)
    for title in titles:
        if rng.random() < 0.5:
            relate(rng, world, title, title)
    if rng.random() < 0.5:
        relate(rng, world, titles[0], titles[-1], late=True)
    for index in range(rng.randint(1, 2)):
        link(rng, world, *rng.choices(titles, k=2), f"link{index}")
    # More than a page holds that says nothing of a limit, of one model at times: the last, which refers to the others.
    many = titles[-1] if rng.random() < 0.15 and not length else None
    for model in world.models.values():
        if length:
            model.fields["bulk"] = Field("bulk", Type(TEXT))
        draw_rows(rng, world, model, 170 if model.name == many else rng.choice((8, 20, 40)))
        for row in world.rows[model.name] if length else []:
            row["bulk"] = rng.choice("abc") * length
    for model in world.models.values():
        for relation in model.relations.values():
            for row in world.rows[model.name] if relation.late else []:
                point(rng, world, model, relation, row)
            if relation.kind == MANY_TO_MANY and relation.forward:
                draw_links(rng, world, model, relation)
    return world


def draw_model(rng, title):
    """Draws a model with its own fields: a key of one or two, and up to eleven others."""
    model = Model(title, {}, [], table=rng.choice(COLUMNS))
    if model.table:
        model.table += title

    def add(prefix, type_, **attributes):
        name = prefix + str(len(model.fields))
        column = rng.choice(COLUMNS)
        model.fields[name] = Field(name, type_, column=column and f"{column}{len(model.fields)}", **attributes)
        return name

    for _ in range(rng.choice((1, 1, 2))):
        model.key.append(add("id", draw_type(rng, rng.choice(KEY_SCALARS))))
    first = model.fields[model.key[0]]
    if first.type.scalar == INT64 and len(model.key) == 1:
        first.declared = rng.choice((0, NUMBER, AUTO_INCREMENT))
    if rng.random() < 0.4:
        add("code", draw_type(rng, rng.choice(KEY_SCALARS)), nullable=rng.random() < 0.5, unique=True)
    for scalar in rng.sample(sorted(set(NAMES) - {0, AUTO_INCREMENT, NUMBER}), rng.randint(5, 8)):
        name = add(f"{NAMES[scalar]}Of", draw_type(rng, scalar), nullable=rng.random() < 0.7)
        if scalar == FLOAT64 and rng.random() < 0.5:
            model.fields[name].declared = NUMBER
    for scalar in rng.sample(ARRAY_SCALARS, rng.randint(0, 2)):
        add("listOf", draw_type(rng, scalar, array=True), nullable=rng.random() < 0.6)
    # Two numbers, so that fields can be compared with each other.
    for scalar in rng.sample(INTEGERS, 1) + [DECIMAL]:
        add("more", draw_type(rng, scalar), nullable=True)
    return model


def relate(rng, world, title, target_title, late=False):
    """Adds a foreign key, and mostly its other end."""
    model, target = world.models[title], world.models[target_title]
    own = title == target_title
    number = len(model.relations)
    name = f"up{target_title}{number}"
    codes = [field.name for field in target.fields.values() if field.unique]
    references = codes[:1] if codes and rng.random() < 0.4 else target.key
    one = rng.random() < 0.2 and not late
    nullable = own or late or rng.random() < 0.6
    pairs = []
    for far in references:
        near = f"{name}{far[0].upper()}{far[1:]}"
        model.fields[near] = Field(near, target.fields[far].type, nullable)
        model.implied.add(near)
        pairs.append((near, far))
    if not nullable and not one and rng.random() < 0.3 and not any(name in model.implied for name in model.key):
        model.key = [pairs[0][0], *model.key]
    model.relations[name] = Relation(name, BELONGS_TO, target_title, tuple(pairs), late=late)
    if one or rng.random() < 0.85:
        kind = HAS_ONE if one else HAS_MANY
        back = f"down{title}{number}"
        target.relations[back] = Relation(back, kind, title, tuple((far, near) for near, far in pairs), inverse=name)


def link(rng, world, left, right, table):
    """Adds a junction, with one end or both."""
    there, back = f"{table}Of{right}", f"{table}By{left}"
    table = f"{world.name}_{table}"
    both = rng.random() < 0.8
    world.models[left].relations[there] = Relation(there, MANY_TO_MANY, right, link=table, forward=True, inverse=back if both else "")
    if both:
        world.models[right].relations[back] = Relation(back, MANY_TO_MANY, left, link=table, forward=False, inverse=there)
    world.links[table] = []


def draw_rows(rng, world, model, most):
    """Fills a table; rows refer to those of earlier models, and to earlier ones of their own. Late foreign keys are null yet."""
    rows = world.rows[model.name] = []
    uniques = world.keys_of(model)
    for _ in range(most * 2):
        row = {name: None if field.nullable and rng.random() < 0.3 else draw_value(rng, field.type) for name, field in model.fields.items()}
        row.update({near: None for relation in model.relations.values() if relation.late for near, _ in relation.pairs})
        row.update({name: rng.randint(-50, 800) for name in model.key if model.fields[name].type.scalar in INTEGERS and rng.random() < 0.7})
        if all(point(rng, world, model, relation, row) for relation in model.relations.values() if relation.kind == BELONGS_TO and not relation.late) and \
                not any(agree(model, names, row, other) for names in uniques for other in rows):
            rows.append(row)
            if len(rows) == most:
                break


def agree(model, names, row, other):
    """Whether two rows break a unique key: nulls never do."""
    return all(row[name] is not None and other[name] is not None and same(model.fields[name].type, row[name], other[name]) for name in names)


def point(rng, world, model, relation, row):
    """Sets a foreign key to a row, to null, or in part to null; tells whether that could be done."""
    nullable = all(model.fields[near].nullable for near, _ in relation.pairs)
    targets = world.rows[relation.target]
    targets = [target for target in targets if all(target[far] is not None for _, far in relation.pairs)]
    chosen = rng.choice(targets) if targets and not (nullable and rng.random() < 0.25) else None
    if chosen is None and not nullable:
        return False
    for near, far in relation.pairs:
        row[near] = chosen[far] if chosen else None
    if nullable and len(relation.pairs) > 1 and rng.random() < 0.2:
        # A key with a null in it refers to nothing, whatever the rest says.
        row[relation.pairs[0][0]] = None
    return True


def draw_links(rng, world, model, relation):
    """Fills a junction."""
    target = world.models[relation.target]
    pairs = [(model.key_of(left), target.key_of(right)) for left in world.rows[model.name] for right in world.rows[target.name]]
    world.links[relation.link] = rng.sample(pairs, min(len(pairs), rng.randint(0, 40)))
