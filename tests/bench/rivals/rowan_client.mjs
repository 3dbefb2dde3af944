// Rowan, called from Node by its protos as they are. Runs in build/rivals.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const protos = new URL("../../proto", import.meta.url).pathname;
const selection = {
  fields: ["id", "name"],
  relations: [
    { relation: "role", selection: { fields: ["name"] } }, { relation: "profile", selection: { fields: ["bio"] } },
    { relation: "posts", selection: { fields: ["title"], relations: [{ relation: "tags", selection: { fields: ["name"] } }] } },
  ],
};
const key = (id) => ({ primary: [{ intValue: id }] });
const text = (value) => ({ textValue: value });

export async function open(address) {
  const definition = loader.loadSync("rowan/v1/data_service.proto", { longs: Number, includeDirs: [protos] });
  const { DataService } = grpc.loadPackageDefinition(definition).rowan.v1;
  const clients = Array.from({ length: 2 }, () => new DataService(address, grpc.credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 }));
  let turn = 0;
  const call = (method, request) =>
    new Promise((resolve, reject) => clients[turn++ % clients.length][method]({ schema: "blog", model: "User", ...request }, (error, reply) => (error ? reject(error) : resolve(reply))));
  const where = (operator, id) => ({ field: { field: "id", operator, value: { intValue: id } } });
  return {
    nestedRead: (id) => call("Get", { select: selection, where: where("OPERATOR_EQ", id) }),
    pageOf20: (id) => call("Get", { select: selection, where: where("OPERATOR_GT", id), page: { limit: 20 } }),
    nestedInsert: (role, tags) =>
      call("Insert", {
        data: [{
          values: { name: text("a user that is new") },
          relations: {
            role: { connect: [key(role)] }, profile: { create: [{ values: { bio: text("the life of a user that is new") } }] },
            posts: { create: tags.map((ids, post) => ({ values: { title: text(post ? "the second post" : "the first post") }, relations: { tags: { connect: ids.map(key) } } })) },
          },
        }],
      }),
    close: async () => clients.forEach((client) => client.close()),
  };
}
