"""Introspection of a live database through the server."""

import pytest
import rowan


@pytest.fixture
def library(postgres):
    postgres.psql("""
        CREATE SCHEMA library;
        CREATE TABLE library.authors (id serial PRIMARY KEY, name text NOT NULL);
        CREATE TABLE library.books (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES library.authors, shape point);
        CREATE TABLE library.readers (id serial PRIMARY KEY);
        CREATE TABLE library.loans (book_id int REFERENCES library.books, reader_id int REFERENCES library.readers, PRIMARY KEY (book_id, reader_id));
        CREATE INDEX ON library.loans (reader_id)""")
    yield
    postgres.psql("DROP SCHEMA library CASCADE")


def test_a_database_becomes_a_schema(blog, library):
    found = blog.introspect("library", database_schemas=["library"])
    assert found.document["schema"] == "library" and found.document["database_schema"] == "library"
    models = found.document["models"]
    assert sorted(models) == ["Author", "Book", "Reader"]
    assert models["Author"]["relations"]["books"] == {"has_many": "Book"}
    assert models["Book"]["relations"]["author"]["belongs_to"] == "Author"
    assert models["Book"]["relations"]["readers"]["many_to_many"] == "Reader"
    assert models["Reader"]["relations"]["books"]["many_to_many"] == "Book"
    assert found == blog.introspect("library", database_schemas=["library"])


def test_single_tables_and_the_name_of_the_database(blog, library):
    found = blog.introspect(database_schemas=["library"], tables=["authors", "library.readers", "nowhere"])
    assert found.document["schema"] == "postgres"
    assert sorted(found.document["models"]) == ["Author", "Reader"]
    assert ("UNKNOWN_TABLE", "nowhere") in [(entry.reason, entry.path) for entry in found.diagnostics]


@pytest.mark.parametrize("schema", ["nowhere", "rowan", "pg_catalog", "information_schema", "", "Library"])
def test_unknown_database_schemas(blog, library, schema):
    with pytest.raises(rowan.NotFoundError) as raised:
        blog.introspect(database_schemas=["library", schema])
    assert raised.value.reason == "UNKNOWN_DATABASE_SCHEMA"
    assert raised.value.metadata["path"] == "database_schemas[1]"


@pytest.mark.parametrize("name", ["1st", "with space", "x" * 64])
def test_names_that_no_schema_can_have(blog, library, name):
    with pytest.raises(rowan.InvalidArgumentError) as raised:
        blog.introspect(name, database_schemas=["library"])
    assert raised.value.reason == "SCHEMA_INVALID"
