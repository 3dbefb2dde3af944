"""The command line against a real server, typed as the README types it."""

import json
import subprocess

import pytest
from conftest import BIN, BLOG

SELECT = '{"select": {"id": true, "name": true, "role": {"name": true}, "profile": {"bio": true}, "posts": {"title": true, "tags": {"name": true}}}}'


@pytest.fixture
def run(blog, shared_rowand):
    def call(*arguments, address=shared_rowand.address, stdin=None):
        return subprocess.run([BIN / "rowan", "--address", address, *arguments], capture_output=True, text=True, input=stdin, timeout=60)

    return call


def result(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_page(run):
    result(run("insert", "blog", "Tag", '[{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}]'))
    result(run("insert", "blog", "User", '{"id": 5, "name": "Eve", "role": {"create": {"name": "guest"}}}'))
    result(run("insert", "blog", "Post", '{"id": 10, "title": "Ten", "tags": {"connect": [4]}}'))
    effects = result(run("update", "blog", "User", '{"data": {"role": {"connect": 1}}, "where": {"id": 5}}'))["effects"]
    assert effects == {"matched": 1, "changed": 1, "relations": {"role": {"connected": 1}}}
    effects = result(run("update", "blog", "User", '{"data": {"profile": {"create": {"bio": "Builder from Day 1"}}}, "where": {"id": 5}}'))["effects"]
    assert effects["relations"] == {"profile": {"created": 1}}
    effects = result(run("update", "blog", "Post", '{"data": {"tags": {"connect": [1, 2, 3], "disconnect": [4]}}, "where": {"id": 10}}'))["effects"]
    assert effects["relations"] == {"tags": {"connected": 3, "disconnected": 1}}
    effects = result(run("insert", "blog", "User", '{"name": "Alice", "role": {"connect": 1}, "profile": {"create": {"bio": "Builder"}}, '
                                                   '"posts": {"create": [{"title": "First post", "tags": {"connect": [1, 2]}}]}}'))["effects"]
    assert effects["relations"] == {"posts": {"created": 1}, "posts.tags": {"connected": 2}, "profile": {"created": 1}, "role": {"connected": 1}}
    assert result(run("get", "blog", "User", SELECT)) == [
        {"id": 1, "name": "Alice", "role": {"name": "admin"}, "profile": {"bio": "Builder"}, "posts": [{"title": "First post", "tags": [{"name": "a"}, {"name": "b"}]}]},
        {"id": 5, "name": "Eve", "role": {"name": "admin"}, "profile": {"bio": "Builder from Day 1"}, "posts": []},
    ]
    assert result(run("get", "blog", "User", '{"select": {"name": true}, "where": {"role": {"name": {"eq": "admin"}}, "posts": {"title": {"contains": "First"}}}}')) == [{"name": "Alice"}]


def test_stream_prints_a_record_a_line(run):
    done = run("stream", "blog", "Role", '{"select": {"name": true}}')
    assert done.returncode == 0 and done.stdout == '{"name":"admin"}\n'


def test_explain_shows_sql_and_runs_nothing(run):
    done = run("explain", "insert", "blog", "Role", '{"name": "new"}')
    assert done.returncode == 0 and 'INSERT INTO "public"."roles"' in done.stdout
    assert result(run("get", "blog", "Role", '{"select": {"name": true}}')) == [{"name": "admin"}]


def test_a_schema_comes_back_as_it_can_be_applied(run):
    printed = run("schema", "get", "blog")
    assert printed.returncode == 0
    again = run("schema", "apply", "-", stdin=printed.stdout)
    assert again.returncode == 0, again.stderr
    assert run("schema", "validate", str(BLOG)).returncode == 0


@pytest.mark.parametrize("arguments, code, says", [
    (["get", "blog", "User", '{"select": {"nmae": true}}'], 64 + 3, ["UNKNOWN_FIELD", "select.nmae", "name"]),
    (["get", "nothing", "User", '{"select": {"id": true}}'], 64 + 5, ["UNKNOWN_SCHEMA", "blog"]),
    (["insert", "blog", "User", '{"name": "x", "role": {"connect": 99}}'], 64 + 5, ["RELATED_NOT_FOUND", "data.role.connect", "99"]),
    (["insert", "blog", "Role", '{"name": "admin"}'], 64 + 6, ["UNIQUE_VIOLATION"]),
    (["delete", "blog", "User", "{}"], 64 + 9, ["UNGUARDED_MUTATION", "all_rows"]),
    (["update", "blog", "User", '{"data": {"role": {"disconnect": true}}, "where": {"id": 1}}'], 64 + 3, ["DISCONNECT_REQUIRED", "data.role.disconnect"]),
    (["get", "blog", "User", '{"select": '], 2, ["line 1"]),
    (["gte", "blog", "User"], 2, []),
    (["get"], 2, []),
], ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None)
def test_errors(run, arguments, code, says):
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    for text in says:
        assert text in done.stderr


def test_a_server_that_is_not_there(run):
    done = run("--timeout", "2s", "get", "blog", "User", '{"select": {"id": true}}', address="127.0.0.1:1")
    assert done.returncode in (64 + 14, 64 + 4) and done.stderr
    assert run("health", address="127.0.0.1:1").returncode == 1
    assert run("health").returncode == 0
