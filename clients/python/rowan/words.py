"""The words of the document form, and the enum values of rowan.v1 that they stand for."""

from __future__ import annotations

from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import mutation_pb2 as mutation
from rowan._generated.rowan.v1 import query_pb2 as query

OPERATORS = {
    "eq": query.OPERATOR_EQ,
    "ne": query.OPERATOR_NE,
    "gt": query.OPERATOR_GT,
    "gte": query.OPERATOR_GTE,
    "lt": query.OPERATOR_LT,
    "lte": query.OPERATOR_LTE,
    "in": query.OPERATOR_IN,
    "notIn": query.OPERATOR_NOT_IN,
    "between": query.OPERATOR_BETWEEN,
    "isNull": query.OPERATOR_IS_NULL,
    "contains": query.OPERATOR_CONTAINS,
    "startsWith": query.OPERATOR_STARTS_WITH,
    "endsWith": query.OPERATOR_ENDS_WITH,
    "like": query.OPERATOR_LIKE,
    "regex": query.OPERATOR_REGEX,
    "has": query.OPERATOR_HAS,
    "hasSome": query.OPERATOR_HAS_SOME,
    "hasEvery": query.OPERATOR_HAS_EVERY,
    "isEmpty": query.OPERATOR_IS_EMPTY,
    "search": query.OPERATOR_SEARCH,
    "isDistinctFrom": query.OPERATOR_IS_DISTINCT_FROM,
}
CASES = {"sensitive": False, "insensitive": True}
"""Operands of `mode` beside operators: whether upper and lower case are the same."""
QUANTIFIERS = {
    "some": query.QUANTIFIER_SOME,
    "none": query.QUANTIFIER_NONE,
    "every": query.QUANTIFIER_EVERY,
    "every_nonempty": query.QUANTIFIER_EVERY_NONEMPTY,
    "everyNonempty": query.QUANTIFIER_EVERY_NONEMPTY,
    "is": query.QUANTIFIER_IS,
    "is_not": query.QUANTIFIER_IS_NOT,
    "isNot": query.QUANTIFIER_IS_NOT,
}
FUNCTIONS = {
    "count": query.AGGREGATE_FUNCTION_COUNT,
    "sum": query.AGGREGATE_FUNCTION_SUM,
    "avg": query.AGGREGATE_FUNCTION_AVG,
    "min": query.AGGREGATE_FUNCTION_MIN,
    "max": query.AGGREGATE_FUNCTION_MAX,
}
AGGREGATES = {f"_{name}": function for name, function in FUNCTIONS.items()}
"""The functions as they are spelled among the names of a relation, in filters and orders."""
DIRECTIONS = {"asc": query.DIRECTION_ASC, "desc": query.DIRECTION_DESC}
NULLS = {"first": query.NULLS_FIRST, "last": query.NULLS_LAST}
TOTALS = {"none": query.TOTAL_NONE, "exact": query.TOTAL_EXACT, "estimated": query.TOTAL_ESTIMATED}
STRATEGIES = {"nested": query.STRATEGY_NESTED, "by_level": query.STRATEGY_BY_LEVEL, "tagged": query.STRATEGY_TAGGED}
STREAM_MODES = {"snapshot": service.STREAM_MODE_SNAPSHOT, "keyset": service.STREAM_MODE_KEYSET}
EXPLAIN_MODES = {
    "plan": service.EXPLAIN_MODE_PLAN,
    "estimate": service.EXPLAIN_MODE_ESTIMATE,
    "analyze": service.EXPLAIN_MODE_ANALYZE,
}
LOCK_STRENGTHS = {
    "update": service.LOCK_STRENGTH_UPDATE,
    "no_key_update": service.LOCK_STRENGTH_NO_KEY_UPDATE,
    "share": service.LOCK_STRENGTH_SHARE,
    "key_share": service.LOCK_STRENGTH_KEY_SHARE,
}
LOCK_WAITS = {
    "wait": service.LOCK_WAIT_WAIT,
    "nowait": service.LOCK_WAIT_NOWAIT,
    "skip_locked": service.LOCK_WAIT_SKIP_LOCKED,
}
ISOLATIONS = {
    "read_committed": service.ISOLATION_LEVEL_READ_COMMITTED,
    "repeatable_read": service.ISOLATION_LEVEL_REPEATABLE_READ,
    "serializable": service.ISOLATION_LEVEL_SERIALIZABLE,
}
OUTCOMES = {
    service.UPSERT_OUTCOME_INSERTED: "inserted",
    service.UPSERT_OUTCOME_UPDATED: "updated",
    service.UPSERT_OUTCOME_KEPT: "kept",
}
SHARINGS = {"shared": mutation.SHARING_SHARED, "per_row": mutation.SHARING_PER_ROW}
VERBS = {
    "create": "create",
    "connect": "connect",
    "connectOrCreate": "connect_or_create",
    "connect_or_create": "connect_or_create",
    "disconnect": "disconnect",
    "set": "set",
    "update": "update",
    "upsert": "upsert",
    "delete": "delete",
    "updateMany": "update_many",
    "update_many": "update_many",
    "deleteMany": "delete_many",
    "delete_many": "delete_many",
    "strict": "strict",
    "sharing": "sharing",
}
"""What may stand in a relation write, and the field of RelationWrite that it is."""
CHANGES = ("increment", "decrement", "multiply", "append", "merge", "now")
