import { openWith } from "./prisma.mjs";

export const open = (address) => openWith(address, "join");
