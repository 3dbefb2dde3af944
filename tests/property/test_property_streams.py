"""Draws worlds of long records, and compares streams with the evaluator: whole, and resumed after every batch."""

import os
import random

import pytest
from answers import read_record
from draw_requests import RequestDrawer
from draw_world import draw_world
from evaluator import Evaluator
from load import load
from report import SEED, STRATEGIES, ask, fail
from stubs import data

WORLDS = int(os.environ.get("PROPERTY_WORLDS", "12")) // 3
CASES = int(os.environ.get("PROPERTY_CASES", "200")) // 15
MODES = (data.STREAM_MODE_SNAPSHOT, data.STREAM_MODE_KEYSET)
# A few records of this length fill a batch.
LENGTH = 15_000


@pytest.fixture(scope="module", params=range(WORLDS))
def world(request, server):
    """A world of long records that the server holds, too."""
    drawn = draw_world(random.Random(f"{SEED} long {request.param}"), f"long{request.param}", LENGTH)
    load(server, drawn)
    return drawn


def read_stream(messages):
    """Returns the records, and for each batch its token and how many records came until its end; the parts must come in their order."""
    kinds = [message.WhichOneof("kind") for message in messages]
    assert kinds == ["shape", *["batch"] * (len(kinds) - 2), "totals"], kinds
    records, ends = [], []
    for message in messages[1:-1]:
        assert message.batch.records
        records += [read_record(messages[0].shape, record) for record in message.batch.records]
        ends.append((message.batch.resume_token, len(records)))
    totals = messages[-1].totals
    assert (totals.records, totals.batches) == (len(records), len(ends))
    assert not ends or totals.resume_token == ends[-1][0]
    return records, ends


@pytest.mark.parametrize("mode", MODES, ids=data.StreamMode.Name)
def test_streams_resume_anywhere(server, world, mode):
    batches = 0
    for case in range(CASES):
        seed = f"{SEED} {world.name} stream {case}"
        drawer = RequestDrawer(random.Random(seed), world)
        request = drawer.stream()
        request.mode, request.strategy = mode, drawer.rng.choice(STRATEGIES)
        if drawer.rng.random() < 0.5:
            request.ClearField("where")
            request.ClearField("page")
        if "bulk" not in request.select.fields and "*" not in request.select.fields:
            request.select.fields.append("bulk")
        expected = Evaluator(world).stream(request)
        try:
            records, ends = read_stream(ask(world, seed, request, expected, server.data.Stream))
        except AssertionError as error:
            fail(world, seed, request, expected, f"{error}")
        if records != expected:
            fail(world, seed, request, expected, records)
        batches += len(ends)
        for token, count in ends:
            request.resume_token = token
            request.strategy = drawer.rng.choice(STRATEGIES)
            rest, _ = read_stream(ask(world, seed, request, expected[count:], server.data.Stream))
            if rest != expected[count:]:
                fail(world, seed, request, expected[count:], rest)
    assert batches > CASES, "hardly any stream had more than a batch"
