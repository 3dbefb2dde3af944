"""Versions while they are served: several servers on one database, pins, drift, changes under load."""

import threading

import pytest
import rowan
from conftest import wait_for
from rowan._generated.rowan.v1 import schema_service_pb2 as pb
from rowan import schema_document


def shop(**more):
    """A schema of one model, with more fields than the first version's."""
    fields = {"id": {"type": "auto_increment", "primary": True}, "name": "text"}
    fields.update(more)
    return {"schema": "shop", "models": {"Item": {"table": "items", "fields": {k: v for k, v in fields.items() if v}}}}


def apply(client, document=None, **options):
    request = pb.ApplySchemaRequest(**options)
    if document is not None:
        request.schema.CopyFrom(schema_document.to_schema(document))
    return client._call(client._schemas.ApplySchema, request)


def names(client, schema="shop", **where):
    return [record["name"] for record in client.get(schema, "Item", {"select": {"name": True}, "where": where, "order_by": {"id": "asc"}})]


@pytest.fixture
def servers(own_postgres, start_rowand):
    """Two servers of one database that has the first version of the shop."""
    first, second = (start_rowand("--db-url", own_postgres.url) for _ in range(2))
    with first.client() as one, second.client() as two:
        apply(one, shop())
        wait_for(lambda: [entry.name for entry in two.list_schemas()] == ["shop"], "the other server serves the schema", seconds=1)
        yield own_postgres, one, two


def test_a_version_is_served_everywhere_within_a_second(servers):
    _, one, two = servers
    for number in range(5):
        version = apply(one, shop(**{f"extra{n}": {"type": "int32", "nullable": True} for n in range(number + 1)})).schema.version
        wait_for(lambda: two.list_schemas()[0].version == version, "the other server serves the version", seconds=1)
        two.insert("shop", "Item", {"name": "x", f"extra{number}": number})
    assert names(one) == ["x"] * 5


def test_a_lost_watcher_comes_back(servers):
    postgres, one, two = servers
    # The connections that listen are idle on the statement that asks for versions.
    postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%string_agg(\"name\"%' AND pid <> pg_backend_pid()")
    version = apply(one, shop(price={"type": "decimal", "nullable": True})).schema.version
    wait_for(lambda: two.list_schemas()[0].version == version, "the other server serves the version", seconds=10)


def test_asking_is_enough_where_nobody_tells(own_postgres, start_rowand):
    """Changes the registry as a server behind a pooler would see it changed: without a notification."""
    one = start_rowand("--db-url", own_postgres.url)
    with one.client() as client:
        first = apply(client, shop()).schema.version
        second = apply(client, shop(price={"type": "decimal", "nullable": True})).schema.version
        own_postgres.psql(f"""UPDATE rowan.schemas s SET version = h.version, content = h.content, checksum = h.checksum
                              FROM rowan.schema_history h WHERE h.version = '{first}'""")
        wait_for(lambda: client.list_schemas()[0].version == first, "the server serves what the registry has", seconds=1)
        assert second != first


def test_pinned_versions(servers):
    _, one, two = servers
    first = one.get_schema("shop").version
    second = apply(one, shop(price={"type": "decimal", "nullable": True})).schema.version
    wait_for(lambda: two.list_schemas()[0].version == second, "the version arrives", seconds=1)
    for client in (one, two):
        client.insert(f"shop@{first}", "Item", {"name": "old"})
        client.insert(f"shop@{second}", "Item", {"name": "new", "price": 1})
        with pytest.raises(rowan.InvalidArgumentError) as raised:
            client.insert(f"shop@{first}", "Item", {"name": "old", "price": 1})
        assert raised.value.reason == "UNKNOWN_FIELD"
        assert [record["name"] for record in client.stream(f"shop@{first}", "Item", {"select": {"name": True}})] == names(client)
    # What a pinned version needs goes away, and with it the version.
    apply(one, shop(name=None, price={"type": "decimal", "nullable": True}), allow_data_loss=["drop column items.name"])
    with pytest.raises(rowan.FailedPreconditionError) as raised:
        names(one, f"shop@{first}")
    assert raised.value.reason == "VERSION_INCOMPATIBLE"
    assert raised.value.metadata["part"] == "models.Item.fields.name"


@pytest.mark.parametrize("pin, reason", [
    ("shop@0000000000000000", "UNKNOWN_VERSION"),
    ("shop@", "UNKNOWN_VERSION"),
    ("shop@1", "UNKNOWN_VERSION"),
    ("shop@ABCDEF0123456789", "UNKNOWN_VERSION"),
    ("shop@0000000000000000@0000000000000000", "UNKNOWN_VERSION"),
    ("shops@0000000000000000", "UNKNOWN_SCHEMA"),
    ("@0000000000000000", "UNKNOWN_SCHEMA"),
])
def test_pins_that_lead_nowhere(servers, pin, reason):
    _, one, _ = servers
    with pytest.raises(rowan.NotFoundError) as raised:
        names(one, pin)
    assert raised.value.reason == reason


def test_drift_is_told_at_the_start_and_on_demand(own_postgres, start_rowand):
    with start_rowand("--db-url", own_postgres.url).client() as client:
        apply(client, shop(price={"type": "decimal", "nullable": True}))
        check = lambda: client._call(client._schemas.CheckDrift, pb.CheckDriftRequest(name="shop"))
        assert not check().differences
        own_postgres.psql("""ALTER TABLE items ALTER price TYPE text, ALTER name DROP NOT NULL, DROP CONSTRAINT pk_items,
                             ADD COLUMN stray int NOT NULL DEFAULT 0, ALTER id DROP IDENTITY""")
        found = [(entry.kind, entry.object) for entry in check().differences]
        assert sorted(found) == [("DEFAULT", "public.items.id"), ("KEY", "public.items.pk_items"), ("NULLABILITY", "public.items.name"),
                                 ("TYPE", "public.items.price"), ("UNKNOWN_COLUMN", "public.items.stray")]
        severities = [entry.severity for entry in check().differences]
        assert severities == sorted(severities, reverse=True)
        with pytest.raises(rowan.NotFoundError):
            client._call(client._schemas.CheckDrift, pb.CheckDriftRequest(name="shops"))
    second = start_rowand("--db-url", own_postgres.url)
    wait_for(lambda: "schema shop has drifted: 4 differences" in second.log(), "the log tells of drift")


def test_a_statement_that_fails_tells_of_drift(servers):
    postgres, one, _ = servers
    one.insert("shop", "Item", {"name": "x"})
    postgres.psql("ALTER TABLE items RENAME name TO title")
    for call in (lambda: names(one), lambda: one.insert("shop", "Item", {"name": "y"}),
                 lambda: list(one.stream("shop", "Item", {"select": {"name": True}}))):
        with pytest.raises(rowan.FailedPreconditionError) as raised:
            call()
        assert raised.value.reason == "SCHEMA_DRIFT"
    postgres.psql("ALTER TABLE items RENAME title TO name")
    assert names(one) == ["x"]


def test_a_version_that_was_not_noticed_yet_is_found_when_a_statement_fails(own_postgres, start_rowand):
    one = start_rowand("--db-url", own_postgres.url)
    # Deaf from its first loss on, and never asking.
    two = start_rowand("--db-url", own_postgres.url, "--schema-poll-interval", "1h", "--db-pool-size", "8")
    with one.client() as first, two.client() as second:
        apply(first, shop(amount="int32"))
        wait_for(lambda: len(second.list_schemas()) == 1, "the second server serves the schema")
        own_postgres.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%string_agg(\"name\"%' AND pid <> pg_backend_pid()")
        read = lambda: second.get("shop", "Item", {"select": {"amount": True}})
        second.insert("shop", "Item", {"name": "x", "amount": 7})
        # Several connections have the statement prepared.
        threads = [threading.Thread(target=read) for _ in range(16)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        version = apply(first, shop(amount="text")).schema.version
        assert [record["amount"] for record in read()] == ["7"]
        assert second.list_schemas()[0].version == version
        assert [record["amount"] for _ in range(20) for record in read()] == ["7"] * 20


def test_a_hundred_changes_under_load(servers):
    """Reads and writes go on through changes of all sorts; what they use stays, so that nothing may fail."""
    postgres, one, two = servers
    stop = threading.Event()
    done, failed = [0] * 4, []

    def work(number, client):
        while not stop.is_set():
            try:
                client.insert("shop", "Item", {"name": f"w{number}"})
                page = client.get("shop", "Item", {"select": {"name": True}, "limit": 5})
                assert all(record["name"].startswith("w") for record in page)
                assert len(list(client.stream("shop", "Item", {"select": {"id": True}, "limit": 20}))) <= 20
                done[number] += 1
            except Exception as error:
                failed.append(error)
                return

    threads = [threading.Thread(target=work, args=(number, (one, two)[number % 2])) for number in range(4)]
    [thread.start() for thread in threads]
    kinds = [
        {"extra": {"type": "int32", "nullable": True}},
        {"extra": {"type": "int32", "nullable": True, "index": True}},
        {"extra": {"type": "int64", "nullable": True, "index": True}},
        {"other": {"type": "int64", "nullable": True, "index": True, "renamed_from": "extra"}},
        {"other": {"type": "text", "nullable": True, "renamed_from": "extra"}, "flag": {"type": "bool", "default": False}},
    ]
    allowed = ["drop column items.other", "drop column items.extra", "drop column items.flag", "change type of items.extra", "change type of items.other"]
    applied = 0
    for number in range(100):
        document = shop(**kinds[number % len(kinds)])
        # The way from the last kind back to the first drops what the rename kept.
        document["models"]["Item"]["fields"].get("extra", {}).pop("renamed_from", None)
        applied += apply((one, two)[number % 2], document, allow_data_loss=allowed).applied
    stop.set()
    [thread.join() for thread in threads]
    assert not failed
    assert applied == 100 and min(done) > 10
    assert postgres.psql("SELECT count(*) FROM rowan.schema_history") == "101"
    assert postgres.psql("SELECT count(*) FROM items") == str(sum(done))


def test_two_servers_that_apply_at_once(servers):
    _, one, two = servers
    for round in range(10):
        current = one.get_schema("shop").version
        outcomes = []

        def change(client, name):
            try:
                apply(client, shop(**{f"{name}{round}": {"type": "int32", "nullable": True}}), expected_version=current,
                      allow_data_loss=[f"drop column items.{who}{round - 1}" for who in ("one", "two")])
                outcomes.append(name)
            except rowan.AbortedError as error:
                outcomes.append(error.reason)

        threads = [threading.Thread(target=change, args=pair) for pair in ((one, "one"), (two, "two"))]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(outcomes) in (["VERSION_MISMATCH", "one"], ["VERSION_MISMATCH", "two"])
        winner = next(outcome for outcome in outcomes if outcome != "VERSION_MISMATCH")
        for client in (one, two):
            wait_for(lambda: f"{winner}{round}" in str(client.get_schema("shop")), "both serve the winner's version", seconds=2)


