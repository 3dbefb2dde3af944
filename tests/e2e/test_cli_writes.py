"""Upserts, batches and transactions of the command line against a real server."""

import json
import subprocess

import pytest
from conftest import BIN
from test_cli import result, run  # noqa: F401, a fixture

OPERATIONS = """
- {id: u, model: User, insert: {name: Ann, role: {connect: {name: admin}}}}
- {model: Post, insert: [{title: a, userId: {ref: u.id}}, {title: b, userId: {ref: u.id}}]}
- {model: User, get: {select: {name: true, posts: {title: true}}, where: {id: {ref: u.id}}, lock: update, expect: 1}}
- {model: User, exists: {where: {name: nobody}, expect: false}}
"""


def lines(*messages):
    return "".join(json.dumps(message) + "\n" for message in messages)


def answers(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def names(run, model):  # noqa: F811
    return [record["name"] for record in result(run("get", "blog", model, "{select: {name: true}, order_by: id}"))]


def insert(name):
    return {"model": "Role", "insert": {"name": name}}


def test_an_upsert_says_what_it_did(run):  # noqa: F811
    done = run("upsert", "blog", "Role", "{data: [{name: admin}, {name: guest}], key: name, on_conflict: keep}")
    assert result(done)["outcomes"] == ["kept", "inserted"]
    assert names(run, "Role") == ["admin", "guest"]


def test_a_write_happens_once(run):  # noqa: F811
    write = ("insert", "blog", "Role", "{name: guest}", "--once", "r-1")
    first, second = run(*write), run(*write)
    assert result(first)["records"] == result(second)["records"]
    assert result(second)["repeated_answer"] is True and "happened before" in second.stderr
    other = run("insert", "blog", "Role", "{name: other}", "--once", "r-1")
    assert other.returncode == 67 and "KEY_REUSED" in other.stderr
    assert names(run, "Role") == ["admin", "guest"]


@pytest.mark.parametrize("write, code, says", [
    (("insert", "blog", "Role", "{name: guest}", "--dry-run"), 0, "a dry run"),
    (("update", "blog", "Role", "{data: {name: x}, where: {id: 1}}", "--expect", "{at_least: 2}"), 73, "EXPECTATION_FAILED"),
    (("delete", "blog", "Role", "{where: {id: 1}}", "--expect", "0"), 73, "EXPECTATION_FAILED"),
    (("delete", "blog", "Role", "{where: {id: 1}}", "--dry-run", "--once", "r"), 67, "CONFLICTING_INPUT"),
    (("batch", "blog", "[{model: Role, insert: {name: guest}}]", "--dry-run"), 0, "a dry run"),
    (("batch", "blog", "[{model: Role, insert: {name: guest}}, {model: Role, insert: {name: guest}}]"), 70, "UNIQUE_VIOLATION"),
    (("batch", "blog", "[{model: Role, insert: {name: {ref: nobody.name}}}]"), 67, "nobody"),
])
def test_nothing_is_written(run, write, code, says):  # noqa: F811
    done = run(*write)
    assert done.returncode == code and says in done.stderr
    assert names(run, "Role") == ["admin"]


def test_a_batch_refers_to_what_came_before(run):  # noqa: F811
    found = result(run("batch", "blog", "-", stdin=OPERATIONS))
    assert found[2:] == [[{"name": "Ann", "posts": [{"title": "a"}, {"title": "b"}]}], False]
    plan = run("explain", "batch", "blog", "-", stdin=OPERATIONS)
    assert plan.returncode == 0 and "INSERT INTO" in plan.stdout and "FOR UPDATE" in plan.stdout
    assert names(run, "User") == ["Ann"]


def test_a_transaction_answers_each_message_before_the_next(run, shared_rowand):  # noqa: F811
    with subprocess.Popen([BIN / "rowan", "--address", shared_rowand.address, "transact", "blog"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        def ask(message):
            process.stdin.write(lines(message))
            return json.loads(process.stdout.readline())

        assert "begun" in ask({"begin": {"isolation": "repeatable_read"}})
        role = ask({"id": "r", **insert("guest")})["result"]["records"][0]["id"]
        assert ask({"savepoint": "a"}) == {"done": "a"}
        ask({"model": "User", "insert": {"name": "Ann", "roleId": role}})
        assert ask({"rollback_to": "a"}) == {"done": "a"}
        ask({"model": "User", "insert": {"name": "Bob", "roleId": {"ref": "r.id"}}})
        assert names(run, "User") == []
        assert ask({"commit": True}) == {"committed": True}
        assert process.wait(timeout=30) == 0
    assert names(run, "User") == ["Bob"]


@pytest.mark.parametrize("messages, code, last", [
    ([insert("a")], 1, "result"),
    ([insert("a"), {"rollback": True}], 0, "committed"),
    ([insert("a"), insert("admin"), {"commit": True}], 70, "failed"),
    ([insert("a"), {"comit": True}], 2, "result"),
    ([insert("a"), {"rollback_to": "b"}, {"commit": True}], 67, "failed"),
    ([{"begin": {"read_only": True}}, insert("a"), {"commit": True}], 67, "failed"),
])
def test_a_transaction_that_is_not_committed_writes_nothing(run, messages, code, last):  # noqa: F811
    done = run("transact", "blog", stdin=lines(*messages))
    assert done.returncode == code, done.stderr
    assert last in answers(done)[-1]
    assert names(run, "Role") == ["admin"]


def test_a_transaction_goes_on_after_failures_when_told(run):  # noqa: F811
    done = run("transact", "blog", "--keep-going", stdin=lines(insert("admin"), insert("guest"), {"commit": True}))
    assert done.returncode == 0, done.stderr
    assert [next(iter(answer)) for answer in answers(done)] == ["failed", "result", "committed"]
    assert answers(done)[0]["failed"]["reason"] == "UNIQUE_VIOLATION"
    assert names(run, "Role") == ["admin", "guest"]
