// node-postgres, with statements by hand.
import pg from "pg";
import { insertValues, nestedInsert, nestedRead, pageOf20 } from "./sql.mjs";

export async function open(address) {
  const pool = new pg.Pool({ connectionString: address, max: 10 });
  return {
    nestedRead: async (id) => (await pool.query({ ...nestedRead, values: [id] })).rows[0],
    pageOf20: async (id) => (await pool.query({ ...pageOf20, values: [id] })).rows,
    nestedInsert: async (role, tags) => (await pool.query({ ...nestedInsert, values: insertValues(role, tags) })).rows[0],
    close: () => pool.end(),
  };
}
