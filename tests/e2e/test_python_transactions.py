"""Transactions and batches of the Python client against a server."""

import pytest
import rowan


def names(blog):
    return [user["name"] for user in blog.get("blog", "User", {"select": {"name": True}})]


def test_leaving_the_block_commits(blog):
    with blog.transaction("blog") as work:
        work.insert("User", {"name": "Ada", "role": {"connect": 1}}, id="u")
        work.insert("Post", {"title": "One", "userId": {"ref": "u.id"}})
        assert work.exists("Post", {"where": {"user": {"name": "Ada"}}})
        assert names(blog) == []
    assert names(blog) == ["Ada"]


def test_an_exception_rolls_back(blog):
    with pytest.raises(ValueError):
        with blog.transaction("blog") as work:
            work.insert("User", {"name": "Ada", "role": {"connect": 1}})
            raise ValueError
    assert names(blog) == []


def test_a_request_that_fails_leaves_the_rest(blog):
    with blog.transaction("blog") as work:
        work.insert("User", {"name": "Ada", "role": {"connect": 1}})
        with pytest.raises(rowan.NotFoundError) as failed:
            work.insert("User", {"name": "Bob", "role": {"connect": 9}})
        assert failed.value.reason == "RELATED_NOT_FOUND" and failed.value.metadata["keys"] == "9"
        with pytest.raises(rowan.InvalidArgumentError):
            work.get("User", {"select": {"nmae": True}})
        with pytest.raises(rowan.DocumentError):
            work.get("User", {"selct": {"name": True}})
        assert work.aggregate("User", {"select": {"n": {"count": True}}}) == [{"n": 1}]
    assert names(blog) == ["Ada"]


def test_marks(blog):
    with blog.transaction("blog", isolation="repeatable_read") as work:
        work.upsert("User", {"data": {"id": 1, "name": "Ada", "roleId": 1}})
        work.savepoint("here")
        work.update("User", {"data": {"name": "Eve"}, "where": {"id": 1}})
        work.rollback_to("here")
        work.release("here")
        with pytest.raises(rowan.RowanError):
            work.rollback_to("here")
    assert names(blog) == ["Ada"]


def test_what_is_over_is_over(blog):
    work = blog.transaction("blog")
    work.rollback()
    with pytest.raises(rowan.FailedPreconditionError):
        work.get("User", {"select": {"name": True}})


def test_read_only(blog):
    with blog.transaction("blog", read_only=True) as work:
        with pytest.raises(rowan.RowanError) as refused:
            work.delete("User", {"all_rows": True})
        assert refused.value.reason == "TRANSACTION_MISUSE"


def test_a_silent_client(blog):
    import time

    work = blog.transaction("blog", idle_timeout=0.2)
    time.sleep(1)
    with pytest.raises(rowan.AbortedError) as over:
        work.get("User", {"select": {"name": True}})
    assert over.value.reason == "TRANSACTION_TIMEOUT"


@pytest.mark.parametrize("begin", [{"schema": "nothing"}, {"schema": "blog", "isolation": "chaos"}])
def test_what_cannot_begin(blog, begin):
    with pytest.raises(rowan.RowanError):
        blog.transaction(**begin)


def test_a_batch(blog):
    done = blog.batch("blog", {"operations": [
        {"id": "u", "model": "User", "insert": {"name": "Ada", "role": {"connect": 1}}},
        {"model": "User", "get": {"select": {"name": True}, "where": {"id": {"eq": {"ref": "u.id"}}}}}], "request_id": "b1"})
    assert done[1] == [{"name": "Ada"}] and done.by_id["u"].records == [{"id": 1}] and not done.repeated_answer
    with pytest.raises(rowan.RowanError) as failed:
        blog.batch("blog", [{"model": "User", "delete": {"all_rows": True}}, {"model": "User", "exists": {"expect": True}}])
    assert failed.value.reason == "EXPECTATION_FAILED" and failed.value.path.startswith("operations[1]")
    assert names(blog) == ["Ada"]
