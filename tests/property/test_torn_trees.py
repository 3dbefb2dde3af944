"""A writer changes rows of two tables in one transaction, again and again, beside readers: no tree, and no page, shows half of a change."""

import pytest
from stubs import data, query, schema_service
from values import INT64, TEXT, Type
from world import BELONGS_TO, HAS_MANY, Field, Model, Relation, World, schema_proto

ACCOUNTS, ENTRIES = 12, 60
# Rounds of the writer, and reads that each test makes beside it at least.
ROUNDS, READS = 400, 25
STRATEGIES = [query.STRATEGY_NESTED, query.STRATEGY_BY_LEVEL, query.STRATEGY_TAGGED]

# The sum of an account is that of its entries. Each round adds to one entry and takes as much from another; moves a third to another account; and
# puts a fourth in place of itself under another key.
WRITER = f"""
DO $$
DECLARE one bigint; other bigint; moved bigint; target bigint; renewed bigint; had bigint; held bigint; sum_of bigint;
BEGIN
  FOR i IN 1..{ROUNDS} LOOP
    SELECT id INTO one FROM torn.entry ORDER BY id OFFSET i % {ENTRIES} LIMIT 1;
    SELECT id INTO other FROM torn.entry ORDER BY id OFFSET (i * 7 + 1) % {ENTRIES} LIMIT 1;
    UPDATE torn.entry SET n = n + i WHERE id = one;
    UPDATE torn.account SET total = total + i WHERE id = (SELECT account_id FROM torn.entry WHERE id = one);
    UPDATE torn.entry SET n = n - i WHERE id = other;
    UPDATE torn.account SET total = total - i WHERE id = (SELECT account_id FROM torn.entry WHERE id = other);
    SELECT id, n, account_id INTO moved, had, held FROM torn.entry ORDER BY id OFFSET (i * 11) % {ENTRIES} LIMIT 1;
    target := 1 + (i * 5) % {ACCOUNTS};
    UPDATE torn.entry SET account_id = target WHERE id = moved;
    UPDATE torn.account SET total = total - had WHERE id = held;
    UPDATE torn.account SET total = total + had WHERE id = target;
    SELECT id, n, account_id INTO renewed, had, held FROM torn.entry ORDER BY id LIMIT 1;
    DELETE FROM torn.entry WHERE id = renewed;
    INSERT INTO torn.entry (id, n, account_id) VALUES ({ENTRIES} + i, had, held);
    COMMIT;
  END LOOP;
END $$
"""
FILL = f"""
TRUNCATE torn.account CASCADE;
INSERT INTO torn.account (id, total, note) SELECT n, 0, repeat('note', 4000) FROM generate_series(1, {ACCOUNTS}) n;
INSERT INTO torn.entry (id, n, account_id) SELECT n, 0, 1 + n % {ACCOUNTS} FROM generate_series(1, {ENTRIES}) n;
"""


def bank_schema():
    """Accounts with a total, and the entries that make it."""
    number = Type(INT64)
    account = Model("Account", {name: Field(name, number) for name in ("id", "total")}, ["id"])
    # Long enough for a stream of several batches.
    account.fields["note"] = Field("note", Type(TEXT))
    entry = Model("Entry", {name: Field(name, number) for name in ("id", "n", "accountId")}, ["id"], implied={"accountId"})
    account.relations["entries"] = Relation("entries", HAS_MANY, "Entry", (("id", "accountId"),), inverse="account")
    entry.relations["account"] = Relation("account", BELONGS_TO, "Account", (("accountId", "id"),))
    return schema_proto(World("torn", {"Account": account, "Entry": entry}))


def selection():
    """The account, its entries, the account that each of them leads back to, and their number."""
    back = query.RelatedSelection(relation="account", selection=query.Selection(fields=["total"]))
    entries = query.RelatedSelection(relation="entries", selection=query.Selection(fields=["n"], relations=[back]))
    return query.Selection(fields=["id", "total", "note"], relations=[entries], counts=[query.RelatedCount(relation="entries")])


@pytest.fixture
def writer(server):
    """The writer, at work on rows of its own."""
    server.schemas.ApplySchema(schema_service.ApplySchemaRequest(schema=bank_schema()), timeout=30)
    assert server.psql(FILL).wait(30) == 0
    running = server.psql(WRITER)
    yield running
    running.kill()
    running.wait()


def check_tree(record):
    """Fails when a tree shows half of a change."""
    total = record.values[1].int_value
    entries = record.related[0].records
    assert sum(entry.values[0].int_value for entry in entries) == total, record
    assert record.counts[0] == len(entries), record
    assert all(entry.related[0].records[0].values[0].int_value == total for entry in entries), record


def check_page(records):
    """Fails when the trees of one snapshot are not of one."""
    assert [record.values[0].int_value for record in records] == list(range(1, ACCOUNTS + 1))
    assert sum(record.values[1].int_value for record in records) == 0, records
    assert sum(record.counts[0] for record in records) == ENTRIES, records


def read_beside(writer, read):
    """Reads until the writer is done, and a number of times at least; the writer must have been seen at work."""
    seen = set()
    reads = 0
    while reads < READS or writer.poll() is None:
        records = read()
        for record in records:
            check_tree(record)
        seen.add(tuple(record.values[1].int_value for record in records))
        reads += 1
    assert writer.returncode == 0, writer.stdout.read()
    assert len(seen) > 2, "nothing changed while it was read"


@pytest.mark.parametrize("strategy", STRATEGIES, ids=query.Strategy.Name)
def test_get(server, writer, strategy):
    request = data.GetRequest(schema="torn", model="Account", select=selection(), strategy=strategy, page=query.Page(total=query.TOTAL_EXACT))

    def read():
        answer = server.data.Get(request, timeout=30)
        assert answer.total == ACCOUNTS
        check_page(answer.records)
        return answer.records

    read_beside(writer, read)


@pytest.mark.parametrize("mode", [data.STREAM_MODE_SNAPSHOT, data.STREAM_MODE_KEYSET], ids=data.StreamMode.Name)
@pytest.mark.parametrize("strategy", STRATEGIES, ids=query.Strategy.Name)
def test_stream(server, writer, strategy, mode):
    request = data.StreamRequest(schema="torn", model="Account", select=selection(), strategy=strategy, mode=mode)

    def read():
        batches = [message.batch.records for message in server.data.Stream(request, timeout=30) if message.HasField("batch")]
        assert len(batches) > 1
        records = [record for batch in batches for record in batch]
        if mode == data.STREAM_MODE_SNAPSHOT:
            check_page(records)
        return records

    read_beside(writer, read)
