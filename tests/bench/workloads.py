"""What is measured: each workload's request, and what stands beside it."""

import dataclasses

import data


@dataclasses.dataclass
class Workload:
    name: str
    title: str
    request: dict  # as `rowan bench` takes it
    clients: int = 32
    connections: int = 4
    # What the ratio is to: "pgbench", which runs the request's own statements, "empty", or "sql", which runs `sql`.
    beside: str = "pgbench"
    target: float | None = None  # the ratio of throughputs that is wanted at least
    cpu_target: float | None = None  # how many times the processor time of an empty call a request's may be at most
    sql: str = ""  # a script of pgbench


def between(low, high):
    return {"$random": [low, high]}


def _user(select, users):
    return {"model": "User", "get": {"select": select, "where": {"id": between(1, users)}}}


def _page(select, users, limit):
    return {"model": "User", "get": {"select": select, "where": {"id": {"gt": between(1, max(1, users - 2 * limit))}}, "limit": limit}}


def _nested_insert():
    # Tags of ranges of their own: four different ones, in order.
    tags = [between(1 + i * data.TAGS // 4, (i + 1) * data.TAGS // 4) for i in range(4)]
    return {"model": "User", "insert": {
        "name": "a user that is new", "role": {"connect": between(1, data.ROLES)}, "profile": {"create": {"bio": "the life of a user that is new"}},
        "posts": {"create": [{"title": "the first post", "tags": {"connect": tags[:2]}}, {"title": "the second post", "tags": {"connect": tags[2:]}}]}}}


def insert_children(children):
    return {"model": "User", "insert": {
        "name": "a user with children", "role": {"connect": 1}, "posts": {"create": [{"title": f"the title of child number {i}"} for i in range(children)]}}}


def sql_of_children(children):
    """The same as insert_children, by hand: two statements, the second with an array."""
    titles = ",".join(f"the title of child number {i}" for i in range(children))
    return ("BEGIN;\nINSERT INTO users (name, role_id) VALUES ('a user with children', 1) RETURNING id \\gset\n"
            f"INSERT INTO posts (title, user_id) SELECT t, :id::bigint FROM unnest('{{{titles}}}'::text[]) AS k(t) RETURNING id;\nCOMMIT;\n")


def reads(users):
    return [
        Workload("point_read", "point read by key", _user({"name": True}, users), beside="empty", target=0.7, cpu_target=1.6),
        Workload("nested_read", "nested read, depth 3", _user(data.TREE, users), target=0.55),
        Workload("page_of_20", "page of 20 nested users", _page(data.TREE, users, 20), target=0.75),
        Workload("relation_filter", "relation filter", {"model": "User", "get": {
            "select": {"id": True, "name": True, "role": {"name": True}},
            "where": {"id": {"gt": between(1, max(1, users - 1000))}, "role": {"name": "role 3"}, "posts": {"title": {"contains": "7"}}}, "limit": 20}}),
    ]


def writes(users):
    return [
        Workload("nested_insert", "nested insert", _nested_insert(), target=0.6),
        Workload("insert_children", "insert of 1,000 children", insert_children(1000), clients=1, connections=1, beside="sql", target=0.5,
                 sql=sql_of_children(1000)),
    ]


def curves(users):
    """Returns, for each cost curve, its title and the workloads at its points."""
    selects = [{"id": True, "name": True}, {"id": True, "name": True, "posts": {"title": True}},
               {"id": True, "name": True, "posts": {"title": True, "tags": {"name": True}}},
               {"id": True, "name": True, "posts": {"title": True, "tags": {"name": True, "posts": {"select": {"title": True}, "limit": 2}}}}]
    children = [(n, {"model": "User", "get": {"select": {"name": True, "posts": {"select": {"title": True}, "limit": 1000}},
                                              "where": {"id": data.children_user(users, n)}}}) for n in data.CHILDREN]
    return {
        "children_read": ("children of one parent that are read", "children", children, 4),
        "depth": ("levels below the root that are read", "levels", [(depth, _user(select, users)) for depth, select in enumerate(selects)], 4),
        "result_size": ("nested users on a page", "users", [(n, _page(data.TREE, users, n)) for n in (1, 10, 100, 1000)], 4),
        "children_inserted": ("children of one parent that are inserted", "children", [(n, insert_children(n)) for n in data.CHILDREN], 1),
    }
