"""Draws writes, and compares what they do with the evaluator: row for row and effect for effect, and that those which fail change nothing.

PROPERTY_SEED is the seed (a failure prints it), PROPERTY_WRITES how many writes each of the worlds gets.
"""

import copy
import json
import os
import random

import grpc
import pytest
from draw_writes import WriteDrawer
from report import SEED
from rowan import document, schema_document
from stubs import data, schema_service
from write_evaluator import Refused, WriteEvaluator
from write_world import MANY_TO_MANY, draw_world, schema_document as schema_of

WORLDS = 8
WRITES = int(os.environ.get("PROPERTY_WRITES", "250"))
REQUESTS = {"insert": document.insert_request, "update": document.update_request, "upsert": document.upsert_request, "delete": document.delete_request}


def read_tables(server, world):
    """Returns the rows by model and id, and the links, as the server has them."""
    rows, links = {}, {link: set() for link in world.links}
    for model, relations in world.relations.items():
        many = [relation for relation in relations.values() if relation.kind == MANY_TO_MANY and relation.forward]
        read = {"select": {"*": True, **{relation.name: {"select": {"id": True}, "limit": 1000} for relation in many}}, "limit": 10000}
        answer = server.data.Get(document.read_request(world.name, model, read), timeout=30)
        rows[model] = {}
        names = [field.name for field in answer.shape.fields]
        for record in answer.records:
            values = [getattr(value, value.WhichOneof("kind")) if not value.HasField("null_value") else None for value in record.values]
            row = dict(zip(names, values))
            rows[model][row["id"]] = row
            for shape, related in zip(answer.shape.relations, record.related):
                (relation,) = (relation for relation in many if relation.name == shape.name)
                links[relation.link] |= {(row["id"], other.values[0].int_value) for other in related.records}
    return rows, links


def effects_of(response):
    effects = response.effects
    counts = ("created", "connected", "already_connected", "reassigned", "disconnected", "displaced", "updated", "deleted")
    relations = {entry.path: {name: getattr(entry, name) for name in counts if getattr(entry, name)} for entry in effects.relations}
    # A relation that the request names is there even when nothing happened to it.
    relations = {path: counts for path, counts in relations.items() if counts}
    answer = {"matched": effects.matched, "changed": effects.changed, "relations": relations}
    if response.outcomes:
        answer["outcomes"] = [data.UpsertOutcome.Name(outcome).removeprefix("UPSERT_OUTCOME_").lower() for outcome in response.outcomes]
    return answer


@pytest.mark.parametrize("number", range(WORLDS))
def test_writes(server, number):
    name = f"x{number}"
    world = draw_world(random.Random(f"{SEED} {name}"), name)
    server.schemas.ApplySchema(schema_service.ApplySchemaRequest(schema=schema_document.to_schema(schema_of(world))), timeout=30)
    next_key, carried_out, refused = 100, 0, 0
    for case in range(WRITES):
        seed = f"{SEED} {name} {case}"
        drawer = WriteDrawer(random.Random(seed), world, next_key)
        verb, model, body = drawer.request()
        next_key = drawer.next
        dry = verb != "insert" and drawer.chance(0.1)
        request = REQUESTS[verb](name, model, {**body, "dry_run": True} if dry else body)
        after = copy.deepcopy(world)
        why = None
        try:
            expected = getattr(WriteEvaluator(after), verb)(model, body)
        except Refused as refusal:
            expected, why = "refused", refusal
        try:
            actual = effects_of(getattr(server.data, verb.capitalize())(request, timeout=30))
        except grpc.RpcError as error:
            actual, why = "refused", f"{why} / {error.details()} {error.trailing_metadata()}"
            assert error.code() not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE), (seed, error.details(), body)
        if expected != "refused" and not dry:
            world = after
        carried_out += expected != "refused"
        refused += expected == "refused"
        found = read_tables(server, world)
        if (expected, world.rows, world.links) != (actual, *found):
            pytest.fail("\n".join((
                f"PROPERTY_SEED={SEED}, case {seed!r}, {verb} {model}", json.dumps(schema_of(world)["models"]), json.dumps(body), f"why: {why}",
                f"expected {expected}", f"actual   {actual}", *differences(world, found))), pytrace=False)
    assert carried_out > WRITES / 4 and refused > WRITES / 50


def differences(world, found):
    rows, links = found
    for model, expected in world.rows.items():
        for id_ in sorted(expected.keys() | rows[model].keys()):
            if expected.get(id_) != rows[model].get(id_):
                yield f"{model} {id_}: {expected.get(id_)} expected, {rows[model].get(id_)} found"
    for link, expected in world.links.items():
        if expected != links[link]:
            yield f"{link}: missing {expected - links[link]}, more {links[link] - expected}"
