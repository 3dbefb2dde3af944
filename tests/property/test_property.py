"""Draws worlds and requests, and compares the server's answers with the evaluator's.

PROPERTY_SEED is the seed (a failure prints it), PROPERTY_WORLDS how many worlds are drawn, PROPERTY_CASES how many reads each of them gets.
"""

import os
import random

import pytest
from answers import read_aggregate, read_get, read_record
from cursors import is_by_key, marks, with_keys
from draw_requests import RequestDrawer
from draw_world import draw_world
from evaluator import Evaluator
from load import load
from report import SEED, STRATEGIES, ask, check, fail, get_all_ways
from stubs import data, query

WORLDS = int(os.environ.get("PROPERTY_WORLDS", "12"))
CASES = int(os.environ.get("PROPERTY_CASES", "200"))


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


def test_get(server, world):
    for seed, drawer in drawers(world, "get", CASES):
        request = drawer.get()
        get_all_ways(server, world, seed, request, Evaluator(world).get(request))


def test_aggregate(server, world):
    for seed, drawer in drawers(world, "aggregate", CASES // 4):
        request = drawer.aggregate()
        check(world, seed, request, Evaluator(world).aggregate(request), server.data.Aggregate, read_aggregate)


def test_exists(server, world):
    for seed, drawer in drawers(world, "exists", CASES // 10):
        request = drawer.exists()
        check(world, seed, request, Evaluator(world).exists(request), server.data.Exists, lambda answer: answer.exists)


def test_a_filter_and_its_complement_split_the_rows(server, world):
    """No evaluator is asked: a row is let through by a filter or by its complement, and an alternative to the filter adds just its own rows."""
    for seed, drawer in drawers(world, "partition", CASES // 10):
        model = drawer.rng.choice(list(world.models.values()))
        whole = sorted(world.key_rank(model, row) for row in world.rows[model.name])
        null = query.Filter(field=query.FieldFilter(field=drawer.rng.choice(list(model.fields)), operator=query.OPERATOR_IS_NULL))
        null.field.value.bool_value = True
        drawn = drawer.filters.draw(model)

        def keys(where, model=model, seed=seed):
            request = data.GetRequest(schema=world.name, model=model.name, select=query.Selection(fields=model.key), where=where)
            request.page.limit = 1000
            answer = ask(world, seed, request, "the rows of a partition", server.data.Get)
            printed_keys = [tuple(read_record(answer.shape, record)["values"].values()) for record in answer.records]
            assert len(set(map(str, printed_keys))) == len(printed_keys)
            return set(map(str, printed_keys))

        def complement(where):
            inverse = query.Filter()
            getattr(inverse, "not").CopyFrom(where)
            return inverse

        either = query.Filter(any_of=query.FilterList(filters=[drawn, null]))
        for where in (drawn, null, either):
            chosen, others = keys(where), keys(complement(where))
            if chosen & others or len(chosen) + len(others) != len(whole):
                fail(world, seed, where, "a partition of the rows", (chosen, others))
        if keys(either) != keys(drawn) | keys(null):
            fail(world, seed, either, keys(drawn) | keys(null), keys(either))


def test_cursors_of_drawn_lists(server, world):
    """A cursor taken from any list of an answer, applied to the list's page in both directions."""
    for seed, drawer in drawers(world, "cursor", CASES // 5):
        request = drawer.get()
        model = world.models[request.model]
        with_keys(world, model, request.select)
        answer = get_all_ways(server, world, seed, request, Evaluator(world).get(request))
        known = marks(world, model, request, answer, answer.shape)
        for target, cursor, row in drawer.rng.sample(known, min(2, len(known))):
            before = query.Page()
            before.CopyFrom(target.page)
            target.page.cursor = cursor
            target.page.backward = drawer.rng.random() < 0.5
            answer = get_all_ways(server, world, seed, request, Evaluator(world, {cursor: row}).get(request))
            marks(world, model, request, answer, answer.shape)
            target.page.CopyFrom(before)


def page_sizes(length):
    """One record at a time only while the list is short."""
    small = (1, 2, 3, 7) if length < 50 else (7, 30)
    return sorted({size for size in (*small, length - 1, length, length + 1) if size > 0})


def sweep(read, whole):
    """Reads a list page by page: forward and backward by cursor, and by offset; each way must give the whole.

    `read` takes a page, and returns the records, whether there is more, and the cursors of the first and the last record.
    """
    for size in page_sizes(len(whole)):
        for backward in (False, True):
            records, cursor = [], ""
            for _ in range(len(whole) + 1):
                page, more, first, last = read(query.Page(limit=size, cursor=cursor, backward=backward))
                records = page + records if backward else records + page
                if not more:
                    break
                assert len(page) == size, (size, backward, page)
                cursor = first if backward else last
            assert records == whole, (size, backward)
            assert not more
        records = []
        for offset in range(0, len(whole) + size, size):
            page, more, _, _ = read(query.Page(limit=size, offset=offset))
            records += page
            assert more == (offset + size < len(whole)), (size, offset)
        assert records == whole, size


def swept_request(drawer):
    """Draws a Get without pages, so that pages of it can be compared with the whole."""
    request = drawer.get()
    request.ClearField("page")
    with_keys(drawer.world, drawer.world.models[request.model], request.select)
    request.strategy = drawer.rng.choice(STRATEGIES)
    return request


def test_pages_of_any_size_make_the_whole(server, world):
    for seed, drawer in drawers(world, "sweep", CASES // 60):
        request = swept_request(drawer)
        whole = Evaluator(world).get(request)["records"]

        def read(page, request=request, seed=seed, whole=whole):
            request.page.CopyFrom(page)
            request.page.total = query.TOTAL_EXACT
            answer = ask(world, seed, request, whole, server.data.Get)
            assert answer.total == len(whole)
            return read_get(answer, is_by_key(world, request))["records"], answer.has_more, answer.start_cursor, answer.end_cursor

        try:
            sweep(read, whole)
        except AssertionError as error:
            fail(world, seed, request, whole, f"with a page: {error}")


def test_pages_of_nested_lists_make_the_whole(server, world):
    to_many = [(model, relation) for model in world.models.values() for relation in model.relations.values() if relation.to_many]
    for seed, drawer in drawers(world, "nested sweep", CASES // 60 if to_many else 0):
        model, relation = drawer.rng.choice(to_many)
        part = drawer.related(relation, "part", 2)
        part.ClearField("page")
        request = data.GetRequest(schema=world.name, model=model.name, select=query.Selection(fields=model.key, relations=[part]))
        request.strategy = drawer.rng.choice(STRATEGIES)
        with_keys(world, model, request.select)
        records = Evaluator(world).get(request)["records"]
        # The parent with the longest list.
        at = max(range(len(records)), key=lambda index: len(records[index]["related"]["part"]["records"]), default=None)
        if at is None:
            continue
        whole = records[at]["related"]["part"]["records"]

        def read(page, request=request, seed=seed, whole=whole, at=at):
            request.select.relations[0].page.CopyFrom(page)
            answer = ask(world, seed, request, whole, server.data.Get)
            below = answer.records[at].related[0]
            return [read_record(answer.shape.relations[0].shape, record) for record in below.records], below.has_more, below.start_cursor, below.end_cursor

        try:
            sweep(read, whole)
        except AssertionError as error:
            fail(world, seed, request, whole, f"of parent {at}: {error}")
