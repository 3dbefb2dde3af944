"""The client: one object per server, shared by all threads of a program."""

from __future__ import annotations

import itertools
import os
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional, Sequence, Union

import grpc

from rowan import batches, channels, document, errors, explain_results, load, nodes, results, transactions
from rowan._generated.rowan.v1 import data_service_pb2 as service
from rowan.calls import DEFAULT_TIMEOUT, Authorization, CallOptions
from rowan.schema_calls import SchemaCalls
from rowan.stream import RESUME_ATTEMPTS, RecordStream
from rowan.words import ISOLATIONS

if TYPE_CHECKING:
    from typing import Unpack

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""The largest message that the client accepts: twice the largest that a server sends."""


def connect(
    address: str,
    *,
    timeout: Optional[float] = DEFAULT_TIMEOUT,
    tls: Union[bool, grpc.ChannelCredentials] = False,
    authorization: Optional[Authorization] = None,
    metadata: Sequence[tuple[str, str]] = (),
    options: Sequence[tuple[str, Any]] = (),
) -> Client:
    """Returns a client of the server at an address. Nothing is sent yet: the connection is made by the first call.

    Args:
        address: "host:port", or "unix:/path" for a socket.
        timeout: the seconds that each call may take unless it says otherwise; None for no limit.
        tls: True to encrypt and to check the server against the system's certificates, or the credentials that
            grpc.ssl_channel_credentials makes, for certificates of your own. False for plain text.
        authorization: the value of the `authorization` header of each call, for example "Bearer …", or a function that
            returns it and is called for every call, possibly by several threads at once.
        metadata: further headers of each call, names in lower case.
        options: further channel options of gRPC; they win over the client's own.

    Raises:
        ValueError: when `authorization` would travel in plain text to another machine.
    """
    if authorization is not None and not tls and not channels.stays_here(address):
        raise ValueError(f"authorization would be readable by everybody between here and {address}; use tls=True")
    service_config = pkgutil.get_data("rowan._generated", "service_config.json") or b"{}"
    settings = {
        "grpc.service_config": service_config.decode(),
        "grpc.enable_retries": 1,
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.keepalive_time_ms": 300_000,
        "grpc.primary_user_agent": "rowan-python",
        **dict(options),
    }
    if tls:
        credentials = tls if isinstance(tls, grpc.ChannelCredentials) else grpc.ssl_channel_credentials()
        channel = grpc.secure_channel(address, credentials, options=list(settings.items()))
    else:
        channel = grpc.insecure_channel(address, options=list(settings.items()))
    return Client(channel, timeout=timeout, authorization=authorization, metadata=metadata)


class Client(SchemaCalls):
    """Calls a Rowan server with documents as plain dicts, and gives plain dicts back.

    A client may be used by any number of threads at once; calls do not wait for each other. It holds one connection,
    which is made, kept and remade by itself. It is a context manager: leaving it closes the connection.

    Every method takes two keywords besides its own: `timeout`, the seconds that the call may take (None: no limit; left
    out: the client's; server and database stop working on the call then), and `request_id`, the id under which the
    server logs the call (left out: a random one). Every method raises a subclass of RowanError when the call does not
    succeed, and DocumentError before anything is sent when a document is not of the document form.

    Reads are sent again, at most three times, when the server cannot be reached. Writes never are: whether to repeat
    one is the caller's decision.
    """

    # --- reading ------------------------------------------------------------------------------------------------------

    def get(self, schema: str, model: str, read: Mapping[str, Any], **call: Unpack[CallOptions]) -> results.Page:
        """Reads one page of records with their relations, in one snapshot.

        >>> client.get("blog", "User", {"select": {"name": True, "role": {"name": True}}, "where": {"id": 5}})
        [{'name': 'Alice', 'role': {'name': 'admin'}}]

        Args:
            schema: the schema's name.
            model: the model's name.
            read: a read document: `select` (required), `where`, `order_by`, `limit`, `offset`, `cursor`, `backward`,
                `total`, `distinct_on`, `strategy`.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            The records. The list, and each nested list, also has `has_more`, which tells whether its limit (150 when
            the document says nothing) held some back, the cursors to go on from, and the `total` when it was asked for.
        """
        request = document.read_request(schema, model, read)
        return results.page(self._call(self._data.Get, request, **call))

    def pages(
        self, schema: str, model: str, read: Mapping[str, Any], **call: Unpack[CallOptions]
    ) -> Iterator[results.Page]:
        """Reads all records a page at a time, each page by a call of its own that begins where the last one ended.

        >>> for page in client.pages("blog", "Post", {"select": {"title": True}, "order_by": "title", "limit": 100}):
        ...     show(page)

        Unlike a stream it holds nothing on the server between pages, and every page sees what the database holds by
        then: a record that is inserted behind the position meanwhile does not appear, and none is seen twice unless its
        place in the order changes.

        Args:
            schema: the schema's name.
            model: the model's name.
            read: a read document, as for get. `limit` is the size of the pages (150 when it says nothing, at most 1,000
                from the second page on), `offset` and `total` are for the first page alone. With `backward` the pages
                come from the last to the first; the records of each keep their order.
            **call: `timeout`, which is for each page, and `request_id`.

        Returns:
            An iterator over the pages: at least one, which may be empty. Nothing is sent before the first is asked for.
        """
        request = document.read_request(schema, model, read)
        if request.page.HasField("limit") and request.page.limit == 0:
            raise errors.DocumentError("limit", "pages of 0 records never come to an end; ask for at least 1")
        return self._pages(request, **call)

    def _pages(self, request: Any, **call: Unpack[CallOptions]) -> Iterator[results.Page]:
        while True:
            page = results.page(self._call(self._data.Get, request, **call))
            yield page
            if not page.has_more:
                return
            cursor = page.start_cursor if request.page.backward else page.end_cursor
            if cursor is None:
                raise errors.DataLossError(
                    "the server has more records, but gave no cursor to go on from", code=grpc.StatusCode.DATA_LOSS
                )
            request.page.cursor = cursor
            request.page.ClearField("offset")
            request.page.ClearField("total")

    def stream(
        self,
        schema: str,
        model: str,
        read: Mapping[str, Any],
        *,
        resume_attempts: int = RESUME_ATTEMPTS,
        **call: Unpack[CallOptions],
    ) -> RecordStream:
        """Reads all records with their relations, however many they are.

        >>> with client.stream("blog", "Post", {"select": {"title": True}}) as posts:
        ...     for post in posts:
        ...         print(post["title"])

        Records are fetched while they are iterated over, a batch at a time: a slow reader slows the server down, and
        memory stays small. Leaving the `with` block, or `close()`, cancels the call and frees the server's connection.

        When the connection is lost, or the server gave up waiting for the reader (STREAM_STALLED), the stream goes on
        after the last record that arrived, in a new snapshot.

        Args:
            schema: the schema's name.
            model: the model's name.
            read: a read document: `select` (required), `where`, `order_by`, `limit`, `offset`, `distinct_on`,
                `strategy`, `mode`, `resume_token`. Without a limit all records come, also in nested lists.
            resume_attempts: how often in a row to resume without a new record before the error is raised; 0 to raise it
                at once, for example because all records have to be of one snapshot.
            **call: `timeout` for the stream as a whole, resumptions included (left out: none, since a stream lasts as
                long as its reader), and `request_id`.

        Returns:
            An iterator over the records; errors are raised while iterating. For one thread at a time.
        """
        request = document.stream_request(schema, model, read)
        call.setdefault("timeout", None)
        timeout, request_id = self._options(**call)

        def begin(token: Optional[str], left: Optional[float]) -> Any:
            request.resume_token = token or ""
            return self._data.Stream(request, timeout=left, metadata=self._headers(request_id))

        return RecordStream(begin, request_id, request.resume_token or None, timeout, resume_attempts)

    def aggregate(
        self, schema: str, model: str, body: Mapping[str, Any], **call: Unpack[CallOptions]
    ) -> results.Page:
        """Computes counts, sums and other aggregates over the records that a filter lets through, grouped or not.

        >>> client.aggregate("shop", "Order", {"group_by": "status", "select": {"orders": {"count": True}}})
        [{'status': 'paid', 'orders': 12}, {'status': 'sent', 'orders': 7}]

        Args:
            schema: the schema's name.
            model: the model's name.
            body: an aggregate document: `where`, `group_by`, `select`, `having`, `order_by`, `limit`, `offset`.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            One dict per group, with `has_more`; exactly one, even over no records, without `group_by`.
        """
        request = document.aggregate_request(schema, model, body)
        return results.groups(self._call(self._data.Aggregate, request, **call))

    def exists(
        self, schema: str, model: str, body: Optional[Mapping[str, Any]] = None, **call: Unpack[CallOptions]
    ) -> bool:
        """Tells whether a record exists that a filter lets through. Costs no more than finding the first one.

        >>> client.exists("blog", "User", {"where": {"role": {"name": "admin"}}})
        True

        Args:
            schema: the schema's name.
            model: the model's name.
            body: {"where": …}; left out: whether the model has any record.
            **call: `timeout` and `request_id`, as the class says.
        """
        request = document.exists_request(schema, model, {} if body is None else body)
        return self._call(self._data.Exists, request, **call).exists

    def explain(
        self,
        verb: str,
        schema: str,
        model: str,
        body: Any,
        *,
        mode: str = "plan",
        **call: Unpack[CallOptions],
    ) -> explain_results.Explanation:
        """Shows how a request would run: its plan, the exact SQL of each statement, and PostgreSQL's plan on request.

        Args:
            verb: "get", "stream", "aggregate", "exists", "insert", "update" or "delete".
            schema: the schema's name.
            model: the model's name.
            body: the document that the verb's own method takes.
            mode: "plan" runs nothing; "estimate" adds PostgreSQL's plan of each statement; "analyze" runs the request
                in a transaction that is rolled back, writes included, and adds what happened at each node. That takes
                the time and the locks of the request itself.
            **call: `timeout` and `request_id`, as the class says.
        """
        request = document.explain_request(verb, schema, model, body, mode)
        return explain_results.explanation(self._call(self._data.Explain, request, **call))

    # --- writing ------------------------------------------------------------------------------------------------------

    def insert(self, schema: str, model: str, body: Any, **call: Unpack[CallOptions]) -> results.MutationResult:
        """Inserts records with nested writes, in one transaction: all of it is written, or nothing.

        >>> posts = [{"title": "First post", "tags": {"connect": [1, 2]}}]
        >>> alice = {"name": "Alice", "role": {"connect": {"name": "admin"}}, "posts": {"create": posts}}
        >>> client.insert("blog", "User", alice).records
        [{'id': 6}]

        Args:
            schema: the schema's name.
            model: the model's name.
            body: a record, a list of records, or {"data": …, "returning": …}. A record of a model that has a field
                called `data` and nothing else to write takes the long form.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            The records, in the order given, and counts. Without `returning` a record holds its primary key.
        """
        request = document.insert_request(schema, model, body)
        return results.mutation_result(self._call(self._data.Insert, request, **call))

    def update(
        self, schema: str, model: str, body: Mapping[str, Any], **call: Unpack[CallOptions]
    ) -> results.MutationResult:
        """Updates the records that a filter matches, with nested writes, in one transaction.

        >>> client.update("blog", "User", {"data": {"role": {"connect": 1}}, "where": {"id": 5}}).effects
        {'matched': 1, 'changed': 1, 'relations': {'role': {'connected': 1}}}

        Args:
            schema: the schema's name.
            model: the model's name.
            body: {"data": …, "where": …, "returning": …}; "all_rows": True in place of `where` to update every record.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            Counts, and the records when `returning` asks for them. No match is a success that counts zero.
        """
        request = document.update_request(schema, model, body)
        return results.mutation_result(self._call(self._data.Update, request, **call))

    def upsert(
        self, schema: str, model: str, body: Mapping[str, Any], **call: Unpack[CallOptions]
    ) -> results.MutationResult:
        """Inserts records, or writes to those whose unique key is taken, in one transaction. However many calls do so at
        once, one record of a key remains.

        >>> client.upsert("blog", "Role", {"data": {"name": "admin"}, "key": "name"}).outcomes
        ['updated']

        Args:
            schema: the schema's name.
            model: the model's name.
            body: {"data": …, "key": …, "on_conflict": …, "returning": …}: a record or a list, the fields of the unique key
                (default: the primary key), and what happens to records that exist (default: they are overwritten).
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            The records, in the order given, counts, and the outcome for each record.
        """
        request = document.upsert_request(schema, model, body)
        return results.mutation_result(self._call(self._data.Upsert, request, **call))

    def delete(
        self, schema: str, model: str, body: Mapping[str, Any], **call: Unpack[CallOptions]
    ) -> results.MutationResult:
        """Deletes the records that a filter matches, in one transaction.

        Args:
            schema: the schema's name.
            model: the model's name.
            body: {"where": …, "returning": …}; "all_rows": True in place of `where` to delete every record.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            Counts, and, when `returning` asks for them, the records as they were before.
        """
        request = document.delete_request(schema, model, body)
        return results.mutation_result(self._call(self._data.Delete, request, **call))

    def batch(self, schema: str, body: Any, **call: Unpack[CallOptions]) -> batches.BatchResult:
        """Runs operations in order in one transaction; later ones may refer to what earlier ones returned.

        >>> client.batch("blog", [
        ...     {"id": "u1", "model": "User", "insert": {"name": "Alice", "role": {"connect": 1}}},
        ...     {"model": "Post", "insert": {"title": "First", "userId": {"ref": "u1.id"}}},
        ... ]).by_id["u1"].records
        [{'id': 6}]

        Args:
            schema: the schema's name.
            body: a list of operations, or {"operations": …, "isolation": …, "dry_run": …, "request_id": …}.
            **call: `timeout` and `request_id`, as the class says.

        Returns:
            The results of the operations in order, each what the method of its own returns.
        """
        return batches.BatchResult(self._call(self._data.Batch, batches.batch_request(schema, body), **call))

    def transaction(
        self,
        schema: str,
        *,
        isolation: str = "read_committed",
        read_only: bool = False,
        idle_timeout: Optional[float] = None,
        **call: Unpack[CallOptions],
    ) -> transactions.Transaction:
        """Begins a transaction that stays open between requests.

        >>> with client.transaction("blog") as work:
        ...     (user,) = work.get("User", {"select": {"id": True}, "where": {"id": 5}, "lock": "update"})
        ...     work.update("User", {"data": {"name": "Alice"}, "where": {"id": user["id"]}})

        Args:
            schema: the schema's name.
            isolation: "read_committed", "repeatable_read" or "serializable".
            read_only: whether requests may only read.
            idle_timeout: the seconds that may pass between requests; None for the server's limit.
            **call: `timeout`, which is for the whole transaction, and `request_id`.

        Returns:
            The transaction. Use it in a `with` block, whose end commits.
        """
        timeout, request_id = self._options(**call)
        first = service.BeginTransaction(
            schema=schema,
            isolation=nodes.word(isolation, "isolation", "isolation", ISOLATIONS),
            read_only=read_only,
            idle_timeout_ms=0 if idle_timeout is None else round(idle_timeout * 1000),
        )

        def begin(requests: Iterator[service.TransactRequest]) -> Any:
            return self._data.Transact(requests, timeout=timeout, metadata=self._headers(request_id))

        return transactions.Transaction(begin, first, request_id)

    def load(
        self,
        schema: str,
        model: str,
        rows: Iterable[load.Row],
        *,
        columns: Optional[Sequence[str]] = None,
        on_conflict: load.OnConflict = None,
        key: Sequence[str] = (),
        tolerated_rejects: int = 0,
        dry_run: bool = False,
        once: str = "",
        on_reject: Optional[Callable[[load.LoadReject], None]] = None,
        on_progress: Optional[Callable[[int], None]] = None,
        **call: Unpack[CallOptions],
    ) -> load.LoadResult:
        """Loads many records of one model in one transaction, with bounded memory. docs/guides/loading.md tells more.

        >>> client.load("blog", "User", ({"name": name, "role.name": "member"} for name in names))
        LoadResult(received=1200, inserted=1200, updated=0, skipped=0, rejected=0, rejects=(), repeated_answer=False)

        Args:
            schema: the schema's name.
            model: the model's name.
            rows: dicts by column, or records as a stream gives them; or lists of values, which need `columns`. They are
                taken as the server takes them. What they raise undoes the load, and is raised here.
            columns: the names of the values: a field, or "relation.field" for the key of a related record. Left out:
                the keys of the first row; then nothing is sent when there is none. A row that lacks one has null there.
            on_conflict: what happens to a row whose key is taken: None rejects it, "skip" skips it, "update" writes it
                to the record that has the key, and {"update": ["name"]} these columns only.
            key: the fields of the key that on_conflict is about; left out: the primary key.
            tolerated_rejects: how many rejects are tolerated; one more undoes all and raises its error.
            dry_run: whether to undo it all at the end.
            once: an id that makes the load happen once: a repeat with it gets the kept result, and loads nothing.
            on_reject: is given each reject as it comes, the one that is too many included.
            on_progress: is given the number of rows received, from time to time.
            **call: `timeout` (left out: none) and `request_id`.
        """
        source = iter(rows)
        if columns is None:
            first = next(source, None)
            if first is None:
                return load.LoadResult(0, 0, 0, 0, 0, ())
            source = itertools.chain([first], source)
            columns = load.columns_of(first)
        begin = load.begin_request(schema, model, columns, on_conflict, key, tolerated_rejects, dry_run, once)
        loader = load.Loader(begin, columns, source)
        call.setdefault("timeout", None)
        timeout, request_id = self._options(**call)
        responses = self._data.Load(loader.requests(), timeout=timeout, metadata=self._headers(request_id))
        try:
            result = load.collect(responses, on_reject, on_progress)
        except grpc.RpcError as error:
            raise loader.failure or errors.from_call(error, request_id) from None
        finally:
            responses.cancel()
        if result is None:
            raise errors.DataLossError(
                "the load ended without its result", code=grpc.StatusCode.DATA_LOSS, request_id=request_id
            )
        return result
