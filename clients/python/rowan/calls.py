"""What all calls of a client share: the connection, time-outs, request ids, headers and errors."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Callable, Optional, Sequence, TypedDict, TypeVar, Union

import grpc

from rowan import channels, errors
from rowan._generated.rowan.v1 import data_service_pb2_grpc, schema_service_pb2_grpc

if TYPE_CHECKING:
    from typing import Unpack

DEFAULT_TIMEOUT = 30.0
"""Seconds that a call may take when nothing else is said."""

Authorization = Union[str, Callable[[], str]]


class CallOptions(TypedDict, total=False):
    """The keywords that every method of the client takes.

    Attributes:
        timeout: the seconds that the call may take; None for no limit; left out: the client's.
        request_id: the id under which the server logs the call; left out: a random one.
    """

    timeout: Union[float, datetime.timedelta, None]
    request_id: str


Self = TypeVar("Self", bound="Calls")


class Calls:
    """A connection to a server, and how it is called. Client has the methods."""

    def __init__(
        self,
        channel: grpc.Channel,
        *,
        timeout: Optional[float] = DEFAULT_TIMEOUT,
        authorization: Optional[Authorization] = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Wraps a channel that the caller made, and owns it from then on. See connect for the arguments."""
        self._channel = channel
        self._timeout = timeout
        self._authorization = authorization
        self._metadata = tuple(metadata)
        self._data = data_service_pb2_grpc.DataServiceStub(channel)
        self._schemas = schema_service_pb2_grpc.SchemaServiceStub(channel)
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check", request_serializer=channels.health_request, response_deserializer=channels.health_status
        )

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection and cancels what is under way. The client cannot be used afterwards."""
        self._channel.close()

    def health(self, service: str = "", **call: Unpack[CallOptions]) -> bool:
        """Tells whether the server takes requests. Raises UnavailableError when there is no server.

        Args:
            service: a service to ask for, for example "rowan.v1.DataService"; "" for the server as a whole.
            **call: `timeout` and `request_id`, as the class says.
        """
        return self._call(self._check, service, **call)

    def _call(self, method: grpc.UnaryUnaryMultiCallable, request: Any, **call: Unpack[CallOptions]) -> Any:
        timeout, request_id = self._options(**call)
        try:
            return method(request, timeout=timeout, metadata=self._headers(request_id))
        except grpc.RpcError as error:
            raise errors.from_call(error, request_id) from None

    def _options(self, timeout: Any = ..., request_id: str = "") -> tuple[Optional[float], str]:
        """Returns the timeout of one call in seconds, and its id."""
        if timeout is ...:
            timeout = self._timeout
        if isinstance(timeout, datetime.timedelta):
            timeout = timeout.total_seconds()
        return timeout, request_id or uuid.uuid4().hex

    def _headers(self, request_id: str) -> list[tuple[str, str]]:
        headers = [*self._metadata, (errors.REQUEST_ID, request_id)]
        if self._authorization is not None:
            value = self._authorization if isinstance(self._authorization, str) else self._authorization()
            headers.append(("authorization", value))
        return headers
