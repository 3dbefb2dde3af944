"""Every row of docs/reference/translations.md, run against a server with the page's own schema and data."""

import dataclasses
import datetime
import decimal
import re

import pytest
import rowan
from conftest import ROOT, Postgres, Rowand
from rowan import text

PAGE = (ROOT / "docs/reference/translations.md").read_text()
HEADING = re.compile(r"^## (.+?)(?: \((\d+) rows\))?$", re.MULTILINE)
READS = ("get", "stream", "aggregate", "exists")
WRITES = ("insert", "update", "upsert", "delete")


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the page, and how many rows its heading claims."""

    title: str
    claimed: int
    content: str


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table: what is written elsewhere, what is asked of Rowan, what it gives, and attributes of that."""

    theirs: str
    verb: str
    model: str
    document: object
    gives: object
    attributes: dict


def read_sections(page):
    found = list(HEADING.finditer(page))
    ends = [match.start() for match in found[1:]] + [len(page)]
    return [Section(match[1], int(match[2] or 0), page[match.end():end]) for match, end in zip(found, ends)]


def lines_of_tables(content):
    """Returns the lines of all tables, without their two lines of heading."""
    return [line for table in re.findall(r"(?:^\|.*\n)+", content, re.MULTILINE) for line in table.splitlines()[2:]]


def read_row(line):
    """Returns what a line of a table says; anything after the results is a remark."""
    theirs, ours, gives = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
    request = re.fullmatch(r"`(\w+) (?:([A-Z]\w*) )?([{\[][^`]*)`", ours)
    result = re.fullmatch(r"`([^`]+)`(?: `(\{[^`]+\})`)?(?: .*)?", gives)
    if not request or not result or request[1] not in (*READS, *WRITES, "batch", "schema"):
        raise ValueError(f"this is no row: {line}")
    return Row(theirs, request[1], request[2], text.parse(request[3]), text.parse(result[1]), text.parse(result[2] or "{}"))


SECTIONS = read_sections(PAGE)
ROWS = [read_row(line) for section in SECTIONS for line in lines_of_tables(section.content)]


def in_json(value):
    """Returns a value as the JSON form has it."""
    if isinstance(value, dict):
        return {key: in_json(element) for key, element in value.items()}
    if isinstance(value, list):
        return [in_json(element) for element in value]
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def shown(result):
    """Returns a result as the command line prints it."""
    if not isinstance(result, rowan.MutationResult):
        return result
    outcomes = {"outcomes": result.outcomes} if result.outcomes else {}
    return {"records": result.records, "effects": result.effects, **outcomes}


class PageData:
    """The page's schema and data behind a server."""

    def __init__(self, client, postgres):
        (data,) = (section.content for section in SECTIONS if section.title == "The data")
        self.schema, self.inserts = map(text.parse, re.findall(r"^```yaml\n(.*?)^```$", data, re.MULTILINE | re.DOTALL))
        self.client, self.postgres = client, postgres
        client.apply_schema(self.schema)
        self.fill()

    def fill(self):
        """Brings the data back to what the page shows, with statistics."""
        tables = ", ".join(f"{self.schema['database_schema']}.{model['table']}" for model in self.schema["models"].values())
        self.postgres.psql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        for request, records in self.inserts.items():
            self.client.insert(self.schema["schema"], request.removeprefix("insert "), records)
        self.postgres.psql("ANALYZE")

    def answer(self, index):
        """Returns what the client gives for a row. A cursor is one of the row above."""
        row, document = ROWS[index], ROWS[index].document
        if row.verb == "schema":
            return [step.description for step in self.client.apply_schema(document, validate_only=True).steps]
        if row.verb == "get" and "cursor" in document:
            document = {**document, "cursor": getattr(self.answer(index - 1), document["cursor"].removeprefix("$"))}
        if row.verb == "batch":
            given = [shown(result) for result in self.client.batch(self.schema["schema"], document)]
            self.fill()
            return given
        given = getattr(self.client, row.verb)(self.schema["schema"], row.model, document)
        if row.verb in WRITES:
            self.fill()
        return list(given) if row.verb == "stream" else shown(given)


@pytest.fixture(scope="module")
def data():
    postgres = Postgres()
    postgres.start()
    server = Rowand("--db-url", postgres.url)
    with server.client() as client:
        yield PageData(client, postgres)
    assert server.stop() == 0
    postgres.remove()


@pytest.mark.parametrize("index", range(len(ROWS)), ids=lambda index: f"{index}: {ROWS[index].theirs[:60]}")
def test_row(data, index):
    answer = data.answer(index)
    assert in_json(answer) == ROWS[index].gives
    assert {name: getattr(answer, name) for name in ROWS[index].attributes} == ROWS[index].attributes


@pytest.mark.parametrize("title", ["The reference page", "Prisma Client", "PostgREST", "Hasura"])
def test_a_heading_counts_its_rows(title):
    (section,) = (section for section in SECTIONS if section.title == title)
    assert section.claimed == len(lines_of_tables(section.content)) > 0


def test_no_example_is_left_out():
    assert sum(section.claimed for section in SECTIONS) == len(ROWS)
    tables = re.findall(r"^### ", PAGE, re.MULTILINE)
    assert len(re.findall(r"^\s*\|", PAGE, re.MULTILINE)) == len(ROWS) + 2 * len(tables)


@pytest.mark.parametrize("line", [
    "| `a` | `get Post {select: {id: true}}` |",
    "| `a` | get Post {select: {id: true}} | `[]` |",
    "| `a` | `get Post {select: {id: true}}` | nothing |",
    "| `a` | `get Post {select: {id: true}` | `[]` |",
    "| `a` | `get Post {select: {id: true}}` or `exists Post {}` | `[]` |",
    "| `a` | `fetch Post {select: {id: true}}` | `[]` |",
    "| `a` | `get Post` | `[]` |",
    "| `a | b` | `get Post {select: {id: true}}` | `[]` |",
])
def test_what_cannot_be_run_is_no_row(line):
    with pytest.raises(ValueError):
        read_row(line)
