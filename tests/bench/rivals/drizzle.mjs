// Drizzle: prepared relational queries, and inserts in a transaction.
import { asc, eq, gt, relations, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, bigserial, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import pg from "pg";

const key = () => bigserial("id", { mode: "number" }).primaryKey();
const reference = (name) => bigint(name, { mode: "number" });
const roles = pgTable("roles", { id: key(), name: text("name") });
const users = pgTable("users", { id: key(), name: text("name"), roleId: reference("role_id") });
const profiles = pgTable("profiles", { id: key(), bio: text("bio"), userId: reference("user_id") });
const posts = pgTable("posts", { id: key(), title: text("title"), userId: reference("user_id") });
const tags = pgTable("tags", { id: key(), name: text("name") });
const postTags = pgTable("post_tags", { postId: reference("post_id"), tagId: reference("tag_id") }, (t) => [primaryKey({ columns: [t.postId, t.tagId] })]);

const schema = {
  roles, users, profiles, posts, tags, postTags,
  userRelations: relations(users, ({ one, many }) => ({
    role: one(roles, { fields: [users.roleId], references: [roles.id] }), profile: one(profiles), posts: many(posts) })),
  profileRelations: relations(profiles, ({ one }) => ({ user: one(users, { fields: [profiles.userId], references: [users.id] }) })),
  postRelations: relations(posts, ({ one, many }) => ({ user: one(users, { fields: [posts.userId], references: [users.id] }), tags: many(postTags) })),
  postTagRelations: relations(postTags, ({ one }) => ({
    post: one(posts, { fields: [postTags.postId], references: [posts.id] }), tag: one(tags, { fields: [postTags.tagId], references: [tags.id] }) })),
};

const tree = {
  columns: { id: true, name: true },
  with: {
    role: { columns: { name: true } }, profile: { columns: { bio: true } },
    posts: { columns: { title: true }, orderBy: asc(posts.id), with: { tags: { columns: {}, orderBy: asc(postTags.tagId), with: { tag: { columns: { name: true } } } } } },
  },
};

export async function open(address) {
  const pool = new pg.Pool({ connectionString: address, max: 10 });
  const db = drizzle(pool, { schema });
  const one = db.query.users.findFirst({ ...tree, where: eq(users.id, sql.placeholder("id")) }).prepare("nested_read");
  const page = db.query.users.findMany({ ...tree, where: gt(users.id, sql.placeholder("id")), orderBy: asc(users.id), limit: 20 }).prepare("page_of_20");
  return {
    nestedRead: (id) => one.execute({ id }),
    pageOf20: (id) => page.execute({ id }),
    nestedInsert: (roleId, tagIds) =>
      db.transaction(async (tx) => {
        const [user] = await tx.insert(users).values({ name: "a user that is new", roleId }).returning({ id: users.id });
        await tx.insert(profiles).values({ bio: "the life of a user that is new", userId: user.id });
        const made = await tx.insert(posts).values(tagIds.map((_, post) => ({ title: post ? "the second post" : "the first post", userId: user.id }))).returning({ id: posts.id });
        await tx.insert(postTags).values(tagIds.flatMap((ids, post) => ids.map((tagId) => ({ postId: made[post].id, tagId }))));
        return user;
      }),
    close: () => pool.end(),
  };
}
