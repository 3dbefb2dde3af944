// The statements that a person would write who knows PostgreSQL well: one for each request.
const tree = (rest) => `
  SELECT u.id, u.name, json_build_object('name', r.name) AS role, CASE WHEN p.id IS NULL THEN NULL ELSE json_build_object('bio', p.bio) END AS profile,
         (SELECT coalesce(json_agg(json_build_object('title', po.title, 'tags',
                    (SELECT coalesce(json_agg(json_build_object('name', t.name) ORDER BY t.id), '[]') FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = po.id))
                  ORDER BY po.id), '[]') FROM posts po WHERE po.user_id = u.id) AS posts
  FROM users u LEFT JOIN roles r ON r.id = u.role_id LEFT JOIN profiles p ON p.user_id = u.id ${rest}`;

export const nestedRead = { name: "nested_read", text: tree("WHERE u.id = $1") };

export const pageOf20 = { name: "page_of_20", text: tree("WHERE u.id > $1 ORDER BY u.id LIMIT 20") };

// Parameters: the role, the titles of the posts, and for each tag the number of its post and its id.
export const nestedInsert = {
  name: "nested_insert",
  text: `
  WITH u AS (INSERT INTO users (name, role_id) VALUES ('a user that is new', $1) RETURNING id),
       p AS (INSERT INTO profiles (bio, user_id) SELECT 'the life of a user that is new', id FROM u),
       po AS (INSERT INTO posts (title, user_id) SELECT k.title, u.id FROM u, unnest($2::text[]) WITH ORDINALITY AS k(title, n) ORDER BY k.n RETURNING id),
       numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM po),
       pt AS (INSERT INTO post_tags (post_id, tag_id) SELECT po.id, k.tag FROM unnest($3::bigint[], $4::bigint[]) AS k(n, tag) JOIN numbered po USING (n))
  SELECT id FROM u`,
};

export const insertValues = (role, tags) => [
  role, ["the first post", "the second post"], tags.flatMap((ids, post) => ids.map(() => post + 1)), tags.flat()];
