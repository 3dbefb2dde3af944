// Puts the load of one rival on the database, in this process: node load.mjs RIVAL CONNINFO USERS
//
// Reads a JSON object a line, {"workload": "nested_read", "clients": 16, "seconds": 2}, and answers each with the requests a second and latencies of the calls
// that ended in that time. Each client sends its next request when it has the answer to its last one.
import readline from "node:readline";

const [rival, address, users] = process.argv.slice(2);
const { open } = await import(`./${rival}.mjs`);
const calls = await open(address);
const between = (low, high) => low + Math.floor(Math.random() * (high - low + 1));

// What every rival does, in its own words.
const requests = {
  nested_read: () => calls.nestedRead(between(1, Number(users))),
  page_of_20: () => calls.pageOf20(between(1, Number(users) - 40)),
  nested_insert: () => calls.nestedInsert(between(1, 10), [[between(1, 250), between(251, 500)], [between(501, 750), between(751, 1000)]]),
};

async function run({ workload, clients, seconds, warm = 0.3 }) {
  const request = requests[workload];
  const begun = performance.now();
  const from = begun + warm * 1000, until = from + seconds * 1000;
  const latencies = [];
  let failed = 0, message = "";
  const client = async () => {
    for (let now = performance.now(); now < until; ) {
      try {
        await request();
      } catch (error) {
        failed += 1;
        message = String(error.message);
      }
      const end = performance.now();
      if (end >= from && end <= until) latencies.push(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  latencies.sort((a, b) => a - b);
  const within = (share) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return { per_second: (latencies.length - failed) / seconds, p50_ms: within(0.5), p99_ms: within(0.99), failed, message };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const answer = asked.workload === "check" ? await calls.nestedRead(7) : await run(asked);
  console.log(JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
}
await calls.close();
process.exit(0);
