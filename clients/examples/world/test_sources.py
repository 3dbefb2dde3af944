"""The sources as they are installed, and sources that are wrong."""

import json

import load
import pytest
import questions
import sources

from rowan import document, schema_document, text

COUNTRIES = [{"alpha_2": "CH", "alpha_3": "CHE", "numeric": "756", "name": "Switzerland", "flag": "x"}]


@pytest.fixture(scope="module")
def world():
    return sources.read()


@pytest.fixture
def folder(tmp_path):
    """A folder of sources with one country, which the tests spoil."""

    def write(subdivisions=(), currencies=(), zones=""):
        tables = {"3166-1": COUNTRIES, "3166-2": list(subdivisions), "639-3": [], "4217": list(currencies)}
        for standard, entries in tables.items():
            (tmp_path / f"iso_{standard}.json").write_text(json.dumps({standard: entries}))
        (tmp_path / "zone1970.tab").write_text(zones)
        return sources.read(tmp_path, tmp_path / "zone1970.tab")

    return write


def test_the_sources_relate_what_they_should(world):
    assert world.subdivisions["FR-75"]["parent"] == "FR-IDF" and world.subdivisions["FR-75"]["country"] == "FR"
    assert set(world.zones["Europe/Zurich"]["countries"]) >= {"CH", "LI"}
    assert world.currencies["CHF"]["country"] == "CH" and "country" not in world.currencies["EUR"]


def test_every_record_and_question_is_of_the_document_form(world):
    schema = schema_document.to_schema(text.load(load.HERE / "schema.yaml"))
    models = {model.name: {field.name for field in model.fields} for model in schema.models}
    for model, keys, record in (
        ("Country", world.countries, load.country_record),
        ("Subdivision", world.subdivisions, load.subdivision_record),
        ("TimeZone", world.zones, load.zone_record),
        ("Language", world.languages, load.language_record),
        ("Currency", world.currencies, load.currency_record),
    ):
        written = []
        for batch in load.batches(record(world, key) for key in keys):
            request = document.insert_request(load.SCHEMA, model, batch)
            assert request.ByteSize() < 4 * 2**20
            assert all(set(data.values) <= models[model] for data in request.data)
            written.extend(request.data)
        assert len(written) == len(keys)
    for question in questions.all_questions(world):
        assert document.read_request(load.SCHEMA, question.model, question.read).HasField("where")


def test_batches_are_bounded_and_lose_nothing():
    records = [{"r": {"create": [{}] * size}} for size in (1, 1990, 5, 5000, 3)]
    found = list(load.batches(records))
    assert [record for batch in found for record in batch] == records
    assert all(load.node_count(batch) <= load.MAX_NODES or len(batch) == 1 for batch in found)
    assert list(load.batches([])) == []


@pytest.mark.parametrize(
    "spoilt, said",
    [
        ({"subdivisions": [{"code": "XX-1", "name": "n", "type": "t"}]}, "XX-1 belongs to no country"),
        ({"subdivisions": [{"code": "CH-1", "name": "n", "type": "t", "parent": "9"}]}, "CH-1 has the parent 9"),
        ({"zones": "CH,XX\t+0+0\tEurope/Zurich\n"}, "Europe/Zurich belongs to no country XX"),
        ({"zones": "CH\n"}, "unpack"),
    ],
)
def test_wrong_sources_are_refused(folder, spoilt, said):
    with pytest.raises(ValueError, match=said):
        folder(**spoilt)


def test_numbers_alone_do_not_join_a_currency(folder):
    currencies = [{"alpha_3": "XYZ", "name": "n", "numeric": "756"}, {"alpha_3": "CHF", "name": "n", "numeric": "756"}]
    found = folder(currencies=currencies).currencies
    assert "country" not in found["XYZ"] and found["CHF"]["country"] == "CH"


def test_missing_sources_and_servers_end_the_loader_with_a_message(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["load.py", "--address", "127.0.0.1:1"])
    assert load.main() == 1
    assert "UNAVAILABLE" in capsys.readouterr().err
    monkeypatch.setattr(sources.read, "__defaults__", (tmp_path, tmp_path / "zone1970.tab"))
    assert load.main() == 1
    assert "cannot be read" in capsys.readouterr().err
