// Prisma, with its adapter for node-postgres and the given way of loading relations.
import { PrismaPg } from "@prisma/adapter-pg";
import client from "./prisma/generated/index.js";

const select = {
  id: true, name: true, role: { select: { name: true } }, profile: { select: { bio: true } },
  posts: { select: { title: true, tags: { select: { tag: { select: { name: true } } }, orderBy: { tagId: "asc" } } }, orderBy: { id: "asc" } },
};

export async function openWith(address, relationLoadStrategy) {
  const prisma = new client.PrismaClient({ adapter: new PrismaPg({ connectionString: address, max: 10 }) });
  return {
    nestedRead: (id) => prisma.user.findUnique({ where: { id }, select, relationLoadStrategy }),
    pageOf20: (id) => prisma.user.findMany({ where: { id: { gt: id } }, orderBy: { id: "asc" }, take: 20, select, relationLoadStrategy }),
    nestedInsert: (role, tags) =>
      prisma.user.create({
        data: {
          name: "a user that is new", role: { connect: { id: role } }, profile: { create: { bio: "the life of a user that is new" } },
          posts: { create: tags.map((ids, post) => ({ title: post ? "the second post" : "the first post", tags: { create: ids.map((id) => ({ tag: { connect: { id } } })) } })) },
        },
        select: { id: true },
      }),
    close: () => prisma.$disconnect(),
  };
}
