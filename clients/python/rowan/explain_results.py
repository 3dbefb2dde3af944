"""What an explained request would do: its plan, its statements, and PostgreSQL's own account of them."""

from __future__ import annotations

import dataclasses
from typing import Any, Optional

from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan._generated.rowan.v1 import schema_pb2
from rowan.words import STRATEGIES

_ACTIONS = {
    number: name.removeprefix("REFERENTIAL_ACTION_").lower().replace("_", " ")
    for name, number in schema_pb2.ReferentialAction.items()
}
_STRATEGIES = {value: name for name, value in STRATEGIES.items()}


@dataclasses.dataclass(frozen=True)
class PlanNode:
    """One node of PostgreSQL's plan of a statement. Names and figures are those of its EXPLAIN.

    Attributes:
        type: what the node does, for example "Seq Scan" or "Nested Loop".
        table: the table that it reads; None when it reads none.
        alias: the name of the table in the statement; None when it has none.
        index: the index that it reads; None when it reads none.
        conditions: the conditions that it applies, as PostgreSQL prints them.
        role: what the node stands in, for example "Outer" or "SubPlan 1"; None for the topmost node.
        total_cost: the cost until the last row, in PostgreSQL's units.
        estimated_rows: how many rows PostgreSQL expects of one execution.
        actual_rows: how many rows one execution gave, on average; this and what follows is None without "analyze".
        loops: how often the node was executed.
        milliseconds: how long all executions took, the nodes below included.
        removed_rows: how many rows a condition removed per execution, on average; None also when it has no condition.
        children: the nodes below.
    """

    type: str
    table: Optional[str] = None
    alias: Optional[str] = None
    index: Optional[str] = None
    conditions: tuple[str, ...] = ()
    role: Optional[str] = None
    total_cost: float = 0.0
    estimated_rows: int = 0
    actual_rows: Optional[float] = None
    loops: Optional[int] = None
    milliseconds: Optional[float] = None
    removed_rows: Optional[float] = None
    children: tuple[PlanNode, ...] = ()


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement of an explained request.

    Attributes:
        description: what it does, for example "insert Post at data.posts".
        sql: its exact SQL.
        parameter_types: the PostgreSQL types of its parameters $1, $2, … in order.
        postgres_plan: the topmost node of PostgreSQL's plan; None with mode "plan", and when it was not sent.
    """

    description: str
    sql: str
    parameter_types: tuple[str, ...]
    postgres_plan: Optional[PlanNode] = None


@dataclasses.dataclass(frozen=True)
class Cascade:
    """Rows of one table that a delete reaches over a chain of foreign keys.

    Attributes:
        model: their model; None for a junction table that is no model.
        table: their table.
        constraint: the last foreign key of the chain.
        action: what becomes of them: "cascade", "set null", "set default", "restrict" or "no action".
        depth: how many foreign keys the chain has.
        rows: how many there are.
    """

    model: Optional[str]
    table: str
    constraint: str
    action: str
    depth: int
    rows: int


@dataclasses.dataclass(frozen=True)
class Explanation:
    """How a request would run.

    Attributes:
        plan: the plan as indented text, for people.
        statements: the statements in the order of execution.
        schema_version: the version of the schema that the request was bound to.
        strategy: how a read runs: "nested", "by_level" or "tagged"; None for writes.
        strategy_reason: why it runs so, for people; "" for writes.
        cascades: of a delete with the modes "estimate" and "analyze", the rows that refer to the deleted ones.
    """

    plan: str
    statements: tuple[Statement, ...]
    schema_version: str
    strategy: Optional[str] = None
    strategy_reason: str = ""
    cascades: tuple[Cascade, ...] = ()


def explanation(response: service.ExplainResponse) -> Explanation:
    """Returns what an ExplainResponse says."""
    return Explanation(
        response.plan,
        tuple(map(_statement, response.statements)),
        response.schema_version,
        _STRATEGIES.get(response.strategy),
        response.strategy_reason,
        tuple(
            Cascade(entry.model or None, entry.table, entry.constraint, _ACTIONS[entry.action], entry.depth, entry.rows)
            for entry in response.cascades
        ),
    )


def _statement(entry: service.ExplainStatement) -> Statement:
    plan = _node(entry.postgres_plan) if entry.HasField("postgres_plan") else None
    return Statement(entry.description, entry.sql, tuple(entry.parameter_types), plan)


def _node(node: service.PlanNode) -> PlanNode:
    def measured(name: str) -> Any:
        return getattr(node, name) if node.HasField(name) else None

    return PlanNode(
        type=node.type,
        table=node.table or None,
        alias=node.alias or None,
        index=node.index or None,
        conditions=tuple(node.conditions),
        role=node.role or None,
        total_cost=node.total_cost,
        estimated_rows=node.estimated_rows,
        actual_rows=measured("actual_rows"),
        loops=measured("loops"),
        milliseconds=measured("milliseconds"),
        removed_rows=measured("removed_rows"),
        children=tuple(map(_node, node.children)),
    )
