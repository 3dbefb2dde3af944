#!/usr/bin/python3
"""Measures what PostgreSQL takes for the same tree in different shapes of SQL.

    python3 tests/bench/sql_shapes.py                          about five minutes
    python3 tests/bench/sql_shapes.py --users 5000 --rounds 3

Each shape is sent by a plain libpq program, prepared and in binary, over and over; shapes take turns in rounds. The figures are medians of microseconds for the whole
tree: the processor time of PostgreSQL, and the time until the last row is there. Prints tables in Markdown, which docs/performance.md holds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import data
from processes import BIN, Postgres, conftest, cpu_seconds
from report import markdown, number

SECONDS = 0.4  # how long a shape runs in a round, about

ROLE, PROFILE = "FROM roles r WHERE r.id = u.role_id", "FROM profiles p WHERE p.user_id = u.id"
TAGS_OF = "FROM post_tags j JOIN tags t ON t.id = j.tag_id WHERE j.post_id = po.id"


def reads(first, parents):
    """Returns the shapes of the tree of so many users: title -> (whether in one round trip, statements)."""
    some = f"BETWEEN {first} AND {first + parents - 1}"
    posts = f"BETWEEN {(first - 1) * data.POSTS + 1} AND {(first + parents - 1) * data.POSTS}"
    user = f"FROM users u WHERE u.id {some} ORDER BY u.id"
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    nested_posts = f"ARRAY(SELECT ROW(po.title, ARRAY(SELECT ROW(t.name) {TAGS_OF} ORDER BY t.id)) FROM posts po WHERE po.user_id = u.id ORDER BY po.id)"
    of_level = [f"SELECT u.id, u.name, u.role_id {user}",
                f"SELECT r.id, r.name FROM roles r WHERE r.id = ANY(ARRAY(SELECT generate_series(1, {min(parents, data.ROLES)})))",
                f"SELECT p.user_id, p.bio FROM profiles p WHERE p.user_id = ANY(ARRAY(SELECT generate_series({first}, {first + parents - 1})))",
                f"SELECT po.user_id, po.title, po.id FROM posts po WHERE po.user_id = ANY(ARRAY(SELECT generate_series({first}, {first + parents - 1}))) ORDER BY po.user_id, po.id",
                f"SELECT j.post_id, t.name FROM post_tags j JOIN tags t ON t.id = j.tag_id WHERE j.post_id = "
                f"ANY(ARRAY(SELECT generate_series({(first - 1) * data.POSTS + 1}, {(first + parents - 1) * data.POSTS}))) ORDER BY j.post_id, t.id"]
    return {
        "nested sub-selects": (False, [f"SELECT u.id, u.name, (SELECT ROW(r.name) {ROLE}), (SELECT ROW(p.bio) {PROFILE}), {nested_posts} {user}"]),
        "nested, to-one as joins": (False, [
            f"SELECT u.id, u.name, r.name, p.bio, {nested_posts} FROM users u LEFT JOIN roles r ON r.id = u.role_id LEFT JOIN profiles p ON p.user_id = u.id "
            f"WHERE u.id {some} ORDER BY u.id"]),
        "levels, one after the other": (False, [begin, *of_level, "COMMIT"]),
        "levels in one pipeline": (True, [begin, *of_level, "COMMIT"]),
        "levels as ranges, one pipeline": (True, [
            begin, of_level[0], of_level[1], f"SELECT p.user_id, p.bio FROM profiles p WHERE p.user_id {some}",
            f"SELECT po.user_id, po.title, po.id FROM posts po WHERE po.user_id {some} ORDER BY po.user_id, po.id",
            f"SELECT j.post_id, t.name FROM post_tags j JOIN tags t ON t.id = j.tag_id WHERE j.post_id {posts} ORDER BY j.post_id, t.id", "COMMIT"]),
        "tagged rows": (False, [
            f"WITH l0 AS MATERIALIZED (SELECT u.id, u.name, u.role_id {user}), "
            "l3 AS MATERIALIZED (SELECT po.user_id, po.title, po.id FROM posts po WHERE po.user_id = ANY(ARRAY(SELECT id FROM l0)) ORDER BY po.user_id, po.id) "
            "SELECT 0, id, name, role_id FROM l0 "
            "UNION ALL SELECT 1, r.id, r.name, NULL::bigint FROM roles r WHERE r.id = ANY(ARRAY(SELECT role_id FROM l0)) "
            "UNION ALL SELECT 2, p.user_id, p.bio, NULL::bigint FROM profiles p WHERE p.user_id = ANY(ARRAY(SELECT id FROM l0)) "
            "UNION ALL SELECT 3, user_id, title, id FROM l3 "
            "UNION ALL (SELECT 4, j.post_id, t.name, NULL::bigint FROM post_tags j JOIN tags t ON t.id = j.tag_id WHERE j.post_id = ANY(ARRAY(SELECT id FROM l3)) "
            "ORDER BY j.post_id, t.id)"]),
        "tagged rows of joins": (False, [
            f"WITH u AS MATERIALIZED (SELECT u.id, u.name, u.role_id {user}), "
            "po AS MATERIALIZED (SELECT po.id, po.user_id, po.title FROM u JOIN posts po ON po.user_id = u.id) "
            "SELECT 0, u.id, u.role_id, u.name, r.name, p.bio FROM u LEFT JOIN roles r ON r.id = u.role_id LEFT JOIN profiles p ON p.user_id = u.id "
            "UNION ALL SELECT 1, po.id, po.user_id, po.title, NULL, NULL FROM po "
            "UNION ALL SELECT 2, t.id, j.post_id, t.name, NULL, NULL FROM po JOIN post_tags j ON j.post_id = po.id JOIN tags t ON t.id = j.tag_id ORDER BY 1, 3, 2"]),
        "json_agg": (False, [
            f"SELECT json_build_object('id', u.id, 'name', u.name, 'role', (SELECT json_build_object('name', r.name) {ROLE}), 'profile', (SELECT json_build_object('bio', p.bio) {PROFILE}), "
            "'posts', (SELECT coalesce(json_agg(json_build_object('title', po.title, 'tags', "
            f"(SELECT coalesce(json_agg(json_build_object('name', t.name) ORDER BY t.id), '[]') {TAGS_OF})) ORDER BY po.id), '[]') FROM posts po WHERE po.user_id = u.id)) {user}"]),
        "array_agg in lateral joins": (False, [
            "SELECT u.id, u.name, r.name, p.bio, x.v FROM users u LEFT JOIN roles r ON r.id = u.role_id LEFT JOIN profiles p ON p.user_id = u.id LEFT JOIN LATERAL "
            "(SELECT array_agg(ROW(po.title, y.v) ORDER BY po.id) AS v FROM posts po LEFT JOIN LATERAL "
            f"(SELECT array_agg(ROW(t.name) ORDER BY t.id) AS v {TAGS_OF}) y ON true WHERE po.user_id = u.id) x ON true WHERE u.id {some} ORDER BY u.id"]),
        "bare joins, no tree": (False, [
            "SELECT u.id, u.name, r.name, p.bio, po.id, po.title, t.name FROM users u LEFT JOIN roles r ON r.id = u.role_id LEFT JOIN profiles p ON p.user_id = u.id "
            "LEFT JOIN posts po ON po.user_id = u.id LEFT JOIN post_tags j ON j.post_id = po.id LEFT JOIN tags t ON t.id = j.tag_id "
            f"WHERE u.id {some} ORDER BY u.id, po.id, t.id"]),
    }


def children(user):
    """The same of one user and its posts."""
    one = f"FROM users u WHERE u.id = {user}"
    posts = "FROM posts po WHERE po.user_id = u.id"
    level = [f"SELECT u.id, u.name {one}", f"SELECT po.user_id, po.title FROM posts po WHERE po.user_id = ANY('{{{user}}}') ORDER BY po.user_id, po.id"]
    return {
        "nested sub-selects": (False, [f"SELECT u.id, u.name, ARRAY(SELECT ROW(po.title) {posts} ORDER BY po.id) {one}"]),
        "levels, one after the other": (False, ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", *level, "COMMIT"]),
        "levels in one pipeline": (True, ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", *level, "COMMIT"]),
        "tagged rows": (False, [f"WITH l0 AS MATERIALIZED (SELECT u.id, u.name {one}) SELECT 0, id, name FROM l0 "
                                "UNION ALL (SELECT 1, po.user_id, po.title FROM posts po WHERE po.user_id = ANY(ARRAY(SELECT id FROM l0)) ORDER BY po.user_id, po.id)"]),
        "tagged rows of joins": (False, [f"WITH u AS MATERIALIZED (SELECT u.id, u.name {one}) SELECT 0, u.id, NULL::bigint, u.name FROM u "
                                     "UNION ALL SELECT 1, po.id, po.user_id, po.title FROM u JOIN posts po ON po.user_id = u.id ORDER BY 1, 2"]),
        "json_agg": (False, [f"SELECT json_build_object('id', u.id, 'name', u.name, 'posts', (SELECT json_agg(json_build_object('title', po.title) ORDER BY po.id) {posts})) {one}"]),
        "array_agg in lateral joins": (False, [f"SELECT u.id, u.name, x.v FROM users u LEFT JOIN LATERAL (SELECT array_agg(ROW(po.title) ORDER BY po.id) AS v {posts}) x ON true WHERE u.id = {user}"]),
        "bare joins, no tree": (False, [f"SELECT u.id, u.name, po.title FROM users u LEFT JOIN posts po ON po.user_id = u.id WHERE u.id = {user} ORDER BY po.id"]),
    }


def inserts():
    """A user with a profile, two posts and four links to tags; keys come from sequences."""
    several = ["INSERT INTO users (name, role_id) VALUES ('a new user', 1)",
               "INSERT INTO profiles (bio, user_id) VALUES ('a life', currval('users_id_seq'))",
               "INSERT INTO posts (title, user_id) SELECT t, currval('users_id_seq') FROM unnest('{one,two}'::text[]) t",
               "INSERT INTO post_tags (post_id, tag_id) SELECT currval('posts_id_seq') - p, t FROM unnest('{1,0}'::bigint[], '{1,2}'::bigint[]) k(p, o), unnest('{1,2}'::bigint[]) t"]
    return {
        "one statement of chained CTEs": (False, [
            "WITH u AS (INSERT INTO users (name, role_id) VALUES ('a new user', 1) RETURNING id), "
            "pr AS (INSERT INTO profiles (bio, user_id) SELECT 'a life', id FROM u), "
            "po AS (INSERT INTO posts (title, user_id) SELECT t, id FROM u, unnest('{one,two}'::text[]) t RETURNING id), "
            "j AS (INSERT INTO post_tags (post_id, tag_id) SELECT po.id, t FROM po, unnest('{1,2}'::bigint[]) t) SELECT id FROM u"]),
        "statements in one pipeline": (True, ["BEGIN", *several, "COMMIT"]),
        "statements, one after the other": (False, ["BEGIN", *several, "COMMIT"]),
    }


def run(postgres, shape, times):
    """Runs a shape so often. Returns the microseconds of PostgreSQL and of the clock for one."""
    pipeline, statements = shape
    before = cpu_seconds(postgres.process)
    command = [BIN / "bench_read_flat", "--times", str(times), *(["--pipeline"] if pipeline else []), postgres.url, *statements]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{statements}: {done.stderr}")
    time.sleep(0.05)  # until the server has accounted for the connection's process, which has ended
    read = json.loads(done.stdout)
    return 1e6 * (cpu_seconds(postgres.process) - before) / times, 1e6 * read["seconds"] / times


def measure(postgres, shapes, rounds):
    """Returns (title, microseconds of PostgreSQL, of the clock) of each shape."""
    times = {title: max(5, round(SECONDS * 1e6 / run(postgres, shape, 20)[1])) for title, shape in shapes.items()}
    taken = {title: [] for title in shapes}
    for _ in range(rounds):
        for title, shape in shapes.items():
            taken[title].append(run(postgres, shape, times[title]))
    return [(title, *(statistics.median(one[i] for one in runs) for i in range(2))) for title, runs in taken.items()]


def tables(postgres, users, rounds):
    """Yields a title and the rows of each table: a shape, and for each size what PostgreSQL and the clock say."""
    sizes = {f"{parents} {'user' if parents == 1 else 'users'} with all levels": reads(users // 2, parents) for parents in (1, 20, 200)}
    sizes |= {f"1 user with {n} posts": children(data.children_user(users, n)) for n in (10, 1000)}
    measured = {size: {title: figures for title, *figures in measure(postgres, shapes, rounds)} for size, shapes in sizes.items()}
    shapes = list(next(iter(sizes.values())))
    cell = lambda figures: f"{number(figures[0])} / {number(figures[1])}" if figures else ""  # noqa: E731
    yield ["PostgreSQL us / clock us", *sizes], [[title, *(cell(measured[size].get(title)) for size in sizes)] for title in shapes]
    yield ["PostgreSQL us / clock us", "user, profile, 2 posts, 4 tag links"], [[title, cell(figures)] for title, *figures in measure(postgres, inserts(), rounds)]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--users", type=int, default=20_000, help="how many users there are (default 20000)")
    options.add_argument("--rounds", type=int, default=5, help="how many rounds (default 5)")
    options = options.parse_args()
    if options.users < 1000 or options.rounds < 1:
        print("--users is at least 1000, --rounds at least 1", file=sys.stderr)
        return 2
    postgres = Postgres()
    try:
        postgres.start()
        rowand = conftest.Rowand("--db-url", postgres.url)
        with rowand.client() as client:
            client.apply_schema(conftest.BLOG)
        rowand.stop()
        data.fill(postgres, options.users)
        for head, rows in tables(postgres, options.users, options.rounds):
            print(markdown(head, rows) + "\n", flush=True)
    finally:
        postgres.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
