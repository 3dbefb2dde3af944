"""Batches and the operations of transactions: their documents and their results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rowan import document as documents
from rowan import nodes, results, writes
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan.errors import DocumentError
from rowan.words import ISOLATIONS

_REQUESTS = {
    "get": documents.read_request,
    "aggregate": documents.aggregate_request,
    "exists": documents.exists_request,
    "insert": documents.insert_request,
    "update": documents.update_request,
    "upsert": documents.upsert_request,
    "delete": documents.delete_request,
}
_KEYS = ("id", "model", *_REQUESTS)


def batch_request(schema: str, document: Any) -> service.BatchRequest:
    """Returns the BatchRequest for a list of operations, or {"operations": […], "isolation": …, "dry_run": …, "request_id": …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    result = service.BatchRequest(schema=schema)
    operations = document
    if not isinstance(document, (list, tuple)):
        nodes.mapping(document, "", "a batch document", ("operations", "isolation", *writes.RUN_KEYS))
        operations = document.get("operations")
        if not isinstance(operations, (list, tuple)):
            raise DocumentError("operations", 'a batch document needs "operations", a list')
        if document.get("isolation") is not None:
            result.isolation = nodes.word(document["isolation"], "isolation", "isolation", ISOLATIONS)
        writes.fill_run(result, document)
    for index, operation in enumerate(operations):
        result.operations.append(operation_of(operation, f"operations[{index}]"))
    return result


def operation_of(document: Any, path: str) -> service.Operation:
    """Returns the Operation for {"id": …, "model": …, <verb>: …}.

    Raises:
        DocumentError: when the document is not of the form.
    """
    nodes.mapping(document, path, "an operation", _KEYS)
    result = service.Operation()
    if document.get("id") is not None:
        result.id = nodes.text(document["id"], nodes.join(path, "id"), "the operation's id, a text,")
    if "model" not in document:
        raise DocumentError(nodes.join(path, "model"), 'an operation needs "model", the model\'s name')
    model = nodes.text(document["model"], nodes.join(path, "model"), "the model's name")
    verbs = [verb for verb in _REQUESTS if verb in document]
    if len(verbs) > 1:
        raise DocumentError(path, f"an operation has one verb, not {verbs[0]} and {verbs[1]}")
    if not verbs:
        raise DocumentError(path, f"an operation needs one of {', '.join(_REQUESTS)}")
    (verb,) = verbs
    try:
        request = _REQUESTS[verb]("", model, writes.with_references(document[verb]))
    except DocumentError as error:
        inner = nodes.join(path, verb)
        raise DocumentError(nodes.join(inner, error.path) if error.path else inner, error.message) from None
    getattr(result, verb).CopyFrom(request)
    return result


def operation_result(result: service.OperationResult) -> Any:
    """Returns what the method of the operation's own returns."""
    kind = result.WhichOneof("result")
    if kind == "get":
        return results.page(result.get)
    if kind == "aggregate":
        return results.groups(result.aggregate)
    if kind == "exists":
        return result.exists.exists
    return results.mutation_result(result.mutation)


class BatchResult(list):
    """The results of a batch's operations in order, each what the method of its own returns.

    Attributes:
        by_id: the results of those that have an id.
        repeated_answer: whether this is the kept answer of an earlier request with the same request id.
    """

    def __init__(self, response: service.BatchResponse) -> None:
        super().__init__(operation_result(result) for result in response.results)
        self.by_id: Mapping[str, Any] = {result.id: self[index] for index, result in enumerate(response.results) if result.id}
        self.repeated_answer = response.repeated_answer
