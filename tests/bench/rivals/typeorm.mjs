// TypeORM: find with relations, and save with cascades.
import "reflect-metadata";
import { DataSource, EntitySchema, MoreThan } from "typeorm";

const id = { type: "bigint", primary: true, generated: true };
const entity = (name, tableName, columns, relations) => new EntitySchema({ name, tableName, columns: { id, ...columns }, relations });
const entities = [
  entity("Role", "roles", { name: { type: "varchar" } }, {}),
  entity("User", "users", { name: { type: "varchar" } }, {
    role: { type: "many-to-one", target: "Role", joinColumn: { name: "role_id" } },
    profile: { type: "one-to-one", target: "Profile", inverseSide: "user", cascade: true },
    posts: { type: "one-to-many", target: "Post", inverseSide: "user", cascade: true } }),
  entity("Profile", "profiles", { bio: { type: "varchar", nullable: true } }, {
    user: { type: "one-to-one", target: "User", inverseSide: "profile", joinColumn: { name: "user_id" } } }),
  entity("Post", "posts", { title: { type: "varchar" } }, {
    user: { type: "many-to-one", target: "User", inverseSide: "posts", joinColumn: { name: "user_id" } },
    tags: { type: "many-to-many", target: "Tag",
            joinTable: { name: "post_tags", joinColumn: { name: "post_id" }, inverseJoinColumn: { name: "tag_id" } } } }),
  entity("Tag", "tags", { name: { type: "varchar" } }, {}),
];

const tree = {
  select: { id: true, name: true, role: { id: true, name: true }, profile: { id: true, bio: true }, posts: { id: true, title: true, tags: { id: true, name: true } } },
  relations: { role: true, profile: true, posts: { tags: true } },
};

export async function open(address) {
  const source = await new DataSource({ type: "postgres", url: address, entities, poolSize: 10 }).initialize();
  const users = source.getRepository("User");
  return {
    nestedRead: (key) => users.findOne({ ...tree, where: { id: key } }),
    pageOf20: (key) => users.find({ ...tree, where: { id: MoreThan(key) }, order: { id: "ASC" }, take: 20 }),
    nestedInsert: (role, tags) =>
      users.save({
        name: "a user that is new", role: { id: role }, profile: { bio: "the life of a user that is new" },
        posts: tags.map((ids, post) => ({ title: post ? "the second post" : "the first post", tags: ids.map((tag) => ({ id: tag })) })),
      }),
    close: () => source.destroy(),
  };
}
