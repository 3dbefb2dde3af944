"""The reference page's models and calls through the client, against a real server."""

import grpc
import pytest
from conftest import registered

import rowan

BLOG = {
    "schema": "blog",
    "models": {
        "Role": {
            "table": "roles",
            "fields": {"id": {"type": "number", "primary": True}, "name": {"type": "string", "unique": True}},
            "relations": {"users": {"has_many": "User"}},
        },
        "Profile": {
            "table": "profiles",
            "fields": {"id": {"type": "number", "primary": True}, "bio": {"type": "string", "optional": True}},
            "relations": {
                "user": {
                    "belongs_to": "User",
                    "constraint_name": "fk_profiles_user_id",
                    "on_update": "cascade",
                    "on_delete": "cascade",
                    "index": True,
                }
            },
        },
        "Tag": {
            "table": "tags",
            "fields": {"id": {"type": "number", "primary": True}, "name": {"type": "string", "unique": True}},
            "relations": {"posts": {"many_to_many": "Post"}},
        },
        "Post": {
            "table": "posts",
            "fields": {"id": {"type": "number", "primary": True}, "title": "string"},
            "relations": {
                "tags": {"many_to_many": "Tag"},
                "user": {
                    "belongs_to": "User",
                    "constraint_name": "fk_posts_user_id",
                    "on_update": "cascade",
                    "on_delete": "set null",
                    "index": True,
                },
            },
        },
        "User": {
            "table": "users",
            "fields": {"id": {"type": "number", "primary": True}, "name": "string"},
            "relations": {
                "role": {
                    "belongs_to": "Role",
                    "constraint_name": "fk_users_role_id",
                    "on_update": "cascade",
                    "on_delete": "restrict",
                    "index": True,
                },
                "profile": {"has_one": "Profile"},
                "posts": {"has_many": "Post"},
            },
        },
    },
}

TREE = {
    "name": True,
    "role": {"name": True},
    "profile": {"bio": True},
    "posts": {"title": True, "tags": {"name": True}},
}


@pytest.fixture(scope="module")
def blog(live, unique):
    name = registered(live, BLOG, unique)
    live.insert(name, "Role", [{"name": "admin"}, {"name": "writer"}])
    live.insert(name, "Tag", [{"name": "c++"}, {"name": "grpc"}, {"name": "sql"}, {"name": "news"}])
    return name


def add_user(live, blog, name, **parts):
    """Inserts a user with the role admin and returns its id."""
    return live.insert(blog, "User", {"name": name, "role": {"connect": {"name": "admin"}}, **parts}).records[0]["id"]


def read_user(live, blog, key, select=None):
    (user,) = live.get(blog, "User", {"select": select or TREE, "where": {"id": key}})
    return user


def test_the_server_is_healthy(live):
    assert live.health() and live.health("rowan.v1.DataService")


def test_the_schema_is_listed_and_comes_back(live, blog):
    assert blog in [summary.name for summary in live.list_schemas()]
    schema = live.get_schema(blog)
    assert list(schema.document["models"]) and schema.version and schema.apply_time
    again = live.apply_schema(schema.document)
    assert not again.applied and again.schema.version == schema.version and again.steps == ()


def test_an_insert_with_nested_writes_is_read_back_as_a_tree(live, blog):
    done = live.insert(
        blog,
        "User",
        {
            "data": {
                "name": "Alice",
                "role": {"connect": {"name": "admin"}},
                "profile": {"create": {"bio": "Builder"}},
                "posts": {
                    "create": [{"title": "First post", "tags": {"connect": [{"name": "c++"}, {"name": "grpc"}]}}]
                },
            },
            "returning": TREE,
        },
    )
    relations = done.effects["relations"]
    assert (done.effects["matched"], done.effects["changed"]) == (1, 1)
    assert relations["role"] == {"connected": 1} and relations["profile"] == {"created": 1}
    assert relations["posts"] == {"created": 1} and relations["posts.tags"] == {"connected": 2}
    (alice,) = done.records
    alice["posts"][0]["tags"].sort(key=lambda tag: tag["name"])
    assert alice == {
        "name": "Alice",
        "role": {"name": "admin"},
        "profile": {"bio": "Builder"},
        "posts": [{"title": "First post", "tags": [{"name": "c++"}, {"name": "grpc"}]}],
    }


def test_relation_filters(live, blog):
    add_user(live, blog, "Releaser", posts={"create": [{"title": "The release"}, {"title": "Other"}]})
    found = live.get(
        blog,
        "User",
        {
            "select": {"name": True},
            "where": {"role": {"name": {"eq": "admin"}}, "posts": {"title": {"contains": "release"}}},
        },
    )
    assert found == [{"name": "Releaser"}]
    nobody = {"select": {"name": True}, "where": {"posts": {"title": {"contains": "_elease"}}}}
    assert live.get(blog, "User", nobody) == []


def test_updates_connect_create_and_disconnect(live, blog):
    key = add_user(live, blog, "Ben")
    tags = {tag["name"]: tag["id"] for tag in live.get(blog, "Tag", {"select": {"*": True}})}
    done = live.update(blog, "User", {"data": {"role": {"connect": {"name": "writer"}}}, "where": {"id": key}})
    assert done.effects["matched"] == 1 and done.effects["relations"]["role"] == {"connected": 1}
    live.update(blog, "User", {"data": {"profile": {"create": {"bio": "Builder from Day 1"}}}, "where": {"id": key}})
    live.update(
        blog,
        "User",
        {"data": {"posts": {"create": {"title": "Tagged", "tags": {"connect": tags["news"]}}}}, "where": {"id": key}},
    )
    done = live.update(
        blog,
        "Post",
        {
            "data": {"tags": {"connect": [tags["c++"], tags["grpc"], tags["sql"]], "disconnect": [tags["news"]]}},
            "where": {"user": {"id": key}},
        },
    )
    assert done.effects["relations"]["tags"] == {"connected": 3, "disconnected": 1}
    ben = read_user(live, blog, key)
    assert ben["role"] == {"name": "writer"} and ben["profile"] == {"bio": "Builder from Day 1"}
    assert sorted(tag["name"] for tag in ben["posts"][0]["tags"]) == ["c++", "grpc", "sql"]


def test_absent_rows_are_none_and_empty_lists(live, blog):
    user = read_user(live, blog, add_user(live, blog, "Nobody"))
    assert user["profile"] is None and user["posts"] == []


def test_pages_aliases_and_orders(live, blog):
    key = add_user(live, blog, "Pager", posts={"create": [{"title": f"P{n}"} for n in range(5)]})
    select = {
        "latest": {"relation": "posts", "select": {"title": True}, "order_by": [{"title": "desc"}], "limit": 2},
        "rest": {"relation": "posts", "select": {"title": True}, "order_by": "title", "limit": 10, "offset": 3},
    }
    user = read_user(live, blog, key, select)
    assert user == {"latest": [{"title": "P4"}, {"title": "P3"}], "rest": [{"title": "P3"}, {"title": "P4"}]}
    assert user["latest"].has_more and not user["rest"].has_more
    page = live.get(blog, "User", {"select": {"id": True}, "limit": 1})
    assert len(page) == 1 and page.has_more


def test_streams_give_what_pages_give(live, blog):
    add_user(live, blog, "Streamer", posts={"create": [{"title": "S"}]})
    read = {"select": TREE, "order_by": [{"name": "asc"}]}
    with live.stream(blog, "User", read) as stream:
        users = list(stream)
    assert users == live.get(blog, "User", read) and stream.total == len(users) > 0
    with live.stream(blog, "User", read) as stream:
        next(stream)
    assert list(stream) == []


def test_deletes_return_what_was_there(live, blog):
    key = add_user(live, blog, "Leaver", profile={"create": {"bio": "x"}}, posts={"create": [{"title": "stays"}]})
    done = live.delete(blog, "User", {"where": {"id": key}, "returning": {"name": True, "profile": {"bio": True}}})
    assert done.records == [{"name": "Leaver", "profile": {"bio": "x"}}]
    assert done.effects["matched"] == done.effects["changed"] == 1
    assert live.get(blog, "User", {"select": {"id": True}, "where": {"id": key}}) == []
    orphan = {"select": {"title": True, "user": {"id": True}}, "where": {"title": "stays"}}
    assert live.get(blog, "Post", orphan) == [{"title": "stays", "user": None}]
    assert live.delete(blog, "User", {"where": {"id": key}}).effects["matched"] == 0


@pytest.mark.parametrize(
    "verb, model, body, parameters",
    [
        ("get", "User", {"select": TREE, "where": {"id": 1}}, True),
        ("stream", "User", {"select": TREE}, False),
        ("insert", "User", {"name": "x", "role": {"connect": 1}}, True),
        ("update", "User", {"data": {"name": "x"}, "where": {"id": 1}}, True),
        ("delete", "User", {"where": {"id": 1}}, True),
    ],
)
def test_every_verb_is_explained_with_its_sql(live, blog, verb, model, body, parameters):
    before = live.get(blog, "User", {"select": {"id": True}})
    explanation = live.explain(verb, blog, model, body)
    assert explanation.plan and explanation.schema_version == live.get_schema(blog).version
    assert explanation.statements and all(statement.sql for statement in explanation.statements)
    assert bool([kind for statement in explanation.statements for kind in statement.parameter_types]) or not parameters
    assert live.get(blog, "User", {"select": {"id": True}}) == before


ERRORS = [
    (rowan.NotFoundError, "UNKNOWN_SCHEMA", "schema", lambda c, s: c.get(s + "x", "User", {"select": {"id": True}})),
    (rowan.InvalidArgumentError, "UNKNOWN_MODEL", "model", lambda c, s: c.get(s, "Usr", {"select": {"id": True}})),
    (
        rowan.InvalidArgumentError,
        "UNKNOWN_FIELD",
        "select.nmae",
        lambda c, s: c.get(s, "User", {"select": {"nmae": True}}),
    ),
    (
        rowan.InvalidArgumentError,
        "UNKNOWN_RELATION",
        "select.rol",
        lambda c, s: c.get(s, "User", {"select": {"rol": {"id": True}}}),
    ),
    (
        rowan.InvalidArgumentError,
        "EMPTY_SELECTION",
        "select.role",
        lambda c, s: c.get(s, "User", {"select": {"role": {}}}),
    ),
    (
        rowan.InvalidArgumentError,
        "TYPE_MISMATCH",
        "where.id.eq",
        lambda c, s: c.get(s, "User", {"select": {"id": True}, "where": {"id": {"eq": True}}}),
    ),
    (
        rowan.InvalidArgumentError,
        "OPERATOR_NOT_ALLOWED",
        "where.id.contains",
        lambda c, s: c.get(s, "User", {"select": {"id": True}, "where": {"id": {"contains": "1"}}}),
    ),
    (
        rowan.InvalidArgumentError,
        "REQUIRED_FIELD",
        "data.posts[0].title",
        lambda c, s: c.insert(s, "User", {"name": "x", "role": {"connect": 1}, "posts": {"create": {}}}),
    ),
    (
        rowan.NotFoundError,
        "RELATED_NOT_FOUND",
        "data.role.connect",
        lambda c, s: c.insert(s, "User", {"name": "x", "role": {"connect": 987654}}),
    ),
    (rowan.AlreadyExistsError, "UNIQUE_VIOLATION", None, lambda c, s: c.insert(s, "Role", {"name": "admin"})),
    (rowan.FailedPreconditionError, "UNGUARDED_MUTATION", "where", lambda c, s: c.delete(s, "User", {})),
    (
        rowan.FailedPreconditionError,
        "UNGUARDED_MUTATION",
        "where",
        lambda c, s: c.update(s, "User", {"data": {"name": "x"}}),
    ),
    (
        rowan.FailedPreconditionError,
        "FOREIGN_KEY_RESTRICT",
        None,
        lambda c, s: (
            c.insert(s, "User", {"name": "r", "role": {"connect": {"name": "admin"}}}),
            c.delete(s, "Role", {"where": {"name": "admin"}}),
        ),
    ),
    (
        rowan.InvalidArgumentError,
        "DISCONNECT_REQUIRED",
        "data.role.disconnect",
        lambda c, s: c.update(s, "User", {"data": {"role": {"disconnect": True}}, "where": {"id": 1}}),
    ),
    (
        rowan.InvalidArgumentError,
        "MALFORMED_VALUE",
        "data.name",
        lambda c, s: c.insert(s, "Role", {"name": "a\x00b"}),
    ),
    (
        rowan.InvalidArgumentError,
        "UNKNOWN_TARGET",
        None,
        lambda c, s: c.apply_schema(
            {
                "schema": s + "b",
                "models": {
                    "A": {"fields": {"id": {"type": "int64", "primary": True}}, "relations": {"b": {"belongs_to": "B"}}}
                },
            }
        ),
    ),
]


@pytest.mark.parametrize("kind, reason, path, call", ERRORS, ids=[f"{entry[1]}-{entry[2]}" for entry in ERRORS])
def test_errors_carry_reason_path_and_request(live, blog, kind, reason, path, call):
    with pytest.raises(kind) as caught:
        call(live, blog)
    assert caught.value.reason == reason and caught.value.request_id and caught.value.message
    assert path is None or caught.value.path == path


def test_suggestions_name_what_exists(live, blog):
    with pytest.raises(rowan.InvalidArgumentError) as caught:
        live.get(blog, "User", {"select": {"nmae": True}}, request_id="find-me")
    assert "name" in caught.value.metadata["nearest"] and caught.value.request_id == "find-me"
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_failed_insert_leaves_nothing(live, blog):
    with pytest.raises(rowan.NotFoundError):
        live.insert(
            blog,
            "User",
            {
                "name": "Ghost",
                "role": {"connect": {"name": "admin"}},
                "posts": {"create": [{"title": "ghostly", "tags": {"connect": [987654]}}]},
            },
        )
    assert live.get(blog, "User", {"select": {"id": True}, "where": {"name": "Ghost"}}) == []
    assert live.get(blog, "Post", {"select": {"id": True}, "where": {"title": "ghostly"}}) == []


@pytest.mark.parametrize("hostile", ["'; drop table users; --", '"x"', "$$", "%_\\", "ü🏔\u202e", "a" * 100_000])
def test_hostile_texts_are_only_texts(live, blog, hostile):
    key = add_user(live, blog, hostile)
    assert live.get(blog, "User", {"select": {"name": True}, "where": {"name": hostile, "id": key}}) == [
        {"name": hostile}
    ]
    found = live.get(blog, "User", {"select": {"id": True}, "where": {"name": {"contains": hostile}, "id": key}})
    assert found == [{"id": key}]
