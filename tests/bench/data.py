"""The rows that the benchmark works on: users with a role, a profile, five posts and ten tags, and a few with many posts."""

ROLES = 10
TAGS = 1000
POSTS = 5
TAGS_OF_POST = 2
CHILDREN = (1, 10, 100, 1000)  # the posts of the users after all others

TREE = {"id": True, "name": True, "role": {"name": True}, "profile": {"bio": True}, "posts": {"title": True, "tags": {"name": True}}}
# How many rows the tree of a user has: the user, its profile, its posts, and their tags. Roles are counted once for all.
ROWS_OF_USER = 2 + POSTS + POSTS * TAGS_OF_POST


def children_user(users, children):
    """Returns the id of the user that has so many posts."""
    return users + 1 + CHILDREN.index(children)


def fill(postgres, users):
    """Writes the rows into the empty tables of the blog, and lets sequences go on after them."""
    posts = users * POSTS
    postgres.psql(f"""
        INSERT INTO roles (id, name) SELECT n, 'role ' || n FROM generate_series(1, {ROLES}) n;
        INSERT INTO tags (id, name) SELECT n, 'tag ' || n FROM generate_series(1, {TAGS}) n;
        INSERT INTO users (id, name, role_id) SELECT n, 'user number ' || n, n % {ROLES} + 1 FROM generate_series(1, {users + len(CHILDREN)}) n;
        INSERT INTO profiles (id, bio, user_id) SELECT n, 'the life of user number ' || n, n FROM generate_series(1, {users}) n;
        INSERT INTO posts (id, title, user_id) SELECT n, 'the title of post number ' || n, (n - 1) / {POSTS} + 1 FROM generate_series(1, {posts}) n;
        INSERT INTO post_tags (post_id, tag_id)
            SELECT p, (p * 7 + t * 331) % {TAGS} + 1 FROM generate_series(1, {posts}) p, generate_series(1, {TAGS_OF_POST}) t;
    """)
    first = posts + 1
    for children in CHILDREN:
        postgres.psql(f"INSERT INTO posts (id, title, user_id) SELECT n, 'the title of post number ' || n, {children_user(users, children)} "
                      f"FROM generate_series({first}, {first + children - 1}) n")
        first += children
    for table in ("roles", "tags", "users", "profiles", "posts"):
        postgres.psql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    postgres.psql("VACUUM ANALYZE")
    postgres.psql("CHECKPOINT")
