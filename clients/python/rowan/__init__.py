"""Rowan's Python client: trees of records in and out of PostgreSQL as plain dicts.

>>> import rowan
>>> client = rowan.connect("127.0.0.1:50051")
>>> client.get("blog", "User", {"select": {"name": True, "posts": {"title": True}}, "where": {"id": 5}})
[{'name': 'Alice', 'posts': [{'title': 'First post'}]}]

The guide is docs/guides/python.md, the form of the dicts docs/reference/document-form.md.
"""

import importlib.util

if importlib.util.find_spec("rowan._generated") is None:
    raise ImportError("rowan's stubs have not been generated; run clients/python/generate_stubs.py once")

from rowan.batches import BatchResult
from rowan.client import DEFAULT_TIMEOUT, Client, connect
from rowan.errors import (
    AbortedError,
    AlreadyExistsError,
    CancelledError,
    DataLossError,
    DeadlineExceededError,
    DocumentError,
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    PermissionDeniedError,
    ResourceExhaustedError,
    RowanError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
    Violation,
)
from rowan.explain_results import Cascade, Explanation, PlanNode, Statement
from rowan.load import LoadReject, LoadResult
from rowan.results import MutationResult, Page
from rowan.schema_results import ApplyResult, Diagnostic, Difference, Introspection, Schema, SchemaSummary, SchemaVersion, Step
from rowan.stream import RESUME_ATTEMPTS, RecordStream
from rowan.transactions import Transaction

__all__ = [
    "DEFAULT_TIMEOUT",
    "RESUME_ATTEMPTS",
    "AbortedError",
    "AlreadyExistsError",
    "BatchResult",
    "ApplyResult",
    "CancelledError",
    "Cascade",
    "Client",
    "DataLossError",
    "DeadlineExceededError",
    "Diagnostic",
    "Difference",
    "DocumentError",
    "Explanation",
    "FailedPreconditionError",
    "InternalError",
    "Introspection",
    "InvalidArgumentError",
    "LoadReject",
    "LoadResult",
    "MutationResult",
    "NotFoundError",
    "OutOfRangeError",
    "Page",
    "PermissionDeniedError",
    "PlanNode",
    "RecordStream",
    "ResourceExhaustedError",
    "RowanError",
    "Schema",
    "SchemaSummary",
    "SchemaVersion",
    "Statement",
    "Step",
    "Transaction",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "Violation",
    "connect",
]
