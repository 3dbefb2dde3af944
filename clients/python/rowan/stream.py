"""The records of a streamed read, one after the other, across lost connections."""

from __future__ import annotations

import random
import threading
import time
from typing import Any, Callable, Iterator, Optional

import grpc

from rowan import errors, results
from rowan._generated.rowan.v1 import data_service_pb2 as service

RESUME_ATTEMPTS = 8
"""How often in a row a stream is resumed without a new record when nothing else is said."""
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
"""Seconds between attempts: the wait begins with the first and doubles up to the longest."""

Begin = Callable[[Optional[str], Optional[float]], Any]


class RecordStream(Iterator["dict[str, Any]"]):
    """Iterates over the records of a stream and fetches them as they are asked for.

    When the connection breaks off, or the server gave up waiting for the reader, the stream goes on after the last
    record that arrived: no record is lost, none comes twice.

    It is a context manager: leaving it closes the stream. For one thread at a time; `close` may be called by any
    thread.
    """

    def __init__(
        self, begin: Begin, request_id: str, token: Optional[str], timeout: Optional[float], attempts: int
    ) -> None:
        """Begins the call; the client makes streams.

        Args:
            begin: calls the Stream method with a resume token and a timeout in seconds, both of which may be None.
            request_id: the id under which the server logs the calls.
            token: the resume token to begin with.
            timeout: the seconds that the stream may take in all; None for no limit.
            attempts: how often in a row to resume without a new record.
        """
        self._begin = begin
        self._request_id = request_id
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._attempts = attempts
        self._failures = 0
        self._resumptions = 0
        self._closed = threading.Event()
        self._decode: Optional[results.Decoder] = None
        self._records: Iterator[dict[str, Any]] = iter(())
        self._left = 0  # records of the current batch that were not returned yet
        self._received_token = token  # marks the last record that arrived
        self._returned_token = token  # marks a record that was returned
        self._received = 0
        self._call_received = 0
        self._total: Optional[int] = None
        self._call = begin(token, timeout)

    @property
    def total(self) -> Optional[int]:
        """How many records the stream had in all, resumptions included; None until it has ended."""
        return self._total

    @property
    def resumptions(self) -> int:
        """How often the stream was resumed so far."""
        return self._resumptions

    @property
    def resume_token(self) -> Optional[str]:
        """Marks a record that was returned, for `resume_token` of a later read with the same document.

        It moves on with the last record of each batch, so a reader that stores it after each record, and starts again
        from it, misses none and sees at most one batch twice. After the end it marks the last record. None until there
        is a first one.
        """
        return self._returned_token

    def __iter__(self) -> RecordStream:
        return self

    def __next__(self) -> dict[str, Any]:
        """Returns the next record.

        Raises:
            StopIteration: after the last record, and after close.
            RowanError: when the call failed and could not be resumed. Records returned before remain valid; there will
                be no more.
        """
        while not self._closed.is_set():
            record = next(self._records, None)
            if record is not None:
                self._left -= 1
                if self._left == 0:
                    self._returned_token = self._received_token
                return record
            self._fetch()
        raise StopIteration

    def __enter__(self) -> RecordStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancels the call if it still runs, which frees what the server holds for it. May be called again."""
        self._closed.set()
        self._call.cancel()

    def __del__(self) -> None:
        if hasattr(self, "_call"):
            self._call.cancel()

    def _fetch(self) -> None:
        """Takes the next message of the call, or begins another call; sets `_closed` after the last message."""
        try:
            message = next(self._call, None)
        except grpc.RpcError as error:
            if not self._closed.is_set():  # else by another thread, while this one was waiting
                self._resume(errors.from_call(error, self._request_id))
            return
        if message is None:
            if self._total is None:
                self._fail(self._data_loss("the stream ended without its totals, so records may be missing"))
            self._closed.set()
            return
        self._take(message)

    def _take(self, message: service.StreamResponse) -> None:
        kind = message.WhichOneof("kind")
        if kind == "shape":
            self._decode = results.decoder(message.shape)
        elif kind == "batch" and self._decode is not None:
            self._records = map(self._decode, message.batch.records)
            self._left = len(message.batch.records)
            self._received += self._left
            self._call_received += self._left
            self._received_token = message.batch.resume_token or None
            self._failures = 0
        elif kind == "totals":
            if message.totals.records != self._call_received:
                self._fail(
                    self._data_loss(
                        f"the server sent {message.totals.records} records, {self._call_received} of which arrived"
                    )
                )
            self._total = self._received
            self._returned_token = message.totals.resume_token or self._returned_token

    def _resume(self, error: errors.RowanError) -> None:
        """Begins another call after the last record that arrived, after a while, or raises the error."""
        lost = isinstance(error, errors.UnavailableError) or error.reason == "STREAM_STALLED"
        placed = self._received_token is not None or self._received == 0
        # A stream that never began is no lost connection: gRPC has tried it several times already.
        begun = self._decode is not None
        if not (lost and placed and begun) or self._failures >= self._attempts:
            self._fail(error)
        wait = min(FIRST_WAIT * 2**self._failures, LONGEST_WAIT) * random.uniform(0.5, 1.0)
        if error.retry_delay is not None:
            wait = max(wait, error.retry_delay.total_seconds())
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        out_of_time = left is not None and wait >= left
        if self._closed.wait(left if out_of_time else wait):
            return
        self._failures += 1
        self._resumptions += 1
        self._call_received = 0
        # A call that has no time left fails as one does whose time is up, however early the wait ended.
        self._call = self._begin(self._received_token, 0.0 if out_of_time else None if left is None else left - wait)
        if self._closed.is_set():  # by another thread, which has cancelled the former call only
            self._call.cancel()

    def _fail(self, error: errors.RowanError) -> None:
        self._closed.set()
        raise error from None

    def _data_loss(self, message: str) -> errors.DataLossError:
        return errors.DataLossError(message, code=grpc.StatusCode.DATA_LOSS, request_id=self._request_id)
