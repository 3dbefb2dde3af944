// A service over one statement a request that fills typed replies: node grpc_service.mjs CONNINFO PROCESSES
//
// Prints "listening on 127.0.0.1:PORT" once all its processes serve.
import cluster from "node:cluster";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import pg from "pg";
import { insertValues, nestedInsert, nestedRead, pageOf20 } from "./sql.mjs";

const [address, processes] = process.argv.slice(2);

function serve() {
  const definition = loader.loadSync(new URL("blog.proto", import.meta.url).pathname, { longs: Number });
  const pool = new pg.Pool({ connectionString: address, max: 10 });
  const answer = (make) => (call, callback) => make(call.request).then((reply) => callback(null, reply), (error) => callback({ code: grpc.status.INTERNAL, message: error.message }));
  const server = new grpc.Server();
  server.addService(grpc.loadPackageDefinition(definition).rowan_bench.Blog.service, {
    NestedRead: answer(async ({ id }) => (await pool.query({ ...nestedRead, values: [id] })).rows[0]),
    PageOf20: answer(async ({ id }) => ({ users: (await pool.query({ ...pageOf20, values: [id] })).rows })),
    NestedInsert: answer(async ({ role, posts }) => (await pool.query({ ...nestedInsert, values: insertValues(role, posts.map((post) => post.tags)) })).rows[0]),
  });
  return new Promise((resolve, reject) => server.bindAsync(`127.0.0.1:0`, grpc.ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))));
}

if (cluster.isPrimary) {
  let ready = 0;
  cluster.on("message", (_, port) => {
    ready += 1;
    if (ready === Number(processes)) console.log(`listening on 127.0.0.1:${port}`);
  });
  process.on("SIGTERM", () => process.exit(0));
  // Those that ask for any port are all given the same.
  for (let i = 0; i < Number(processes); ++i) cluster.fork();
} else {
  process.send(await serve());
}
