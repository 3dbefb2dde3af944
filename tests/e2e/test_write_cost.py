"""What nested writes cost: statements depend on levels and models, and requests are bounded."""

import re
import urllib.request

import pytest
import rowan
from conftest import BLOG, Postgres, Rowand


@pytest.fixture(scope="module")
def server():
    postgres = Postgres()
    postgres.start()
    running = Rowand("--db-url", postgres.url)
    with running.client() as client:
        client.apply_schema(BLOG)
        client.insert("blog", "Role", {"name": "admin"})
        client.insert("blog", "Tag", [{"name": "a"}, {"name": "b"}])
    yield running
    assert running.stop() == 0
    postgres.remove()


def sent(server):
    """How many statements the server sent so far, by its metrics."""
    port = re.search(r'"admin":"(\d+)"', server.log()).group(1)
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    return sum(float(value) for value in re.findall(r"^rowan_db_statements_total(?:{[^}]*})? (\S+)$", metrics, re.MULTILINE))


def user(children):
    return {"name": "u", "role": {"connect": 1}, "posts": {"create": [{"title": f"p{i}", "tags": {"connect": [1, 2]}} for i in range(children)]}}


def test_ten_thousand_children_take_as_many_statements_as_one(server):
    with server.client() as client:
        counts = []
        for children in (1, 100, 10_000):
            before = sent(server)
            result = client.insert("blog", "User", user(children))
            counts.append(sent(server) - before)
            assert result.effects["relations"] == {"posts": {"created": children}, "posts.tags": {"connected": 2 * children}, "role": {"connected": 1}}
    assert len(set(counts)) == 1 and 0 < counts[0] < 12


def test_more_nodes_than_a_request_may_have(server):
    with server.client() as client:
        with pytest.raises(rowan.InvalidArgumentError) as refused:
            client.insert("blog", "User", {"name": "u", "role": {"connect": 1}, "posts": {"create": [{"title": "t", "tags": {"connect": [1] * 100_001}}]}})
        assert refused.value.reason == "TOO_MANY_NODES" and refused.value.metadata["limit"] == "100000"
