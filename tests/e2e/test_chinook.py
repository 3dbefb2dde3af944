"""Chinook, a database that was not made for Rowan: pulled, adopted, read, changed through three versions and back."""

import json
import re
import subprocess

import pytest
import rowan.text
from conftest import ROOT

SCRIPT = ROOT / "tests/data/chinook.sql"
ARTISTS = {
    "select": {"name": True, "albums": {"title": True, "tracks": {"name": True, "genre": {"name": True}, "playlists": {"name": True}}}},
}
# What PostgreSQL itself says to the same question.
ARTISTS_SQL = """
    SELECT coalesce(json_agg(json_build_object('name', artist.name, 'albums', (
        SELECT coalesce(json_agg(json_build_object('title', album.title, 'tracks', (
            SELECT coalesce(json_agg(json_build_object(
                'name', track.name,
                'genre', (SELECT json_build_object('name', genre.name) FROM genre WHERE genre.genre_id = track.genre_id),
                'playlists', (SELECT coalesce(json_agg(json_build_object('name', playlist.name) ORDER BY playlist.playlist_id), '[]')
                              FROM playlist_track JOIN playlist USING (playlist_id) WHERE playlist_track.track_id = track.track_id)
                ) ORDER BY track.track_id), '[]') FROM track WHERE track.album_id = album.album_id)
            ) ORDER BY album.album_id), '[]') FROM album WHERE album.artist_id = artist.artist_id)
        ) ORDER BY artist.artist_id), '[]') FROM artist WHERE {}"""
REPRESENTATIVES = {
    "select": {"firstName": True, "lastName": True, "reportsTo": {"lastName": True}, "customers": {"firstName": True, "lastName": True, "company": True}},
    "where": {"customers": {"some": {}}},
}
REPRESENTATIVES_SQL = """
    SELECT json_agg(json_build_object(
        'firstName', employee.first_name, 'lastName', employee.last_name,
        'reportsTo', (SELECT json_build_object('lastName', manager.last_name) FROM employee manager WHERE manager.employee_id = employee.reports_to),
        'customers', (SELECT json_agg(json_build_object('firstName', first_name, 'lastName', last_name, 'company', company) ORDER BY customer_id)
                      FROM customer WHERE support_rep_id = employee.employee_id)) ORDER BY employee_id)
    FROM employee WHERE EXISTS (SELECT FROM customer WHERE support_rep_id = employee.employee_id)"""


@pytest.fixture(scope="module")
def loaded(postgres):
    """Runs Chinook's own script, which creates the database chinook_serial."""
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", SCRIPT, postgres.url], check=True, capture_output=True)
    return "chinook_serial"


@pytest.fixture
def chinook(new_database, loaded):
    return new_database(template=loaded)


def adopt(database, folder):
    """Registers the database's own schema, and returns the file of it."""
    path = folder / "chinook.yaml"
    database.done("schema", "pull", "--name", "chinook", "-o", str(path))
    assert "chinook is now at version " in database.done("schema", "apply", str(path), "--adopt", "enforce")
    return path


@pytest.fixture
def adopted(chinook, tmp_path):
    return chinook, adopt(chinook, tmp_path)


@pytest.fixture(scope="module")
def read_only(module_database, tmp_path_factory):
    """An adopted Chinook for all tests that only read."""
    script = SCRIPT.read_text()
    module_database.psql(script[script.index("CREATE TABLE album"):])
    adopt(module_database, tmp_path_factory.mktemp("chinook"))
    return module_database


class Rows:
    """What the tables hold in the columns that they have now, whatever tables and columns are called later."""

    def __init__(self, database):
        self.database = database
        self.columns = database.psql("""
            SELECT string_agg(format('(%s, %s)', pg_class.oid, count), ',') FROM pg_class,
                LATERAL (SELECT count(*) FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0) AS columns
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""")

    def held(self):
        """Returns for each table how many rows it has and a checksum of them."""
        return self.database.psql(f"""
            SELECT format('SELECT %s, count(*), md5(string_agg(held::text, '';'' ORDER BY held::text)) FROM (SELECT ROW(%s) AS held FROM %s) AS held',
                          tables.oid, string_agg(quote_ident(attname), ',' ORDER BY attnum), tables.oid::regclass)
            FROM (VALUES {self.columns}) AS tables (oid, count) JOIN pg_attribute ON attrelid = tables.oid AND attnum BETWEEN 1 AND tables.count
            GROUP BY tables.oid ORDER BY tables.oid \\gexec""").splitlines()


@pytest.mark.parametrize("where, sql", [
    ({"name": {"eq": "AC/DC"}}, "artist.name = 'AC/DC'"),
    ({"name": {"in": ["Iron Maiden", "Antônio Carlos Jobim", "Nobody"]}}, "artist.name IN ('Iron Maiden', 'Antônio Carlos Jobim', 'Nobody')"),
    ({"albums": {"none": {}}}, "NOT EXISTS (SELECT FROM album WHERE album.artist_id = artist.artist_id)"),
    ({"name": "Nobody"}, "false"),
])
def test_albums_with_tracks_genres_and_playlists(read_only, where, sql):
    for strategy in ("nested", "by_level", "tagged"):
        answer = read_only.done("get", "chinook", "Artist", json.dumps({**ARTISTS, "where": where}), "--limit", "300", "--strategy", strategy)
        assert json.loads(answer) == json.loads(read_only.psql(ARTISTS_SQL.format(sql)))


def test_all_there_is_as_a_stream(read_only):
    answer = read_only.done("stream", "chinook", "Artist", json.dumps(ARTISTS), "--format", "json")
    assert json.loads(answer) == json.loads(read_only.psql(ARTISTS_SQL.format("true")))


def test_customers_of_representatives_with_their_managers(read_only):
    answer = json.loads(read_only.done("get", "chinook", "Employee", json.dumps(REPRESENTATIVES)))
    assert answer == json.loads(read_only.psql(REPRESENTATIVES_SQL))
    assert all(employee["reportsTo"] for employee in answer)


def test_two_pulls_are_equal_and_an_empty_database_becomes_the_same(adopted, new_database):
    database, path = adopted
    assert database.done("schema", "pull", "--name", "chinook") == path.read_text()
    empty = new_database()
    empty.done("schema", "apply", str(path), "--yes")
    assert empty.done("schema", "pull", "--name", "chinook") == path.read_text()
    assert empty.done("schema", "diff", str(path), "--exit-code").startswith("chinook is valid; the database needs no change")
    assert json.loads(empty.done("get", "chinook", "Artist")) == []


@pytest.mark.parametrize("sql, where, reason", [
    ("ALTER TABLE track ALTER milliseconds TYPE bigint", "models.Track.fields.milliseconds", "TYPE"),
    ("ALTER TABLE album ALTER title DROP NOT NULL", "models.Album.fields.title", "NULLABILITY"),
    ("ALTER TABLE album DROP CONSTRAINT album_artist_id_fkey", "models.Album.relations.artist", "FOREIGN_KEY"),
    ("ALTER TABLE playlist_track RENAME TO entry", "models.Playlist.relations.tracks", "TABLE_MISSING"),
])
def test_what_others_changed_is_not_adopted_and_drifts(chinook, tmp_path, sql, where, reason):
    path = tmp_path / "chinook.yaml"
    chinook.done("schema", "pull", "--name", "chinook", "-o", str(path))
    chinook.psql(sql)
    refused = chinook("schema", "apply", str(path), "--adopt", "enforce")
    assert refused.returncode == 64 + 9 and "ADOPTION_MISMATCH" in refused.stderr and f"{path}:" in refused.stderr, refused.stderr
    assert chinook("schema", "get", "chinook").returncode == 64 + 5, "nothing was registered"
    chinook.done("schema", "apply", str(path), "--adopt", "warn")
    drift = chinook("schema", "drift", "chinook", "--format", "json")
    assert drift.returncode == 1 and (reason, where) in [(found["kind"], found["path"]) for found in json.loads(drift.stdout)]


def models(document):
    return document["models"]


def rated(document):
    """The second version: a field and a model more, with a key and an index."""
    models(document)["Track"]["fields"]["rating"] = {"type": "int16", "default": 3, "index": True}
    models(document)["Review"] = {
        "table": "review",
        "fields": {"id": {"type": "auto_increment", "primary": True}, "author": "string(40)", "body": {"type": "text", "nullable": True}},
        "relations": {"track": {"belongs_to": "Track", "on_delete": "cascade", "index": True}},
        "unique": [["author", "track"]],
    }
    models(document)["Track"]["relations"]["reviews"] = {"has_many": "Review"}


def renamed(document):
    """The third version: a field, a relation and a model with other names; and one that its column keeps."""
    track, customer = models(document)["Track"], models(document)["Customer"]
    track["fields"]["writer"] = {**track["fields"].pop("composer"), "renamed_from": "composer"}
    customer["relations"]["agent"] = {**customer["relations"].pop("supportRep"), "renamed_from": "supportRep"}
    customer["indexes"] = [{"fields": ["agentId"]}]
    models(document)["Category"] = {**models(document).pop("Genre"), "renamed_from": "Genre"}
    track["relations"]["genre"]["belongs_to"] = "Category"
    models(document)["MediaType"]["fields"]["label"] = {**models(document)["MediaType"]["fields"].pop("name"), "renamed_from": "name", "column": "name"}


def widened(document):
    """The fourth version: wider types, a key and a check more, what is never null required, and links between playlists and artists."""
    models(document)["Invoice"]["fields"]["total"] = "decimal(12,2)"
    models(document)["Track"]["fields"]["milliseconds"] = "int64"
    models(document)["Category"]["fields"]["name"] = {"type": "text", "unique": True}
    models(document)["InvoiceLine"]["checks"] = {"positive": "quantity > 0"}
    models(document)["Playlist"]["relations"]["artists"] = {"many_to_many": "Artist"}
    models(document)["Artist"]["relations"]["playlists"] = {"many_to_many": "Playlist"}


# Each change with the steps that it must be allowed - there could be rows without a name, but there are none -, and those of the way back.
CHANGES = [
    (rated, [], ["drop column track.rating", "drop table review"]),
    (renamed, [], []),
    (widened, ["require category.name"],
     ["change type of category.name", "change type of invoice.total", "change type of track.milliseconds", "drop table artist_playlist"]),
]


def lossy(planned):
    """Returns the steps for whose sake a change was refused, in order."""
    steps = sorted(re.findall(r'DATA_LOSS[]:] "([^"]+)" can lose data', planned.stderr))
    assert planned.returncode == (64 + 9 if steps else 0), planned.stderr
    return steps


def history(database):
    """Returns the versions that were applied, the latest first."""
    return [entry["version"] for entry in json.loads(database.done("schema", "history", "chinook", "--format", "json"))]


def allow(steps):
    return [word for step in steps for word in ("--allow", step)]


def test_three_versions_forward_and_back(adopted, tmp_path):
    database, path = adopted
    pulled = path.read_text()
    rows = Rows(database)
    before = rows.held()
    assert len(before) == 11 and sum(int(table.split("|")[1]) for table in before) == 15607
    document, versions = rowan.text.parse(pulled), history(database)
    for change, allowed, _ in CHANGES:
        change(document)
        path = tmp_path / f"{change.__name__}.json"
        path.write_text(json.dumps(document))
        assert lossy(database("schema", "apply", str(path), "--validate-only")) == allowed
        database.done("schema", "apply", str(path), "--yes", *allow(allowed))
        assert rows.held() == before, change.__name__
        assert database.done("schema", "drift", "chinook", "--format", "json").strip() == "[]"
        versions.append(history(database)[0])
    assert len(set(versions)) == 4

    written = {"name": "Thunder", "milliseconds": 3000000000, "unitPrice": "0.99", "mediaType": {"connect": 1}, "genre": {"connect": {"name": "Jazz"}},
               "reviews": {"create": [{"author": "Ada", "body": "loud"}, {"author": "Bob"}]}}
    track = json.loads(database.done("insert", "chinook", "Track", json.dumps(written)))["records"][0]
    read = {"select": {"rating": True, "writer": True, "genre": {"name": True}, "mediaType": {"label": True}, "reviews": {"author": True}}, "where": track}
    assert json.loads(database.done("get", "chinook", "Track", json.dumps(read))) == [
        {"rating": 3, "writer": None, "genre": {"name": "Jazz"}, "mediaType": {"label": "MPEG audio file"}, "reviews": [{"author": "Ada"}, {"author": "Bob"}]}]
    database.done("delete", "chinook", "Track", json.dumps({"where": track}))

    for version, (_, _, lost) in zip(reversed(versions[:-1]), reversed(CHANGES)):
        assert lossy(database("schema", "apply", "chinook", "--to-version", version, "--validate-only")) == lost
        database.done("schema", "apply", "chinook", "--to-version", version, "--yes", *allow(lost))
        assert rows.held() == before, version
        assert database.done("schema", "drift", "chinook", "--format", "json").strip() == "[]"
    assert database.done("schema", "pull", "--name", "chinook") == pulled
    assert history(database) == [*versions[:-1], *reversed(versions)]
