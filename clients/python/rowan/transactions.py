"""Interactive transactions: requests that run one after the other in a transaction that stays open between them."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Callable, Optional

import grpc

from rowan import batches, errors, results
from rowan._generated.rowan.v1 import data_service_pb2 as service

Begin = Callable[[Iterator[service.TransactRequest]], Any]


class Transaction:
    """An open transaction; `Client.transaction` makes it. Use it in a `with` block: leaving the block commits, and leaving
    it by an exception rolls back.

    A request that fails raises its error and has no effect; what was done before stays, and the transaction goes on. When the
    transaction itself ends (a time-out, a lost connection, a conflict), every further request raises.

    For one thread at a time.
    """

    def __init__(self, begin: Begin, first: service.BeginTransaction, request_id: str) -> None:
        self._requests: queue.SimpleQueue[Optional[service.TransactRequest]] = queue.SimpleQueue()
        self._request_id = request_id
        self._call = begin(iter(self._requests.get, None))
        self._over = False
        self.schema_version: str = self._ask(service.TransactRequest(begin=first)).begun.schema_version
        """The version of the schema that all requests are bound to."""

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        if self._over:
            return
        if kind is None:
            self.commit()
            return
        try:
            self.rollback()
        except errors.RowanError:
            self._end()  # it is rolled back all the same, and the block's own error counts

    # --- requests, as the methods of the client, without the schema ---------------------------------------------------

    def get(self, model: str, read: Mapping[str, Any]) -> results.Page:
        """Reads one page of trees; with `lock` in the document the records are locked until the transaction ends."""
        return self._operate({"model": model, "get": read})

    def aggregate(self, model: str, body: Mapping[str, Any]) -> results.Page:
        """Computes aggregates."""
        return self._operate({"model": model, "aggregate": body})

    def exists(self, model: str, body: Mapping[str, Any]) -> bool:
        """Tells whether a record exists."""
        return self._operate({"model": model, "exists": body})

    def insert(self, model: str, body: Any, id: Optional[str] = None) -> results.MutationResult:
        """Inserts records with nested writes. Later requests may refer to the answer under the id."""
        return self._operate({"model": model, "insert": body}, id)

    def update(self, model: str, body: Mapping[str, Any], id: Optional[str] = None) -> results.MutationResult:
        """Updates the records that a filter matches."""
        return self._operate({"model": model, "update": body}, id)

    def upsert(self, model: str, body: Mapping[str, Any], id: Optional[str] = None) -> results.MutationResult:
        """Inserts records, or writes to those that exist."""
        return self._operate({"model": model, "upsert": body}, id)

    def delete(self, model: str, body: Mapping[str, Any]) -> results.MutationResult:
        """Deletes the records that a filter matches."""
        return self._operate({"model": model, "delete": body})

    # --- marks and the end --------------------------------------------------------------------------------------------

    def savepoint(self, name: str) -> None:
        """Sets a mark."""
        self._ask(service.TransactRequest(savepoint=name))

    def rollback_to(self, name: str) -> None:
        """Undoes what was done since the mark, which remains."""
        self._ask(service.TransactRequest(rollback_to=name))

    def release(self, name: str) -> None:
        """Forgets the mark, and those set since."""
        self._ask(service.TransactRequest(release=name))

    def commit(self) -> None:
        """Commits and ends the transaction.

        Raises:
            RowanError: nothing was written; COMMIT_OUTCOME_UNKNOWN when nobody knows.
        """
        self._finish(True)

    def rollback(self) -> None:
        """Undoes everything and ends the transaction."""
        self._finish(False)

    def _finish(self, commit: bool) -> None:
        try:
            self._ask(service.TransactRequest(end=service.EndTransaction(commit=commit)))
        finally:
            self._end()

    def _operate(self, operation: dict[str, Any], id: Optional[str] = None) -> Any:
        if id is not None:
            operation["id"] = id
        request = service.TransactRequest(operation=batches.operation_of(operation, "operation"))
        return batches.operation_result(self._ask(request).result)

    def _ask(self, request: service.TransactRequest) -> service.TransactResponse:
        if self._over:
            raise errors.FailedPreconditionError("the transaction is over", code=grpc.StatusCode.FAILED_PRECONDITION)
        self._requests.put(request)
        try:
            response = next(self._call)
        except grpc.RpcError as error:
            self._end()
            raise errors.from_call(error, self._request_id) from None
        except StopIteration:
            self._end()
            raise errors.UnavailableError(
                "the server ended the transaction without an answer", code=grpc.StatusCode.UNAVAILABLE
            ) from None
        if response.WhichOneof("kind") == "failed":
            raise errors.from_status(
                response.failed.code, response.failed.message, response.failed.details, self._request_id
            )
        return response

    def _end(self) -> None:
        self._over = True
        self._requests.put(None)
