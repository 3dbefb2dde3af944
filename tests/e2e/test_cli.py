"""The command line against a real server, typed as the README types it."""

import json
import re
import subprocess

import pytest
from conftest import BIN, BLOG, wait_for

SELECT = '{"select": {"id": true, "name": true, "role": {"name": true}, "profile": {"bio": true}, "posts": {"title": true, "tags": {"name": true}}}}'

TAGS = 100_000


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


@pytest.fixture
def written(blog):
    """Three users of two roles; Alice has three posts, Bob one and Carl none."""
    blog.insert("blog", "Role", {"name": "guest"})
    for name, role, titles in [("Alice", 1, "abc"), ("Bob", 2, "d"), ("Carl", 1, "")]:
        user = blog.insert("blog", "User", {"name": name, "role": {"connect": role}}).records[0]
        for title in titles:
            blog.insert("blog", "Post", {"title": title, "user": {"connect": user["id"]}})
    return blog


@pytest.fixture
def start_stream():
    """Starts a stream of all tags that a test reads bit by bit; it ends with the test."""
    started = []

    def start(address, *arguments):
        started.append(subprocess.Popen([BIN / "rowan", "--address", address, "--timeout", "60s", "stream", "blog", "Tag", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for stream in started:
        with stream:
            stream.kill()


def write_tags(postgres):
    """Writes more tags than fit between a server and a reader that stands still: about 40 MB on the wire."""
    postgres.psql(f"INSERT INTO tags (id, name) SELECT n, n || repeat(' tag', 100) FROM generate_series(1, {TAGS}) n")


def ids(lines):
    return [json.loads(line)["id"] for line in lines]


def told(done, what):
    """Returns what standard error says of a cursor, a total or a token."""
    return re.search(rf"^rowan: {what} (\S+)$", done.stderr, re.MULTILINE).group(1)


def test_pages_go_forward_and_back(written, run):
    document = '{"select": {"name": true}, "order_by": [{"name": "desc"}]}'
    first = run("get", "blog", "User", document, "--limit", "2", "--total", "exact")
    assert result(first) == [{"name": "Carl"}, {"name": "Bob"}]
    assert told(first, "total") == "3" and "there are more records" in first.stderr
    second = run("get", "blog", "User", document, "--limit", "2", "--cursor", told(first, "end cursor"))
    assert result(second) == [{"name": "Alice"}] and "there are more" not in second.stderr
    back = run("get", "blog", "User", document, "--limit", "1", "--backward", "--cursor", told(second, "start cursor"))
    assert result(back) == [{"name": "Bob"}] and "more records before these" in back.stderr
    assert result(run("get", "blog", "User", document, "--limit", "2", "--cursor", told(back, "start cursor"), "--backward")) == [{"name": "Carl"}]


def test_counts_and_nested_pages(written, run):
    document = "{select: {name: true, _count: {posts: true}, posts: {select: {title: true}, limit: 1, total: exact}}, where: {name: {contains: AL, mode: insensitive}}}"
    done = run("get", "blog", "User", document)
    assert result(done) == [{"name": "Alice", "posts": [{"title": "a"}], "_count": {"posts": 3}}]
    cursor = re.search(r"^rowan: \[0\]\.posts: 1 record, total 3, more, end cursor (\S+)$", done.stderr, re.MULTILINE).group(1)
    nested = json.dumps({"select": {"posts": {"select": {"title": True}, "cursor": cursor}}, "limit": 1})
    assert result(run("get", "blog", "User", nested)) == [{"posts": [{"title": "b"}, {"title": "c"}]}]
    table = run("get", "blog", "User", "{select: {name: true, _count: {posts: true}}}", "--format", "table")
    assert table.stdout.splitlines() == ["name   _count.posts", "-----  ------------", "Alice             3", "Bob               1", "Carl              0"]


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_all_strategies_print_the_same(written, run, strategy):
    found = run("get", "blog", "User", SELECT, "--strategy", strategy)
    assert found.stdout == run("get", "blog", "User", SELECT).stdout and '"title": "c"' in found.stdout
    assert f"strategy {strategy}: the request asks for it" in run("explain", "get", "blog", "User", SELECT, "--strategy", strategy).stdout


def test_aggregates(written, run):
    document = "{group_by: [user.name], select: {posts: {count: true}, last: {max: title}}, having: {posts: {gt: 0}}, order_by: [{posts: desc}]}"
    assert result(run("aggregate", "blog", "Post", document)) == [
        {"user.name": "Alice", "posts": 3, "last": "c"},
        {"user.name": "Bob", "posts": 1, "last": "d"},
    ]
    limited = run("aggregate", "blog", "Post", document, "--limit", "1", "--format", "jsonl")
    assert limited.stdout == '{"user.name":"Alice","posts":3,"last":"c"}\n' and "there are more groups" in limited.stderr
    assert result(run("aggregate", "blog", "Post", "{select: {n: {count: true}}, where: {title: none}}")) == [{"n": 0}]


def test_exists_answers_by_its_exit_code(written, run):
    found = run("exists", "blog", "User", "{where: {posts: {some: {title: d}}}}")
    assert (found.returncode, found.stdout, found.stderr) == (0, "true\n", "")
    missing = run("exists", "blog", "User", "{where: {role: null}}")
    assert (missing.returncode, missing.stdout, missing.stderr) == (1, "false\n", "")
    assert run("exists", "blog", "Tag").returncode == 1
    wrong = run("exists", "blog", "User", "{where: {nam: x}}")
    assert wrong.returncode == 64 + 3 and wrong.stdout == "" and "where.nam" in wrong.stderr


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stream_goes_on_where_another_ended(written, run, mode):
    document = "{select: {name: true}, order_by: name, limit: 2}"
    first = run("stream", "blog", "User", document, "--mode", mode)
    assert first.stdout == '{"name":"Alice"}\n{"name":"Bob"}\n'
    rest = run("stream", "blog", "User", document, "--mode", mode, "--resume", told(first, "resume token"))
    assert rest.returncode == 0 and rest.stdout == "", "its limit is used up"
    whole = "{select: {name: true}, order_by: name}"
    last = run("stream", "blog", "User", whole, "--mode", mode)
    written.insert("blog", "User", {"name": "Dora", "role": {"connect": 1}})
    assert run("stream", "blog", "User", whole, "--mode", mode, "--resume", told(last, "resume token")).stdout == '{"name":"Dora"}\n'


@pytest.mark.parametrize("mode", ["snapshot", "keyset"])
def test_a_stream_that_is_lost_prints_each_record_once(own_postgres, start_rowand, start_stream, mode):
    server = start_rowand("--db-url", own_postgres.url)
    with server.client() as client:
        client.apply_schema(BLOG)
    write_tags(own_postgres)
    stream = start_stream(server.address, "--mode", mode)
    lines = [stream.stdout.readline() for _ in range(10)]
    own_postgres.kill()
    own_postgres.start()
    lines += stream.stdout
    said = stream.stderr.read()
    assert stream.wait() == 0, said
    assert ids(lines) == list(range(1, TAGS + 1))
    assert "rowan: the stream was lost (UNAVAILABLE DATABASE_UNAVAILABLE); it goes on where it was\n" in said
    assert f"{TAGS:,} rows" in said and ", resumed " in said


def test_a_stream_that_stood_still_too_long_prints_each_record_once(blog, postgres, start_rowand, start_stream):
    write_tags(postgres)
    server = start_rowand("--db-url", postgres.url, "--stream-stall-timeout", "300ms")
    stream = start_stream(server.address)
    lines = [stream.stdout.readline()]
    wait_for(lambda: "STREAM_STALLED" in server.log(), "the server gives the reader up")
    lines += stream.stdout
    said = stream.stderr.read()
    assert stream.wait() == 0, said
    assert ids(lines) == list(range(1, TAGS + 1))
    assert "rowan: the stream was lost (ABORTED STREAM_STALLED); it goes on where it was\n" in said


def test_a_stream_that_stays_lost_prints_its_token(own_postgres, start_rowand, start_stream):
    server = start_rowand("--db-url", own_postgres.url)
    with server.client() as client:
        client.apply_schema(BLOG)
    write_tags(own_postgres)
    stream = start_stream(server.address)
    lines = [stream.stdout.readline()]
    own_postgres.kill()
    lines += stream.stdout
    said = stream.stderr.read()
    assert stream.wait() == 64 + 14, said
    assert 0 < len(lines) < TAGS and "then the stream ended early" in said
    token = re.search(r"^rowan: go on after the last record with --resume (\S+)$", said, re.MULTILINE).group(1)
    own_postgres.start()
    wait_for(server.ready, "rowand reaches its database again")
    rest = start_stream(server.address, "--resume", token)
    lines += rest.stdout
    assert rest.wait() == 0, rest.stderr.read()
    assert ids(lines) == list(range(1, TAGS + 1))


def test_explain_shows_the_plans_of_postgresql(written, run):
    estimated = run("explain", "get", "blog", "User", "{select: {name: true}, where: {name: Alice}}", "--estimate")
    assert estimated.returncode == 0, estimated.stderr
    assert re.search(r"^ +(Index|Seq) Scan of users as t0", estimated.stdout, re.MULTILINE)
    assert "rows expected" in estimated.stdout and "found" not in estimated.stdout
    analyzed = run("explain", "get", "blog", "User", SELECT, "--strategy", "by_level", "--analyze")
    assert "rows expected, 3 found, " in analyzed.stdout and " ms, cost " in analyzed.stdout
    for document in ('{"where": {"name": "Carl"}}', '{"where": {"name": "nobody"}}'):
        assert run("explain", "delete", "blog", "User", document, "--analyze").returncode == 0
    assert result(run("aggregate", "blog", "User", "{select: {n: {count: true}}}")) == [{"n": 3}], "what was analyzed was undone"
    explained = json.loads(run("explain", "exists", "blog", "User", "--analyze", "--format", "json").stdout)
    assert explained["statements"][0]["postgres_plan"]["actual_rows"] == 1


def test_explain_shows_sql_and_runs_nothing(run):
    done = run("explain", "insert", "blog", "Role", '{"name": "new"}')
    assert done.returncode == 0 and 'INSERT INTO "public"."roles"' in done.stdout
    assert result(run("get", "blog", "Role", '{"select": {"name": true}}')) == [{"name": "admin"}]


def test_a_schema_comes_back_as_it_can_be_applied(run):
    printed = run("schema", "get", "blog")
    assert printed.returncode == 0
    again = run("schema", "apply", "-", stdin=printed.stdout)
    assert again.returncode == 0, again.stderr
    assert run("schema", "validate", str(BLOG), "--server").returncode == 0


@pytest.mark.parametrize("arguments, code, says", [
    (["get", "blog", "User", '{"select": {"nmae": true}}'], 64 + 3, ["UNKNOWN_FIELD", "select.nmae", "name"]),
    (["get", "nothing", "User", '{"select": {"id": true}}'], 64 + 5, ["UNKNOWN_SCHEMA", "blog"]),
    (["insert", "blog", "User", '{"name": "x", "role": {"connect": 99}}'], 64 + 5, ["RELATED_NOT_FOUND", "data.role.connect", "99"]),
    (["insert", "blog", "Role", '{"name": "admin"}'], 64 + 6, ["UNIQUE_VIOLATION"]),
    (["delete", "blog", "User", "{}"], 64 + 9, ["UNGUARDED_MUTATION", "all_rows"]),
    (["update", "blog", "User", '{"data": {"role": {"disconnect": true}}, "where": {"id": 1}}'], 64 + 3, ["DISCONNECT_REQUIRED", "data.role.disconnect"]),
    (["get", "blog", "User", "--cursor", "AQAAAA"], 64 + 3, ["CURSOR_MISMATCH", "cursor"]),
    (["get", "blog", "User", "--limit", "-1"], 64 + 3, ["LIMIT_OUT_OF_RANGE", "limit"]),
    (["get", "blog", "User", '{"select": {"role": {"select": {"id": true}, "limit": 3}}}'], 64 + 3, ["PAGE_ON_TO_ONE", "select.role"]),
    (["get", "blog", "User", '{"select": {"id": true}, "where": {"name": {"regex": "(?=x)"}}}'], 64 + 3, ["INVALID_REGEX", "where.name"]),
    (["stream", "blog", "User", "--resume", "no token"], 64 + 3, ["CURSOR_MISMATCH", "resume_token"]),
    (["aggregate", "blog", "User", "{}"], 64 + 3, ["EMPTY_SELECTION"]),
    (["aggregate", "blog", "User", '{"select": {"n": {"sum": "name"}}}'], 64 + 3, ["AGGREGATE_NOT_ALLOWED", "select.n"]),
    (["exists", "blog", "Usr"], 64 + 3, ["UNKNOWN_MODEL", "User"]),
    (["explain", "get", "blog", "User", '{"select": {"nmae": true}}', "--analyze"], 64 + 3, ["UNKNOWN_FIELD", "select.nmae"]),
    (["get", "blog", "User", "--total", "exakt"], 2, ["did you mean \"exact\"?"]),
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
