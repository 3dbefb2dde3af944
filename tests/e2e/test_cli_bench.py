"""The load of `rowan bench` against a real server."""

import json
import subprocess

import pytest
from conftest import BIN

MIX = """
- {name: read, weight: 3, model: Role, get: {select: {name: true, users: {name: true}}, where: {id: {$random: [1, 2]}}}}
- {name: write, model: Tag, insert: {name: {$next: 10, text: "tag {}"}, posts: {create: [{title: {$random: [5, 6], text: "post {}"}}]}}}
- {name: all, model: Tag, stream: {select: {name: true}, limit: 3}}
- {batch: [{model: Tag, exists: {}}]}
"""


@pytest.fixture
def bench(blog, shared_rowand):
    def run(document, *flags):
        command = [BIN / "rowan", "--address", shared_rowand.address, "bench", "blog", "-", "--warm-up", "50ms", *flags]
        return subprocess.run(command, input=document, capture_output=True, text=True, timeout=60)

    return run


def test_every_kind_of_request_is_sent_and_measured(bench, blog, postgres):
    done = bench(MIX, "--duration", "500ms", "--clients", "4", "--format", "json", "--decode")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [one["name"] for one in report["by_request"]] == ["read", "write", "all", "batch"]
    assert all(one["requests"] > 0 and one["failed"] == 0 and one["bytes"] > 0 for one in report["by_request"])
    assert report["requests"] == sum(one["requests"] for one in report["by_request"])
    written = int(postgres.psql("SELECT count(*) FROM tags"))
    assert report["by_request"][1]["requests"] <= written < report["sent"]
    assert sorted(postgres.psql("SELECT name FROM tags").split("\n")) == sorted(f"tag {n}" for n in range(10, 10 + written))
    assert postgres.psql("SELECT string_agg(DISTINCT title, ',' ORDER BY title) FROM posts") == "post 5,post 6"


def test_calls_that_fail_are_counted_by_reason(bench):
    # The name is unique: each but the first insert of it fails.
    done = bench("[{model: Tag, insert: {name: {$random: [1, 2], text: '{}'}}}, {model: Tag, get: {select: {id: true}}}]", "--duration", "500ms", "--format", "json", "--clients", "1")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert [failure["reason"] for failure in report["failures"]] == ["UNIQUE_VIOLATION"]
    assert report["failures"][0]["count"] == report["failed"] == report["by_request"][0]["failed"] > 0
    assert report["by_request"][1]["failed"] == 0


@pytest.mark.parametrize("document, code, says", [
    ("{model: Usr, get: {select: {id: true}}}", 67, "UNKNOWN_MODEL"),
    ("{model: Role, get: {select: {nmae: true}}}", 67, "UNKNOWN_FIELD"),
    ("{model: Role, get: {slect: {name: true}}}", 2, "slect"),
    ("{model: Role, get: {select: {id: true}, where: {id: {$random: [9]}}}}", 2, "least and the greatest"),
    ("{model: Role, get: {select: {id: true}, where: {id: {$random: [1, 2], text: 'x {}'}}}}", 67, "where.id"),
    ("[", 2, "line 1"),
])
def test_a_wrong_request_ends_the_run(bench, document, code, says):
    done = bench(document, "--duration", "600s")
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
