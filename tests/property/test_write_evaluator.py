"""The evaluator of writes, by hand: a team and its players as Bee and Ant."""

import pytest
from write_evaluator import Refused, WriteEvaluator
from write_world import BELONGS_TO, HAS_MANY, HAS_ONE, MANY_TO_MANY, Relation, World


def world():
    """Ant.up -> Bee (hasMany down), Cow.seat -> Bee (required, one-to-one), Ant <-> Cow."""
    relations = {
        "Ant": {"up0": Relation("up0", BELONGS_TO, "Ant", "Bee", field="up0Id"),
                "left0": Relation("left0", MANY_TO_MANY, "Ant", "Cow", link="link0")},
        "Bee": {"down0": Relation("down0", HAS_MANY, "Bee", "Ant", field="up0Id"),
                "down1": Relation("down1", HAS_ONE, "Bee", "Cow", field="up1Id", unique=True, required=True)},
        "Cow": {"up1": Relation("up1", BELONGS_TO, "Cow", "Bee", field="up1Id", unique=True, required=True),
                "right0": Relation("right0", MANY_TO_MANY, "Cow", "Ant", link="link0", forward=False)},
    }
    rows = {
        "Ant": {1: dict(id=1, code=1, n=0, t=None, up0Id=1), 2: dict(id=2, code=2, n=5, t=None, up0Id=None)},
        "Bee": {1: dict(id=1, code=1, n=0, t=None), 2: dict(id=2, code=2, n=0, t=None)},
        "Cow": {1: dict(id=1, code=1, n=0, t=None, up1Id=1)},
    }
    return World("w", relations, rows, {"link0": {(1, 1)}})


@pytest.mark.parametrize("verb, model, document, effects", [
    ("update", "Bee", {"data": {"down0": {"connect": [{"id": 1}, {"code": 2}]}}, "where": {"id": {"in": [2]}}}, {"down0": {"connected": 2, "reassigned": 1}}),
    ("update", "Bee", {"data": {"down0": {"set": [{"id": 2}]}}, "where": {"id": {"in": [1]}}}, {"down0": {"connected": 1, "disconnected": 1}}),
    ("update", "Bee", {"data": {"down0": {"disconnect": [{"id": 2}]}}, "where": {"id": {"in": [1]}}}, {}),
    ("update", "Ant", {"data": {"left0": {"connectOrCreate": [{"key": {"id": 1}, "create": {}}]}}, "where": {"n": {"gte": 0}}}, {"left0": {"connected": 1, "already_connected": 1}}),
    ("update", "Bee", {"data": {"down1": {"update": {"data": {"n": 3}}}}, "where": {"id": {"in": [1]}}}, {"down1": {"updated": 1}}),
    ("update", "Bee", {"data": {"down1": {"delete": True}}, "where": {"id": {"in": [1, 2]}}}, {"down1": {"deleted": 1}}),
    ("insert", "Ant", {"data": [{"id": 3, "code": 3, "up0": {"create": {"id": 4, "code": 4}}}]}, {"up0": {"created": 1}}),
    ("update", "Ant", {"data": {"left0": {"update": [{"key": {"id": 1}, "data": {"n": 7}}]}}, "where": {"n": {"gte": 0}}}, {"left0": {"updated": 1}}),
    ("update", "Bee", {"data": {"down0": {"update": [{"key": {"id": 1}, "data": {"left0": {"update": [{"key": {"code": 1}, "data": {"t": "x"}}]}}}]}}, "where": {"n": {"gte": 0}}},
     {"down0.left0": {"updated": 1}}),
])
def test_what_is_counted(verb, model, document, effects):
    assert getattr(WriteEvaluator(world()), verb)(model, document)["relations"] == effects


@pytest.mark.parametrize("verb, model, document", [
    ("update", "Bee", {"data": {"down1": {"create": {"id": 9, "code": 9}}}, "where": {"id": {"in": [1]}}}),
    ("update", "Bee", {"data": {"down0": {"connect": [{"id": 1}]}}, "where": {"n": {"gte": 0}}}),
    ("update", "Bee", {"data": {"down0": {"update": [{"key": {"id": 2}, "data": {"n": 1}}]}}, "where": {"id": {"in": [1]}}}),
    ("update", "Bee", {"data": {"down0": {"connect": [{"id": 1}], "delete": [{"code": 1}]}}, "where": {"id": {"in": [1]}}}),
    ("update", "Ant", {"data": {"up0": {"connect": {"id": 9}}}, "where": {"id": {"in": [1]}}}),
    ("delete", "Bee", {"where": {"id": {"in": [1]}}}),
    ("insert", "Ant", {"data": [{"id": 1, "code": 7}]}),
    ("update", "Bee", {"data": {"n": 1}, "where": {"id": {"in": [1]}}, "expect": 2}),
])
def test_what_is_refused(verb, model, document):
    with pytest.raises(Refused):
        getattr(WriteEvaluator(world()), verb)(model, document)


def test_a_delete_takes_links_and_clears_foreign_keys():
    here = world()
    WriteEvaluator(here).delete("Cow", {"where": {"id": {"in": [1]}}})
    assert here.links == {"link0": set()}
    WriteEvaluator(here).delete("Bee", {"where": {"id": {"in": [1]}}})
    assert here.rows["Ant"][1]["up0Id"] is None
