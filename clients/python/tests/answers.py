"""What the tests have the server answer: trees, messages of streams, and errors."""

import decimal

import grpc
from google.protobuf import any_pb2, text_format

from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import result_pb2
from rowan.errors import status_pb2

USERS = text_format.Parse(
    """
    model: "User"
    fields { name: "id" } fields { name: "paid" }
    relations { name: "role" relation: "role" shape { model: "Role" fields { name: "name" } } }
    relations { name: "recent" relation: "posts" to_many: true
      shape { model: "Post" fields { name: "title" }
              relations { name: "tags" relation: "tags" to_many: true shape { model: "Tag" fields { name: "name" } } } }
              }
    """,
    result_pb2.Shape(),
)
ALICE = text_format.Parse(
    """
    values { int_value: 1 } values { decimal_value: "1.50" }
    related { records { values { text_value: "admin" } } }
    related { has_more: true records { values { text_value: "First" } related { records { values { text_value: "c++" } }
    } } } """,
    result_pb2.Record(),
)
BOB = text_format.Parse(
    "values { int_value: 2 } values { null_value: NULL_VALUE } related { } related { }", result_pb2.Record()
)
ALICE_DICT = {
    "id": 1,
    "paid": decimal.Decimal("1.50"),
    "role": {"name": "admin"},
    "recent": [{"title": "First", "tags": [{"name": "c++"}]}],
}
BOB_DICT = {"id": 2, "paid": None, "role": None, "recent": []}
READ = {"select": {"id": True}}


def fail(code, message="", *details, trailers=()):
    """Returns an answer that ends the call with a status and its details."""
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)

    def answer(_request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()), *trailers))
        context.abort(code, message)

    return answer


def unavailable_times(count, then):
    """Returns an answer that is UNAVAILABLE a number of times before it does what `then` says."""
    left = [count]

    def answer(request, context):
        if left[0] > 0:
            left[0] -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "later")
        return then(request, context)

    return answer


def streaming(*messages, then=None):
    def answer(_request, context):
        yield from messages
        if then:
            then(_request, context)

    return answer


SHAPE = service.StreamResponse(shape=USERS)
BATCH = service.StreamResponse(batch=service.RecordBatch(records=[ALICE, BOB]))
TOTALS = service.StreamResponse(totals=service.StreamTotals(records=4, batches=2))


def endless(ended, batch):
    """Returns an answer that sends a batch again and again until the call is cancelled, and the number it has sent so
    far."""
    sent = [0]

    def answer(_request, context):
        context.add_callback(ended.set)
        yield SHAPE
        while context.is_active():
            sent[0] += 1
            yield batch

    return answer, sent
