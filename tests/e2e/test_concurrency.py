"""What many writers at once leave behind: one row of a key, no deadlock, one winner per version."""

import concurrent.futures
import random
import threading

import pytest
import rowan
from conftest import Postgres, Rowand

CLUB = {
    "schema": "club",
    "database_schema": "club",
    "models": {
        "Team": {
            "table": "teams",
            "fields": {"id": {"type": "auto_increment", "primary": True}, "name": {"type": "string", "unique": True}, "wins": {"type": "int32", "default": 0},
                       "revision": {"type": "int32", "version": True}},
            "relations": {"players": {"has_many": "Player"}, "leagues": {"many_to_many": "League"}, "parent": {"belongs_to": "Team", "nullable": True},
                          "children": {"has_many": "Team", "inverse": "parent"}},
        },
        "Player": {
            "table": "players",
            "fields": {"id": {"type": "auto_increment", "primary": True}, "email": {"type": "string", "unique": True}},
            "relations": {"team": {"belongs_to": "Team", "nullable": True}},
        },
        "League": {
            "table": "leagues",
            "fields": {"id": {"type": "int32", "primary": True}, "name": {"type": "string", "unique": True, "nullable": True}},
            "relations": {"teams": {"many_to_many": "Team"}},
        },
    },
}


@pytest.fixture(scope="module")
def club_postgres():
    server = Postgres()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def club_rowand(club_postgres):
    server = Rowand("--db-url", club_postgres.url, "--db-pool-size", "20")
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def club(club_postgres, club_rowand):
    """A client of an empty club."""
    with club_rowand.client() as client:
        client.apply_schema(CLUB)
        yield client


@pytest.fixture(autouse=True)
def empty(club_postgres, club):
    club_postgres.psql("TRUNCATE club.teams, club.players, club.leagues RESTART IDENTITY CASCADE")


def deadlocks(postgres):
    """How often PostgreSQL broke a deadlock so far."""
    postgres.psql("SELECT pg_stat_force_next_flush()", check=False)
    return int(postgres.psql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


def at_once(count, work, threads=50):
    """Runs work(i) for all i on many threads that begin together; returns the results, and raises the first error."""
    gate = threading.Barrier(min(count, threads))

    def run(index):
        if index < threads:
            gate.wait(timeout=60)
        return work(index)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(count)))


def test_upserts_of_one_key_leave_one_row(club):
    results = at_once(200, lambda i: club.upsert("club", "Team", {"data": {"name": "Reds", "wins": 1}, "key": "name", "on_conflict": {"update": {"wins": {"increment": 1}}}}))
    assert sorted(result.outcomes[0] for result in results) == ["inserted"] + ["updated"] * 199
    [team] = club.get("club", "Team", {"select": {"*": True}})
    assert team["wins"] == 200 and team["revision"] == 200


def test_upserts_with_nested_writes_of_one_key_leave_one_row(club):
    club.insert("club", "League", {"id": 1})
    results = at_once(100, lambda i: club.upsert("club", "Team", {"data": {"name": "Reds", "leagues": {"connect": [1]}}, "key": "name"}), threads=20)
    assert sorted(result.outcomes[0] for result in results) == ["inserted"] + ["updated"] * 99
    assert club.get("club", "Team", {"select": {"name": True, "leagues": {"id": True}}}) == [{"name": "Reds", "leagues": [{"id": 1}]}]


@pytest.mark.parametrize("create", [{}, {"teams": {"create": [{"name": "nested"}]}}], ids=["plain", "nested"])
def test_connect_or_create_of_one_key_creates_one(club, create):
    def work(i):
        return club.insert("club", "Team", {"name": f"t{i}", "leagues": {"connectOrCreate": [{"key": 7, "create": create}]}})

    results = at_once(200, work)
    assert sum(result.effects["relations"]["leagues"].get("created", 0) for result in results) == 1
    assert len(club.get("club", "League", {"select": {"id": True}})) == 1
    assert club.aggregate("club", "Team", {"select": {"n": {"count": True}}, "where": {"leagues": {"id": 7}}})[0]["n"] == 200 + len(create)


def test_many_keys_in_opposite_orders(club):
    """What is created in one order here and in another there waits in one order."""
    keys = list(range(20))

    def work(i):
        order = keys if i % 2 else keys[::-1]
        return club.insert("club", "Team", {"name": f"t{i}", "leagues": {"connectOrCreate": [{"key": key, "create": {}} for key in order]}})

    results = at_once(50, work)
    assert sum(result.effects["relations"]["leagues"].get("created", 0) for result in results) == len(keys)


def opposite_connects(club, teams):
    def work(i):
        order = [1, 2, 3, 4, 5] if i % 2 else [5, 4, 3, 2, 1]
        return club.update("club", "Team", {"data": {"players": {"connect": order}}, "where": {"id": teams[i % 2]}})

    return work


def test_opposite_orders_never_deadlock(club, club_postgres):
    club.insert("club", "League", [{"id": n} for n in range(1, 6)])
    teams = [record["id"] for record in club.insert("club", "Team", [{"name": "A"}, {"name": "B"}, {"name": "C"}]).records]
    club.insert("club", "Player", [{"email": str(n)} for n in range(1, 6)])
    before = deadlocks(club_postgres)

    def nested(i):
        up, down = ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]) if i % 2 else ([5, 4, 3, 2, 1], [1, 2, 3, 4, 5])
        return club.update("club", "Team", {
            "data": {"players": {"connect": up}, "leagues": {"set": down}},
            "where": {"id": teams[i % 2]}})

    def selves(i):
        """A row that a filter finds, and one that is named, of one table."""
        here, there = (teams[0], teams[1]) if i % 2 else (teams[1], teams[0])
        return club.update("club", "Team", {"data": {"children": {"connect": [there]}}, "where": {"id": here}})

    def updates(i):
        order = [1, 2, 3, 4, 5] if i % 2 else [5, 4, 3, 2, 1]
        return club.update("club", "Team", {
            "data": {"players": {"upsert": [{"key": {"email": f"n{n}"}, "create": {}, "update": {}} for n in order]}}, "where": {"id": teams[2]}})

    for work in (opposite_connects(club, teams), nested, selves, updates):
        at_once(200, work)
    assert deadlocks(club_postgres) == before
    assert len(club.get("club", "Team", {"select": {"leagues": {"id": True}}, "where": {"id": teams[0]}})[0]["leagues"]) == 5


def test_one_winner_per_version(club):
    [record] = club.insert("club", "Team", {"name": "Reds"}).records
    wins, stale = [], []

    def work(i):
        """Reads, and writes what it read plus one, until nobody was faster."""
        while True:
            [team] = club.get("club", "Team", {"select": {"wins": True, "revision": True}, "where": {"id": record["id"]}})
            try:
                club.update("club", "Team", {"data": {"wins": team["wins"] + 1, "revision": team["revision"]}, "where": {"id": record["id"]}})
                wins.append(i)
                return
            except rowan.RowanError as error:
                assert error.reason == "STALE_VERSION", error
                stale.append(i)

    at_once(60, work, threads=12)
    [team] = club.get("club", "Team", {"select": {"wins": True, "revision": True}})
    assert (team["wins"], team["revision"]) == (60, 61)
    assert len(wins) == 60


def test_moves_between_parents_lose_no_child(club):
    """Random connects and disconnects: no call fails, and no child is lost."""
    rng = random.Random(5)
    teams = [record["id"] for record in club.insert("club", "Team", [{"name": str(n)} for n in range(5)]).records]
    players = [record["id"] for record in club.insert("club", "Player", [{"email": str(n)} for n in range(20)]).records]
    writes = [{"data": {"players": {rng.choice(["connect", "disconnect"]): rng.sample(players, 6)}}, "where": {"id": rng.choice(teams)}} for _ in range(300)]
    at_once(300, lambda i: club.update("club", "Team", writes[i]), threads=16)
    counted = club.aggregate("club", "Player", {"select": {"n": {"count": True}}})[0]["n"]
    assert counted == len(players)
