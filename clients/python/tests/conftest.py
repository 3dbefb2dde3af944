"""Finds the client beside the tests, and gives them a server that answers as they say."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import sys
import threading

import pytest

CLIENT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CLIENT))
# Those tests need a running rowand, whose address is given; naming their folder runs them in any case.
collect_ignore = [] if os.environ.get("ROWAN_TEST_ADDRESS") else ["e2e"]

import grpc  # noqa: E402

import rowan  # noqa: E402
from rowan._generated.rowan.v1 import data_service_pb2_grpc, schema_service_pb2_grpc  # noqa: E402


class FakeServer:
    """A gRPC server whose methods are functions that the tests put into `answers` by method name.

    A function takes the request and the context and returns, or yields, the response. What it was called with is in
    `calls`.
    """

    METHODS = (
        "Get", "Aggregate", "Exists", "Insert", "Update", "Delete", "Explain", "ApplySchema", "GetSchema", "ListSchemas",
        "Introspect", "ListSchemaVersions", "CheckDrift",
    )

    def __init__(self) -> None:
        self.answers: dict = {}
        self.calls: list = []
        self._lock = threading.Lock()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(16))
        servicers = type(
            "Servicer", (data_service_pb2_grpc.DataServiceServicer, schema_service_pb2_grpc.SchemaServiceServicer), {}
        )
        for name in self.METHODS:
            setattr(servicers, name, self._unary(name))
        servicers.Stream = lambda _self, request, context: (yield from self._answer("Stream", request, context))
        data_service_pb2_grpc.add_DataServiceServicer_to_server(servicers(), self._server)
        schema_service_pb2_grpc.add_SchemaServiceServicer_to_server(servicers(), self._server)
        health = grpc.unary_unary_rpc_method_handler(lambda request, context: self._answer("Check", request, context))
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health})]
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _answer(self, name, request, context):
        with self._lock:
            self.calls.append((name, request, dict(context.invocation_metadata()), context.time_remaining()))
        return self.answers[name](request, context)

    def _unary(self, name):
        return lambda _self, request, context: self._answer(name, request, context)

    def stop(self) -> None:
        self._server.stop(None).wait(5)


@pytest.fixture
def server():
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def client(server):
    with rowan.connect(server.address, timeout=10) as connected:
        yield connected
