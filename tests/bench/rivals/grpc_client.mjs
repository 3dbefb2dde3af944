// The client of grpc_service.mjs, in Node.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

export async function open(address) {
  const definition = loader.loadSync(new URL("blog.proto", import.meta.url).pathname, { longs: Number });
  const { Blog } = grpc.loadPackageDefinition(definition).rowan_bench;
  const clients = Array.from({ length: 2 }, () => new Blog(address, grpc.credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }));
  let turn = 0;
  const call = (method, request) => new Promise((resolve, reject) => clients[turn++ % clients.length][method](request, (error, reply) => (error ? reject(error) : resolve(reply))));
  return {
    nestedRead: (id) => call("NestedRead", { id }),
    pageOf20: (id) => call("PageOf20", { id }),
    nestedInsert: (role, tags) => call("NestedInsert", { role, posts: tags.map((ids, post) => ({ title: post ? "the second post" : "the first post", tags: ids })) }),
    close: async () => clients.forEach((client) => client.close()),
  };
}
