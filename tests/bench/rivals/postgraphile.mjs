// PostGraphile over HTTP: node postgraphile.mjs CONNINFO PROCESSES
//
// Prints "listening on 127.0.0.1:PORT" once all its processes serve.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";

const [address, processes] = process.argv.slice(2);

async function serve() {
  const instance = postgraphile({
    extends: [PostGraphileAmberPreset],
    pgServices: [makePgService({ connectionString: address, schemas: ["public"], poolConfig: { max: 10 } })],
    grafserv: { graphiql: false, watch: false },
    grafast: { explain: false },
  });
  const server = createServer();
  await instance.createServ(grafserv).addTo(server);
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
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
