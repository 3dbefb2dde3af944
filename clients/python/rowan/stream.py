"""The records of a streamed read, one after the other."""

from __future__ import annotations

from typing import Any, Iterator, Optional

import grpc

from rowan import errors, results


class RecordStream(Iterator["dict[str, Any]"]):
    """Iterates over the records of a stream and fetches them as they are asked for.

    It is a context manager: leaving it closes the stream. For one thread at a time; `close` may be called by any
    thread.
    """

    def __init__(self, call: Any, request_id: str) -> None:
        """Takes the running call of a Stream method; the client makes it."""
        self._call = call
        self._request_id = request_id
        self._records: Iterator[dict[str, Any]] = iter(())
        self._decode: Optional[results.Decoder] = None
        self._total: Optional[int] = None
        self._closed = False

    @property
    def total(self) -> Optional[int]:
        """How many records the server sent in all; None until the stream has ended."""
        return self._total

    def __iter__(self) -> RecordStream:
        return self

    def __next__(self) -> dict[str, Any]:
        """Returns the next record.

        Raises:
            StopIteration: after the last record, and after close.
            RowanError: when the call failed. Records returned before remain valid; there will be no more.
        """
        while not self._closed:
            record = next(self._records, None)
            if record is not None:
                return record
            self._fetch()
        raise StopIteration

    def __enter__(self) -> RecordStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancels the call if it still runs, which frees what the server holds for it. May be called again."""
        self._closed = True
        self._call.cancel()

    def __del__(self) -> None:
        self._call.cancel()

    def _fetch(self) -> None:
        """Takes the next message of the call; sets `_closed` after the last one."""
        try:
            message = next(self._call, None)
        except grpc.RpcError as error:
            if self._closed:  # by another thread, while this one was waiting
                return
            self._closed = True
            raise errors.from_call(error, self._request_id) from None
        if message is None:
            self._closed = True
            if self._total is None:
                raise errors.DataLossError(
                    "the stream ended without its totals, so records may be missing",
                    code=grpc.StatusCode.DATA_LOSS,
                    request_id=self._request_id,
                )
            return
        kind = message.WhichOneof("kind")
        if kind == "shape":
            self._decode = results.decoder(message.shape)
        elif kind == "batch" and self._decode is not None:
            self._records = map(self._decode, message.batch.records)
        elif kind == "totals":
            self._total = message.totals.records
