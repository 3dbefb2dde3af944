"""The shell commands of pages about databases that are there, run as they stand."""

import os
import re
import socket
import subprocess

import pytest
from conftest import BIN, ROOT, Database


def commands(page, heading):
    """Returns the shell commands of a page's part: all of it without a heading."""
    text = (ROOT / page).read_text()
    if heading:
        text = text[text.index(f"\n## {heading}\n") + 1:]
        text = text[:text.index("\n## ")]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.fixture
def shell(postgres, tmp_path):
    """Runs commands in a folder of their own, with `rowan` and `rowand` of an address of their own, on a Chinook of their own."""
    script = (ROOT / "tests/data/chinook.sql").read_text()
    postgres.psql("CREATE DATABASE guide")
    url = postgres.url.replace("dbname=postgres", "dbname=guide")
    Database(url).psql(script[script.index("CREATE TABLE album"):])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for program, flags in (("rowan", f"--address {address}"), ("rowand", f"--grpc-address {address} --admin-address 127.0.0.1:0 --drain-grace 0s")):
        wrapper = tmp_path / "bin" / program
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(f'#!/bin/sh\nexec {BIN / program} "$@" {flags}\n')
        wrapper.chmod(0o755)

    def run(text):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "ROWAN_"))}
        environment.update(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", DATABASE_URL=url)
        # What is left in the background would keep the pipes open, and outlive the test.
        text = text.replace(" &\n", " >rowand.log 2>&1 &\nserver=$!\ntrap 'kill $server; wait $server' EXIT\n")
        return subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", text], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)

    yield run
    postgres.psql("DROP DATABASE guide WITH (FORCE)")


@pytest.mark.parametrize("page, heading, shows", [
    ("README.md", "Adopt a database you have, in ten minutes", ['"lastName": "Peacock"', "For Those About To Rock We Salute You", "Heavy Metal Classic"]),
    ("docs/guides/existing-database.md", None,
     ['"lastName": "Peacock"', "Heavy Metal Classic", 'ALTER TABLE "public"."track" ADD COLUMN "rating" smallint', "add column track.rating (safe"]),
])
def test_commands_of_a_page(shell, page, heading, shows):
    text = commands(page, heading)
    done = shell(text)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for part in shows:
        assert part in done.stdout, part
    assert "error" not in done.stderr, done.stderr


def test_a_command_that_fails_ends_the_page(shell):
    done = shell("rowand serve --db-url \"$DATABASE_URL\" &\nrowan health --wait 30s\nrowan schema get nothing\necho too far\n")
    assert done.returncode == 64 + 5 and "too far" not in done.stdout
