// The client of postgraphile.mjs: GraphQL over HTTP.
import { Pool } from "undici";

const tree = `id: rowId name role: roleByRoleId { name } profile: profileByUserId { bio }
  posts: postsByUserId(orderBy: PRIMARY_KEY_ASC) { nodes { title tags: postTagsByPostId(orderBy: PRIMARY_KEY_ASC) { nodes { tag: tagByTagId { name } } } } }`;
const nestedRead = `query ($id: BigInt!) { user: userByRowId(rowId: $id) { ${tree} } }`;
const page = `query ($after: Cursor) { users: allUsers(first: 20, after: $after, orderBy: PRIMARY_KEY_ASC) { nodes { ${tree} } } }`;
const places = "query ($id: Int!) { users: allUsers(first: 1, offset: $id, orderBy: PRIMARY_KEY_ASC) { pageInfo { endCursor } } }";

export async function open(address) {
  const pool = new Pool(`http://${address}`, { connections: 32 });
  const send = async (query, variables) => {
    const { body } = await pool.request({ path: "/graphql", method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await body.json();
    if (errors) throw new Error(errors[0].message);
    return data;
  };
  // Pages begin after a cursor, so some are fetched first, of users all over the table.
  const cursors = [];
  return {
    nestedRead: (id) => send(nestedRead, { id: String(id) }),
    pageOf20: async (id) => {
      if (cursors.length < 200) cursors.push((await send(places, { id })).users.pageInfo.endCursor);
      return send(page, { after: cursors[id % cursors.length] });
    },
    close: () => pool.close(),
  };
}
