"""Sends requests and compares; a failure shows all that is needed to see the difference again."""

import os

import grpc
import pytest
from answers import read_get
from cursors import is_by_key
from google.protobuf import text_format
from stubs import query
from world import schema_proto

SEED = int(os.environ.get("PROPERTY_SEED", "20240501"))
STRATEGIES = (query.STRATEGY_NESTED, query.STRATEGY_BY_LEVEL, query.STRATEGY_TAGGED)


def first_difference(expected, actual, path="answer"):
    """Returns where two trees differ first, and how."""
    if isinstance(expected, dict) and isinstance(actual, dict) and expected.keys() == actual.keys():
        found = (first_difference(expected[key], actual[key], f"{path}.{key}") for key in expected)
        return next((difference for difference in found if difference), None)
    if isinstance(expected, list) and isinstance(actual, list):
        found = (first_difference(one, other, f"{path}[{index}]") for index, (one, other) in enumerate(zip(expected, actual)))
        difference = next((difference for difference in found if difference), None)
        return difference or (f"{path}: {len(expected)} expected, {len(actual)} found" if len(expected) != len(actual) else None)
    return None if expected == actual else f"{path}: {expected!r} expected, {actual!r} found"


def fail(world, seed, request, expected, actual):
    """Fails with the seed, the world, the request and both answers."""
    pytest.fail("\n".join((
        f"PROPERTY_SEED={SEED}, case {seed!r}", "schema:", text_format.MessageToString(schema_proto(world)), "rows:",
        *(f"  {name}: {row}" for name, rows in world.rows.items() for row in rows), f"  links: {world.links}",
        f"request {type(request).__name__}:", text_format.MessageToString(request), f"expected: {expected}", f"actual:   {actual}",
        f"{first_difference(expected, actual)}"[:2000])), pytrace=False)


def ask(world, seed, request, expected, call):
    """Sends a request and returns the answer; a stream's as the list of its messages."""
    try:
        answer = call(request, timeout=60)
        return list(answer) if isinstance(answer, grpc.Call) and hasattr(answer, "__next__") else answer
    except grpc.RpcError as error:
        return fail(world, seed, request, expected, f"{error.code()}: {error.details()}")


def check(world, seed, request, expected, call, read):
    """Sends a request, and fails unless the answer, read as a tree, is the expected one; returns the answer."""
    answer = ask(world, seed, request, expected, call)
    try:
        actual = read(answer)
    except AssertionError as error:
        return fail(world, seed, request, expected, f"{error} in {answer}")
    if actual != expected:
        fail(world, seed, request, expected, actual)
    return answer


def get_all_ways(server, world, seed, request, expected):
    """Reads with all strategies, which must give the expected tree and the same bytes; returns the answer."""
    answers = []
    for strategy in STRATEGIES:
        request.strategy = strategy
        answers.append(check(world, seed, request, expected, server.data.Get, lambda answer: read_get(answer, is_by_key(world, request))))
    if len({answer.SerializeToString(deterministic=True) for answer in answers}) > 1:
        fail(world, seed, request, *map(text_format.MessageToString, answers))
    return answers[0]
