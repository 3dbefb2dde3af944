"""The exceptions of the client: one class per gRPC status code, and DocumentError for mistakes found before sending.

>>> try:
...     client.get("blog", "User", {"select": {"nmae": True}})
... except rowan.InvalidArgumentError as error:
...     print(error.reason, error.path, error.metadata["nearest"])
UNKNOWN_FIELD select.nmae name
"""

from __future__ import annotations

import datetime
import difflib
from typing import Iterable, Mapping, NamedTuple, Optional, Sequence

import grpc
from google.protobuf.message import DecodeError

try:  # One process must not register two versions of these protos, so the usual package of them goes first.
    from google.rpc import error_details_pb2, status_pb2
except ImportError:
    from rowan._generated.google.rpc import error_details_pb2, status_pb2

DETAILS_TRAILER = "grpc-status-details-bin"
REQUEST_ID = "x-request-id"


class Violation(NamedTuple):
    """One mistake of a request: where it is, as a path into the document, and what it is."""

    path: str
    message: str


class RowanError(Exception):
    """A call that did not succeed. Catch a subclass to tell causes apart, or look at `code` and `reason`.

    Attributes:
        code: the gRPC status code, for example grpc.StatusCode.NOT_FOUND.
        message: what was wrong, what exists, and what to send instead.
        reason: the name of the rowan.v1.ErrorReason without its prefix, for example "UNKNOWN_FIELD"; "" when the error
            did not come from Rowan, for example because no server could be reached.
        metadata: the facts of the reason by name, for example {"path": "select.nmae", "nearest": "name"}.
        violations: every mistake that the server found, each with its path and message.
        request_id: the id under which the server's log has the call; "" when the call was never sent.
        retry_delay: how long to wait before sending the call again; None when waiting does not help.
    """

    def __init__(
        self,
        message: str,
        *,
        code: grpc.StatusCode = grpc.StatusCode.UNKNOWN,
        reason: str = "",
        metadata: Optional[Mapping[str, str]] = None,
        violations: Sequence[Violation] = (),
        request_id: str = "",
        retry_delay: Optional[datetime.timedelta] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.metadata: dict[str, str] = dict(metadata or {})
        self.violations: tuple[Violation, ...] = tuple(violations)
        self.request_id = request_id
        self.retry_delay = retry_delay

    @property
    def path(self) -> str:
        """Where the first mistake is, as a path into the document; "" when the error has no place."""
        return self.metadata.get("path") or (self.violations[0].path if self.violations else "")

    @property
    def paths(self) -> tuple[str, ...]:
        """Where all mistakes are, in the server's order; empty when the error has no place."""
        return tuple(violation.path for violation in self.violations) or ((self.path,) if self.path else ())

    def __str__(self) -> str:
        label = " ".join(part for part in (self.code.name, self.reason) if part)
        # The server's messages begin with the path already.
        where = f" at {self.path}" if self.path and not self.message.startswith(self.path) else ""
        trace = f" (request {self.request_id})" if self.request_id else ""
        return f"{label}{where}: {self.message}{trace}"


class CancelledError(RowanError):
    """The call was cancelled, by the client or on its behalf. Nothing was committed."""


class UnknownError(RowanError):
    """The server ended the call without saying why."""


class InvalidArgumentError(RowanError):
    """The request is wrong in itself, whatever the database holds."""


class DeadlineExceededError(RowanError):
    """The call's timeout, or the server's own limit, passed."""


class NotFoundError(RowanError):
    """The schema, or a record that a write connects to, does not exist."""


class AlreadyExistsError(RowanError):
    """A unique key is taken."""


class PermissionDeniedError(RowanError):
    """The caller, or the server's database role, may not do this."""


class ResourceExhaustedError(RowanError):
    """The server has no room for the call now, or its reply would be too large."""


class FailedPreconditionError(RowanError):
    """What the database holds, or the registered schema, does not allow the call."""


class AbortedError(RowanError):
    """A concurrent change interfered. The call may be sent again."""


class OutOfRangeError(RowanError):
    """A position lies outside what exists."""


class UnimplementedError(RowanError):
    """The server does not have the method; it may be older than the client."""


class InternalError(RowanError):
    """A fault of the server; its log has the cause under the request id."""


class UnavailableError(RowanError):
    """The server or its database cannot be reached. With reason COMMIT_OUTCOME_UNKNOWN, read before writing again."""


class DataLossError(RowanError):
    """What arrived is incomplete, for example a stream that ended without its totals."""


class UnauthenticatedError(RowanError):
    """The call carries no valid credentials."""


class DocumentError(InvalidArgumentError, ValueError):
    """A document that is not of the document form. It was found before anything was sent, so `request_id` is empty."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(
            message,
            code=grpc.StatusCode.INVALID_ARGUMENT,
            reason="DOCUMENT_INVALID",
            metadata={"path": path},
            violations=[Violation(path, message)],
        )

    def __reduce__(self):
        return DocumentError, (self.path, self.message)


_CLASSES: dict[grpc.StatusCode, type[RowanError]] = {
    grpc.StatusCode.CANCELLED: CancelledError,
    grpc.StatusCode.UNKNOWN: UnknownError,
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExistsError,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDeniedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhaustedError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.ABORTED: AbortedError,
    grpc.StatusCode.OUT_OF_RANGE: OutOfRangeError,
    grpc.StatusCode.UNIMPLEMENTED: UnimplementedError,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DATA_LOSS: DataLossError,
    grpc.StatusCode.UNAUTHENTICATED: UnauthenticatedError,
}


def error_class(code: grpc.StatusCode) -> type[RowanError]:
    """Returns the class of the errors with a gRPC status code."""
    return _CLASSES.get(code, RowanError)


def from_call(call: grpc.RpcError, request_id: str) -> RowanError:
    """Makes the exception for a gRPC error.

    Args:
        call: the error as grpcio raised it; it is also a grpc.Call.
        request_id: the id that was sent; the server's echo takes its place when there is one.

    Returns:
        The error. Details that are missing or cannot be read leave their attributes empty.
    """
    trailers = _pairs(call.trailing_metadata)
    request_id = (
        _last(trailers, REQUEST_ID) or _last(_pairs(getattr(call, "initial_metadata", None)), REQUEST_ID) or request_id
    )
    return _error(call.code(), call.details() or call.code().name, _last(trailers, DETAILS_TRAILER), request_id)


def from_status(code: int, message: str, details: bytes, request_id: str) -> RowanError:
    """Makes the exception for a status that is part of a message.

    Args:
        code: the number of the gRPC status code.
        message: the status' message.
        details: the google.rpc.Status in binary.
        request_id: the id of the call.
    """
    codes = {known.value[0]: known for known in grpc.StatusCode}
    return _error(codes.get(code, grpc.StatusCode.UNKNOWN), message, details, request_id)


def _error(code: grpc.StatusCode, message: str, details: str | bytes, request_id: str) -> RowanError:
    reason, metadata, violations, delay = "", {}, [], None
    for detail in _details(details):
        info, request, retry = (
            error_details_pb2.ErrorInfo(),
            error_details_pb2.BadRequest(),
            error_details_pb2.RetryInfo(),
        )
        try:
            if detail.Unpack(info) and info.domain == "rowan":
                reason, metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(request):
                violations = [Violation(entry.field, entry.description) for entry in request.field_violations]
            elif detail.Unpack(retry):
                delay = datetime.timedelta(
                    seconds=retry.retry_delay.seconds, microseconds=retry.retry_delay.nanos // 1000
                )
        except (DecodeError, OverflowError):
            continue
    return error_class(code)(
        message,
        code=code,
        reason=reason,
        metadata=metadata,
        violations=violations,
        request_id=request_id,
        retry_delay=delay,
    )


def _pairs(metadata) -> list[tuple[str, str | bytes]]:
    return list((metadata() if metadata is not None else None) or ())


def _last(pairs: Iterable[tuple[str, str | bytes]], key: str):
    found = None
    for name, value in pairs:
        if name == key:
            found = value
    return found


def _details(trailer: Optional[bytes]) -> list:
    status = status_pb2.Status()
    try:
        status.ParseFromString(trailer or b"")
    except DecodeError:
        return []
    return list(status.details)


def nearest(word: object, known: Iterable[str]) -> str:
    """Returns ' (did you mean "x"?)' for the known word that is nearest to `word`, or "" when none is near."""
    matches = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.5)
    return f' (did you mean "{matches[0]}"?)' if matches else ""
