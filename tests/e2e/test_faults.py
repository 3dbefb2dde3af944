"""Connections that break in the middle of writes: nothing is half-written, and a request id settles what became of it."""

import random

import pytest
import rowan
from conftest import BLOG, Postgres, Rowand, wait_for
from fault_proxy import FaultProxy

RUNS = 1000
SEED = 20240501


@pytest.fixture(scope="module")
def database():
    postgres = Postgres()
    postgres.start()
    yield postgres
    postgres.remove()


@pytest.fixture(scope="module")
def proxy(database):
    between = FaultProxy(database.folder)
    yield between
    between.close()


@pytest.fixture(scope="module")
def client(database, proxy):
    server = Rowand("--db-url", proxy.url, "--db-pool-size", "2", "--schema-poll-interval", "1h")  # the proxy counts all statements
    with server.client() as made:
        made.apply_schema(BLOG)
        yield made
    assert server.stop() == 0


@pytest.fixture(autouse=True)
def empty(client, proxy, database):
    proxy.disarm()
    database.psql("TRUNCATE roles, profiles, tags, posts, users, post_tags RESTART IDENTITY CASCADE; INSERT INTO roles (name) VALUES ('admin'); INSERT INTO tags (name) VALUES ('a'), ('b')")
    wait_for(lambda: works(client), "rowand reaches its database again")


def works(client):
    try:
        return client.get("blog", "Role", {"select": {"name": True}}) == [{"name": "admin"}]
    except rowan.RowanError:
        return False


def nested(name, role=1):
    """An insert that is one statement; with a role by its name it takes steps."""
    return {"name": name, "role": {"connect": role}, "profile": {"create": {"bio": "x"}},
            "posts": {"create": [{"title": "one", "tags": {"connect": [1, 2]}}, {"title": "two"}],}}


def tables(database):
    return database.psql("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM profiles), (SELECT count(*) FROM posts), (SELECT count(*) FROM post_tags)")


def statements(client, proxy, body):
    """How many statements the write takes, begin and commit with them."""
    proxy.arm()
    client.insert("blog", "User", body)
    return proxy.disarm()


@pytest.mark.parametrize("run", [False, True], ids=["before", "after"])
def test_cut_at_every_statement_in_turn(client, proxy, database, run):
    by_name = {"name": "admin"}
    total = statements(client, proxy, nested("counted", by_name))
    assert total > 8
    before = tables(database)
    for number in range(1, total + 1):
        proxy.arm(statement=number, run=run)
        with pytest.raises(rowan.RowanError) as failed:
            client.insert("blog", "User", nested(f"n{number}", by_name))
        proxy.disarm()
        # The last one is COMMIT: once PostgreSQL has it, what was written stays, and nobody can know.
        committed = run and number == total
        assert failed.value.reason == ("COMMIT_OUTCOME_UNKNOWN" if number == total else "DATABASE_UNAVAILABLE"), (number, failed.value)
        assert tables(database) == ("2|2|4|4" if committed else before), number
        assert works(client)


@pytest.mark.parametrize("run", [False, True], ids=["before", "after"])
def test_cut_at_an_insert_that_is_one_statement(client, proxy, database, run):
    """Its transaction begins and ends with it, so nobody can know once it was sent."""
    total = statements(client, proxy, nested("counted"))
    assert total == 1
    for number in range(1, total + 1):
        before = tables(database)
        proxy.arm(statement=number, run=run)
        with pytest.raises(rowan.RowanError) as failed:
            client.insert("blog", "User", nested(f"n{number}"))
        proxy.disarm()
        assert failed.value.reason == "COMMIT_OUTCOME_UNKNOWN", (number, failed.value)
        assert tables(database) == (f"{number + 1}|{number + 1}|{2 * number + 2}|{2 * number + 2}" if run else before), number
        assert works(client)


def test_a_request_id_settles_it(client, proxy, database):
    body = {"data": nested("Ada"), "request_id": "once"}
    proxy.arm(commit=True)
    with pytest.raises(rowan.RowanError) as failed:
        client.insert("blog", "User", body)
    assert failed.value.reason == "COMMIT_OUTCOME_UNKNOWN"
    again = client.insert("blog", "User", body)
    assert again.repeated_answer and again.records == [{"id": 1}]
    assert tables(database) == "1|1|2|2"


def test_a_request_id_that_was_not_committed_is_free(client, proxy, database):
    body = {"data": nested("Ada"), "request_id": "free"}
    proxy.arm(statement=4)
    with pytest.raises(rowan.RowanError):
        client.insert("blog", "User", body)
    proxy.disarm()
    assert not client.insert("blog", "User", body).repeated_answer
    assert tables(database) == "1|1|2|2"


def test_exactly_one_effect_over_many_runs(client, proxy, database):
    """Each run is cut at a random statement, often twice, and repeated under its id until it is answered."""
    def body_of(name):
        return {"data": {"name": name, "role": {"connect": 1}, "posts": {"create": [{"title": "p", "tags": {"connect": [1]}}]}}, "request_id": name}

    total = statements(client, proxy, body_of("counted"))
    cut = 0
    for number in range(RUNS):
        rng = random.Random(f"{SEED} {number}")
        body = body_of(f"r{number}")
        for attempt in range(20):
            if attempt < 2:
                proxy.arm(statement=rng.randint(1, total), run=rng.random() < 0.5)
            try:
                client.insert("blog", "User", body)
                break
            except rowan.RowanError as error:
                cut += 1
                assert error.reason in ("COMMIT_OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE"), (SEED, number, error)
            finally:
                proxy.disarm()
        else:
            pytest.fail(f"seed {SEED}, run {number}: no answer")
    assert cut > RUNS / 2
    counts = database.psql("SELECT count(*), count(DISTINCT name) FROM users WHERE name LIKE 'r%'")
    assert counts == f"{RUNS}|{RUNS}"
    assert database.psql("SELECT count(*) FROM posts p JOIN users u ON u.id = p.user_id JOIN post_tags t ON t.post_id = p.id WHERE u.name LIKE 'r%'") == str(RUNS)


def test_a_deadline_in_the_middle_writes_nothing(client, database):
    with database.lock("posts"):
        with pytest.raises(rowan.DeadlineExceededError):
            client.insert("blog", "User", nested("late"), timeout=0.5)
        wait_for(lambda: not database.waiting(), "the statement ends", 5)
    assert tables(database) == "0|0|0|0"
    assert works(client)


def test_a_killed_backend_in_the_middle_writes_nothing(client, database):
    import threading

    failures = []

    def write():
        try:
            client.insert("blog", "User", nested("killed"))
        except rowan.RowanError as error:
            failures.append(error)

    with database.lock("posts"):
        writer = threading.Thread(target=write)
        writer.start()
        wait_for(database.waiting, "the insert waits")
        while writer.is_alive():  # on a lane first, and then on a connection of its own
            database.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rowand' AND wait_event_type = 'Lock'")
            writer.join(0.05)
    assert [error.reason for error in failures] == ["DATABASE_UNAVAILABLE"]
    assert tables(database) == "0|0|0|0"


def test_a_database_that_refuses_connections(client, proxy, database):
    proxy.refusing = True
    try:
        proxy.arm(statement=1)
        for _ in range(3):
            with pytest.raises(rowan.RowanError) as failed:
                client.insert("blog", "User", nested("refused", {"name": "admin"}))
            assert failed.value.reason == "DATABASE_UNAVAILABLE"
    finally:
        proxy.refusing = False
        proxy.disarm()
    assert tables(database) == "0|0|0|0"
