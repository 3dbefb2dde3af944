"""What PostgreSQL makes of the SQL on large tables: limits stop early, relation filters become semi- and anti-joins."""

import pytest

CHILDREN = 10_000
PARENTS = 20
SCHEMA = {
    "schema": "plans",
    "database_schema": "plans",
    "models": {
        "Author": {
            "table": "authors",
            "fields": {"id": {"type": "int32", "primary": True}, "name": "text"},
            "relations": {"books": {"has_many": "Book"}},
        },
        "Book": {
            "table": "books",
            "indexes": [{"fields": ["authorId", "id"]}],
            "fields": {"id": {"type": "int32", "primary": True}, "title": "text"},
            "relations": {"author": {"belongs_to": "Author"}, "tags": {"many_to_many": "Tag"}},
        },
        "Tag": {
            "table": "tags",
            "fields": {"id": {"type": "int32", "primary": True}, "name": "text"},
            "relations": {"books": {"many_to_many": "Book"}},
        },
    },
}


def nodes(plan):
    yield plan
    for child in plan.children:
        yield from nodes(child)


def all_nodes(explained):
    return [node for statement in explained.statements if statement.postgres_plan for node in nodes(statement.postgres_plan)]


@pytest.fixture(scope="module")
def plans(postgres, shared_rowand):
    """A client of tables with 20 authors, 10,000 books of each, and 100 tags on 300,000 pairs."""
    with shared_rowand.client() as client:
        client.apply_schema(SCHEMA)
        books = CHILDREN * PARENTS
        postgres.psql(
            f"INSERT INTO plans.authors SELECT n, 'author ' || n FROM generate_series(1, {PARENTS}) n;"
            f"INSERT INTO plans.books (id, title, author_id) SELECT n, 'book ' || n, 1 + n % {PARENTS} FROM generate_series(1, {books}) n;"
            "INSERT INTO plans.tags SELECT n, 'tag ' || n FROM generate_series(1, 100) n;"
            f"INSERT INTO plans.book_tags (book_id, tag_id) SELECT n, 1 + n % 100 FROM generate_series(1, {books}) n;"
            f"INSERT INTO plans.book_tags (book_id, tag_id) SELECT n, 1 + (n + 1) % 100 FROM generate_series(1, {books}, 2) n;"
            "ANALYZE plans.authors, plans.books, plans.tags, plans.book_tags;")
        yield client
        postgres.psql("DROP SCHEMA plans CASCADE; DELETE FROM rowan.schemas WHERE name = 'plans'")


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_a_nested_limit_reads_a_few_rows_per_parent(plans, strategy):
    request = {"select": {"name": True, "books": {"select": {"title": True}, "limit": 3}}, "strategy": strategy}
    explained = plans.explain("get", "plans", "Author", request, mode="analyze")
    scans = [node for node in all_nodes(explained) if node.table == "books"]
    assert scans, explained
    for scan in scans:
        assert scan.loops == PARENTS
        assert 3 <= scan.actual_rows <= 4  # the fourth tells that there is more
        assert not scan.removed_rows


@pytest.mark.parametrize("strategy", ["nested", "by_level", "tagged"])
def test_a_page_from_a_cursor_reads_no_more_than_itself(plans, strategy):
    request = {"select": {"id": True}, "limit": 5, "strategy": strategy}
    for _ in range(3):
        request["cursor"] = plans.get("plans", "Book", request).end_cursor
    explained = plans.explain("get", "plans", "Book", request, mode="analyze")
    (scan,) = [node for node in all_nodes(explained) if node.table == "books"]
    assert scan.actual_rows == 6 and not scan.removed_rows


@pytest.mark.parametrize(
    "where, join",
    [
        ({"tags": {"some": {"name": {"startsWith": "tag 7"}}}}, "Semi Join"),
        ({"tags": {"none": {"name": {"startsWith": "tag 7"}}}}, "Anti Join"),
        ({"tags": {"every": {"name": {"startsWith": "tag 7"}}}}, "Anti Join"),
        ({"NOT": {"tags": {"some": {"name": "tag 7"}}}}, "Anti Join"),
    ],
)
def test_a_filter_through_a_large_junction_is_one_join(plans, where, join):
    explained = plans.explain("exists", "plans", "Book", {"where": {"AND": [where, {"title": "no such title"}]}}, mode="estimate")
    counted = plans.explain("aggregate", "plans", "Book", {"where": where, "select": {"n": {"count": True}}}, mode="analyze")
    joins = [node for node in all_nodes(counted) if node.type.endswith(join)]
    assert joins and all(node.loops == 1 or node.loops <= 4 for node in joins), all_nodes(counted)
    assert not [node for node in all_nodes(counted) if node.role and node.role.startswith("SubPlan")]
    assert all_nodes(explained)


def test_an_estimate_runs_nothing(plans, postgres):
    before = postgres.psql("SELECT n_tup_ins FROM pg_stat_xact_all_tables WHERE relname = 'books'")
    explained = plans.explain("insert", "plans", "Tag", {"id": 1000, "name": "x", "books": {"connect": [1, 2]}}, mode="estimate")
    assert all(statement.postgres_plan for statement in explained.statements)
    assert all(node.actual_rows is None for node in all_nodes(explained))
    assert postgres.psql("SELECT n_tup_ins FROM pg_stat_xact_all_tables WHERE relname = 'books'") == before
    assert not plans.exists("plans", "Tag", {"where": {"id": 1000}})


def test_an_analysis_of_a_write_is_rolled_back(plans):
    explained = plans.explain("insert", "plans", "Tag", {"id": 1000, "name": "x", "books": {"connect": [1, 2]}}, mode="analyze")
    sent = [statement for statement in explained.statements if statement.postgres_plan]
    assert sent and all(statement.postgres_plan.actual_rows is not None for statement in sent)
    assert not plans.exists("plans", "Tag", {"where": {"id": 1000}})


def test_an_analysis_of_a_failing_write_says_why(plans):
    with pytest.raises(Exception, match="RELATED_NOT_FOUND|does not exist|no .*Book"):
        plans.explain("insert", "plans", "Tag", {"id": 1001, "name": "x", "books": {"connect": [999999999]}}, mode="analyze")


def test_explain_counts_what_a_delete_reaches(blog):
    blog.insert("blog", "Tag", {"name": "t"})
    for name in ("Ada", "Bob"):
        blog.insert("blog", "User", {"name": name, "role": {"connect": 1}, "profile": {"create": {"bio": "x"}},
                                     "posts": {"create": [{"title": "p", "tags": {"connect": [1]}}, {"title": "q"}]}})
    delete = {"where": {"name": "Ada"}}
    assert blog.explain("delete", "blog", "User", delete).cascades == ()
    found = {(cascade.model or cascade.table, cascade.action, cascade.depth, cascade.rows) for cascade in blog.explain("delete", "blog", "User", delete, mode="analyze").cascades}
    assert found == {("Profile", "cascade", 1, 1), ("Post", "set null", 1, 2)}
    found = {(cascade.model or cascade.table, cascade.action, cascade.rows) for cascade in blog.explain("delete", "blog", "Post", {"all_rows": True}, mode="estimate").cascades}
    assert found == {("post_tags", "cascade", 2)}
    # A blocked delete is told of before it fails.
    (blocked,) = blog.explain("delete", "blog", "Role", {"all_rows": True}, mode="estimate").cascades
    assert (blocked.model, blocked.action, blocked.rows) == ("User", "restrict", 2)
    assert blog.aggregate("blog", "User", {"select": {"n": {"count": True}}}) == [{"n": 2}]
