"""The cases of tests/document, which every implementation of the document form passes."""

import base64
import datetime
import decimal
import json
import math
import pathlib
import uuid

import pytest
from google.protobuf import json_format

from rowan import DocumentError, batches, document, results, schema_document
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import schema_pb2

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "tests" / "document"
CASES = [
    case
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"), parse_float=decimal.Decimal)
]
REQUESTS = {
    "get": (service.GetRequest, lambda body: document.read_request("blog", "User", body)),
    "stream": (service.StreamRequest, lambda body: document.stream_request("blog", "User", body)),
    "aggregate": (service.AggregateRequest, lambda body: document.aggregate_request("blog", "User", body)),
    "exists": (service.ExistsRequest, lambda body: document.exists_request("blog", "User", body)),
    "insert": (service.InsertRequest, lambda body: document.insert_request("blog", "User", body)),
    "update": (service.UpdateRequest, lambda body: document.update_request("blog", "User", body)),
    "upsert": (service.UpsertRequest, lambda body: document.upsert_request("blog", "User", body)),
    "batch": (service.BatchRequest, lambda body: batches.batch_request("blog", body)),
    "delete": (service.DeleteRequest, lambda body: document.delete_request("blog", "User", body)),
    "schema": (schema_pb2.Schema, schema_document.to_schema),
}
RESPONSES = {
    "result": service.GetResponse,
    "mutation": service.MutationResponse,
    "batch_result": service.BatchResponse,
}


def proto(kind, case):
    message = json_format.ParseDict(plain(case["proto"]), kind())
    if hasattr(message, "schema"):
        message.schema = "blog"
    if hasattr(message, "model"):
        message.model = "User"
    return message


def written(done):
    """Returns the document of a mutation's result."""
    found = {"records": done.records, "effects": done.effects}
    if done.outcomes:
        found["outcomes"] = done.outcomes
    if done.repeated_answer:
        found["repeated_answer"] = True
    return found


def plain(value):
    """Returns a result with Python's types in their JSON form."""
    if isinstance(value, results.MutationResult):
        return plain(written(value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (uuid.UUID, datetime.date, datetime.time)):
        return str(value)
    return value


def numbers(value):
    """Returns an expected document with its fractions as the floats that results have."""
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, decimal.Decimal) else value


def test_there_are_cases_of_every_kind():
    assert {case["kind"] for case in CASES} == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}-{case['title']}")
def test_case(case):
    kind = case["kind"]
    if kind in RESPONSES:
        response = proto(RESPONSES[kind], case)
        if kind == "result":
            found = results.page(response)
            assert found.has_more == response.has_more
        elif kind == "mutation":
            found = results.mutation_result(response)
        else:
            found = batches.BatchResult(response)
        assert plain(found) == numbers(case["document"])
        return
    message, convert = REQUESTS[kind]
    if "error" in case:
        with pytest.raises(DocumentError) as caught:
            convert(case["document"])
        assert caught.value.path == case["error"]["path"]
        assert case["error"]["contains"] in caught.value.message
        return
    made = convert(case["document"])
    assert made == proto(message, case)
    if kind == "schema":
        assert schema_document.to_schema(schema_document.from_schema(made)) == made
