"""The generated stubs, and nothing else of the client."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "clients/python"))

from rowan._generated.rowan.v1 import (  # noqa: E402
    data_service_pb2 as data,
    data_service_pb2_grpc as data_grpc,
    mutation_pb2 as mutation,
    query_pb2 as query,
    schema_pb2 as schema,
    schema_service_pb2 as schema_service,
    schema_service_pb2_grpc as schema_grpc,
    value_pb2 as value,
)

__all__ = ["ROOT", "data", "data_grpc", "mutation", "query", "schema", "schema_grpc", "schema_service", "value"]
