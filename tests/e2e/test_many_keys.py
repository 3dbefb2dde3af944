"""Reads by level with more keys than a few: an array of them, or a range where they leave none out."""

import pytest

MODELS = {
    "Author": {
        "fields": {"id": {"type": "int16", "primary": True}, "name": "text"},
        "relations": {"books": {"has_many": "Book"}, "note": {"has_one": "Note"}, "clubs": {"many_to_many": "Club"}},
    },
    "Book": {
        "fields": {"id": {"type": "int64", "primary": True}, "title": "text"},
        "relations": {"author": {"belongs_to": "Author", "nullable": True}, "pages": {"has_many": "Page"}},
    },
    "Page": {
        "fields": {"book": {"type": "int64", "primary": True, "column": "book_id"}, "number": {"type": "int32", "primary": True}},
        "relations": {"of": {"belongs_to": "Book", "fields": ["book"]}},
    },
    "Note": {
        "fields": {"id": {"type": "uuid", "primary": True}, "text": "text"},
        "relations": {"author": {"belongs_to": "Author", "unique": True}},
    },
    "Club": {
        "fields": {"id": {"type": "int32", "primary": True}, "name": "text"},
        "relations": {"authors": {"many_to_many": "Author"}},
    },
}
SELECT = {
    "name": True,
    "books": {"select": {"title": True, "author": {"name": True}, "pages": {"number": True}}, "order_by": [{"title": "desc"}]},
    "note": {"text": True},
    "clubs": {"select": {"name": True, "authors": {"select": {"name": True}, "order_by": [{"id": "desc"}]}}, "order_by": [{"name": "asc"}]},
}

# Where the first author's key is, and which are missing.
KEYS = {"from one on": (1, []), "on both sides of zero": (-60, []), "with a gap": (1, [70]), "with many gaps": (-90, range(-90, 110, 3)),
        "as large as the type allows": (32767 - 199, []), "too few for a range": (1, range(60, 201))}


def fill(postgres, first, missing):
    keys = f"(SELECT n FROM generate_series({first}, {first + 199}) n WHERE n <> ALL ('{{{', '.join(map(str, missing))}}}'))"
    postgres.psql(f"""
        TRUNCATE many.authors, many.books, many.pages, many.notes, many.clubs, many.author_clubs;
        INSERT INTO many.authors (id, name) SELECT n, 'author ' || md5(n::text) FROM {keys} k(n);
        INSERT INTO many.books (id, title, author_id) SELECT n * 10 + b, 'book ' || md5((n * b)::text), nullif(n, {first + 7}) FROM {keys} k(n), generate_series(0, 4) b;
        INSERT INTO many.pages (book_id, number) SELECT id, p FROM many.books, generate_series(1, 2) p WHERE id % 3 <> 0;
        INSERT INTO many.notes (id, text, author_id) SELECT gen_random_uuid(), 'note ' || n, n FROM {keys} k(n) WHERE n % 2 = 0;
        INSERT INTO many.clubs (id, name) SELECT n, 'club ' || n FROM generate_series(1, 100) n;
        INSERT INTO many.author_clubs (author_id, club_id) SELECT n, 1 + abs(n * 7 + c * 13) % 100 FROM {keys} k(n), generate_series(1, 3) c;""")


@pytest.fixture(scope="module")
def many(postgres, shared_rowand):
    tables = {"Author": "authors", "Book": "books", "Page": "pages", "Note": "notes", "Club": "clubs"}
    schema = {"schema": "many", "database_schema": "many", "models": {name: {"table": tables[name], **model} for name, model in MODELS.items()}}
    with shared_rowand.client() as client:
        client.apply_schema(schema)
        yield client
        postgres.psql("DROP SCHEMA many CASCADE; DELETE FROM rowan.schemas WHERE name = 'many'")


@pytest.mark.parametrize("order", ["id", "name"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("keys", KEYS)
def test_all_strategies_give_the_same(many, postgres, keys, direction, order):
    fill(postgres, *KEYS[keys])
    request = {"select": SELECT, "order_by": [{order: direction}]}
    nested = list(many.stream("many", "Author", {**request, "strategy": "nested"}))
    assert list(many.stream("many", "Author", {**request, "strategy": "by_level"})) == nested
    assert list(many.stream("many", "Author", {**request, "strategy": "by_level", "limit": 99})) == nested[:99]
    assert many.get("many", "Author", {**request, "strategy": "by_level", "limit": 1000}) == nested
    assert many.get("many", "Author", {**request, "strategy": "tagged", "limit": 1000}) == nested
    # What was read, as PostgreSQL itself says.
    rows = (f"{len(nested)}|{sum(len(author['books']) for author in nested)}|"
            f"{sum(len(book['pages']) for author in nested for book in author['books'])}|{sum(len(author['clubs']) for author in nested)}")
    assert rows == postgres.psql("SELECT (SELECT count(*) FROM many.authors), (SELECT count(author_id) FROM many.books), "
                                 "(SELECT count(*) FROM many.pages JOIN many.books ON id = book_id WHERE author_id IS NOT NULL), (SELECT count(*) FROM many.author_clubs)")


@pytest.mark.parametrize("keys, ranges", [("from one on", True), ("with a gap", False), ("too few for a range", False)])
def test_a_range_takes_the_place_of_keys_that_leave_none_out(many, postgres, keys, ranges):
    fill(postgres, *KEYS[keys])
    request = {"select": {"note": {"text": True}}, "limit": 1000, "strategy": "by_level"}
    explained = many.explain("get", "many", "Author", request, mode="analyze")
    sent = [statement.sql for statement in explained.statements if statement.postgres_plan]
    assert len(sent) == 2
    assert (" BETWEEN $1 AND $2" in sent[1]) is ranges
    assert (" = ANY($1)" in sent[1]) is not ranges
