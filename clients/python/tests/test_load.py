"""Loads: the messages that rows become, and what is refused before anything is sent."""

import pytest

import rowan
from rowan import load
from rowan._generated.rowan.v1 import load_pb2 as pb


def begin(columns=("id",), on_conflict=None, key=(), tolerated_rejects=0, dry_run=False):
    return load.begin_request("blog", "User", columns, on_conflict, key, tolerated_rejects, dry_run, "once")


def messages(columns, rows):
    loader = load.Loader(begin(columns), columns, iter(rows))
    return loader, list(loader.requests())


def test_columns_are_fields_and_keys_of_related_records():
    assert list(begin(["name", "role.name"]).columns) == [
        pb.LoadColumn(field="name"),
        pb.LoadColumn(relation="role", field="name"),
    ]


@pytest.mark.parametrize(
    "on_conflict, key, expected",
    [
        ("skip", (), pb.LoadConflict(skip=True)),
        ("skip", ["name"], pb.LoadConflict(skip=True, key=["name"])),
        ("update", (), pb.LoadConflict(update=pb.LoadUpdate())),
        ({"update": ["name"]}, ["id"], pb.LoadConflict(update=pb.LoadUpdate(columns=["name"]), key=["id"])),
    ],
)
def test_taken_keys(on_conflict, key, expected):
    assert begin(on_conflict=on_conflict, key=key).on_conflict == expected


@pytest.mark.parametrize(
    "on_conflict, key, path",
    [("replace", (), "on_conflict"), ({"skip": True}, (), "on_conflict"), ({}, (), "on_conflict"), (None, ["id"], "key")],
)
def test_other_policies_are_refused(on_conflict, key, path):
    with pytest.raises(rowan.DocumentError) as error:
        begin(on_conflict=on_conflict, key=key)
    assert error.value.path == path


def test_rows_come_in_batches_between_begin_and_end():
    loader, sent = messages(["id"], ([n] for n in range(2 * load.BATCH_ROWS + 1)))
    assert [message.WhichOneof("kind") for message in sent] == ["begin", "rows", "rows", "rows", "end"]
    assert [len(message.rows.rows) for message in sent[1:4]] == [load.BATCH_ROWS, load.BATCH_ROWS, 1]
    assert sent[3].rows.rows[0].values[0].int_value == 2 * load.BATCH_ROWS
    assert sent[4].end and loader.failure is None


def test_large_rows_make_small_batches():
    _, sent = messages(["text"], (["x" * load.BATCH_BYTES] for _ in range(3)))
    assert [len(message.rows.rows) for message in sent[1:-1]] == [1, 1, 1]


def test_no_rows_are_a_load_too():
    assert [message.WhichOneof("kind") for message in messages(["id"], [])[1]] == ["begin", "end"]


@pytest.mark.parametrize(
    "row",
    [
        {"name": "Ada", "role.name": "admin"},
        {"role.name": "admin", "name": "Ada"},
        {"name": "Ada", "role": {"name": "admin"}},
        ["Ada", "admin"],
        ("Ada", "admin"),
    ],
)
def test_forms_of_a_row(row):
    _, sent = messages(["name", "role.name"], [row])
    assert [value.text_value for value in sent[1].rows.rows[0].values] == ["Ada", "admin"]


def test_what_a_row_lacks_is_null():
    _, sent = messages(["name", "role.name"], [{}, {"role": None}])
    for row in sent[1].rows.rows:
        assert [value.WhichOneof("kind") for value in row.values] == ["null_value", "null_value"]


@pytest.mark.parametrize(
    "row, path",
    [
        ({"nmae": "Ada"}, "rows[1].nmae"),
        ({"name": object()}, "rows[1].name"),
        (["Ada"], "rows[1]"),
        ("Ada", "rows[1]"),
        (["Ada", "admin", "more"], "rows[1]"),
    ],
)
def test_a_wrong_row_never_ends_the_load(row, path):
    loader, sent = messages(["name", "role.name"], [["Ada", "admin"], row])
    assert isinstance(loader.failure, rowan.DocumentError) and loader.failure.path == path
    assert "end" not in [message.WhichOneof("kind") for message in sent]


def test_what_the_rows_raise_is_kept():
    def broken():
        yield ["Ada"]
        raise KeyError("the source broke down")

    loader, sent = messages(["name"], broken())
    assert isinstance(loader.failure, KeyError)
    assert "end" not in [message.WhichOneof("kind") for message in sent]


def test_rows_without_names_need_columns():
    with pytest.raises(rowan.DocumentError) as error:
        load.columns_of(["Ada"])
    assert error.value.path == "columns"


def test_answers_are_collected():
    rejects, progress = [], []
    result = load.collect(
        [
            pb.LoadResponse(progress=pb.LoadProgress(received=10, stage=pb.LOAD_STAGE_RECEIVING)),
            pb.LoadResponse(reject=pb.LoadReject(row=3, path="rows[3].name", reason="TYPE_MISMATCH", message="no")),
            pb.LoadResponse(result=pb.LoadResult(received=10, inserted=7, updated=1, skipped=1, rejected=1)),
        ],
        rejects.append,
        progress.append,
    )
    assert progress == [10]
    assert rejects == [rowan.LoadReject(3, "rows[3].name", "TYPE_MISMATCH", "no")]
    assert result == rowan.LoadResult(10, 7, 1, 1, 1, tuple(rejects))
    assert load.collect([], None, None) is None
