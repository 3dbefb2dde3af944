"""Draws worlds and requests, and compares the server's answers with the evaluator's.

PROPERTY_SEED is the seed (a failure prints it), PROPERTY_WORLDS how many worlds are drawn, PROPERTY_CASES how many reads each of them gets.
"""

import os
import random

import grpc
import pytest
from answers import read_aggregate, read_get
from draw_requests import RequestDrawer
from draw_world import draw_world
from evaluator import Evaluator
from google.protobuf import text_format
from load import load
from stubs import query
from world import schema_proto

SEED = int(os.environ.get("PROPERTY_SEED", "20240501"))
WORLDS = int(os.environ.get("PROPERTY_WORLDS", "12"))
CASES = int(os.environ.get("PROPERTY_CASES", "100"))
STRATEGIES = (query.STRATEGY_NESTED, query.STRATEGY_BY_LEVEL)


@pytest.fixture(scope="module", params=range(WORLDS))
def world(request, server):
    """A world that the server holds, too."""
    drawn = draw_world(random.Random(f"{SEED} {request.param}"), f"w{request.param}")
    load(server, drawn)
    return drawn


def drawers(world, purpose, cases):
    """Returns a drawer for each case; a case draws the same whichever others run."""
    for case in range(cases):
        seed = f"{SEED} {world.name} {purpose} {case}"
        yield seed, RequestDrawer(random.Random(seed), world)


def fail(world, seed, request, expected, actual):
    """Fails with all that is needed to see the difference again."""
    pytest.fail("\n".join((
        f"PROPERTY_SEED={SEED}, case {seed!r}", "schema:", text_format.MessageToString(schema_proto(world)), "rows:",
        *(f"  {name}: {row}" for name, rows in world.rows.items() for row in rows), f"  links: {world.links}",
        f"request {type(request).__name__}:", text_format.MessageToString(request), f"expected: {expected}", f"actual:   {actual}")), pytrace=False)


def check(world, seed, request, expected, call, read):
    """Sends a request, and fails unless the answer, read as a tree, is the expected one; returns the answer."""
    try:
        answer = call(request, timeout=60)
    except grpc.RpcError as error:
        fail(world, seed, request, expected, f"{error.code()}: {error.details()}")
    try:
        actual = read(answer)
    except AssertionError as error:
        fail(world, seed, request, expected, f"{error}\n{text_format.MessageToString(answer)}")
    if actual != expected:
        fail(world, seed, request, expected, actual)
    return answer


def get_both(server, world, seed, request, expected):
    """Reads with both strategies, which must give the expected tree and the same bytes; returns the answer."""
    answers = []
    for strategy in STRATEGIES:
        request.strategy = strategy
        answers.append(check(world, seed, request, expected, server.data.Get, read_get))
    if len({answer.SerializeToString(deterministic=True) for answer in answers}) > 1:
        fail(world, seed, request, *map(text_format.MessageToString, answers))
    return answers[0]


def test_get(server, world):
    for seed, drawer in drawers(world, "get", CASES):
        request = drawer.get()
        get_both(server, world, seed, request, Evaluator(world).get(request))


def test_aggregate(server, world):
    for seed, drawer in drawers(world, "aggregate", CASES // 5):
        request = drawer.aggregate()
        check(world, seed, request, Evaluator(world).aggregate(request), server.data.Aggregate, read_aggregate)


def test_exists(server, world):
    for seed, drawer in drawers(world, "exists", CASES // 10):
        request = drawer.exists()
        check(world, seed, request, Evaluator(world).exists(request), server.data.Exists, lambda answer: answer.exists)
