import { beforeEach, expect, test, vi } from "vitest";

const ISSUER = "https://login.example";
const CONFIG = { imageOrigins: [], auth: null as null | { issuer: string; clientId: string } };
const KEPT = `oidc.user:${ISSUER}:page`;
const kept = new Map<string, string>();
const asked = vi.fn((path: string, _init?: RequestInit) =>
  Promise.resolve(Response.json(path.includes("/status") ? { items: ITEMS } : { jobId: "b1" })),
);
const ITEMS = [null, "/1.webp", "/2.webp", "/3.webp"].map((thumbnail_url) => ({ thumbnail_url }));
const made: { src?: string; fetchPriority?: string; onload?: () => void }[] = [];

beforeEach(() => {
  vi.resetModules();
  asked.mockClear();
  kept.clear();
  made.length = 0;
  CONFIG.auth = null;
  vi.stubGlobal("location", { search: "", pathname: "/batches/b1" });
  vi.stubGlobal("document", { querySelector: () => ({ content: JSON.stringify(CONFIG) }) });
  vi.stubGlobal("sessionStorage", { getItem: (name: string) => kept.get(name) ?? null });
  vi.stubGlobal("fetch", asked);
  vi.stubGlobal(
    "Image",
    class {
      constructor() {
        made.push(this);
      }
    },
  );
});

test("a batch's first requests are sent once, early", async () => {
  const { askEarly } = await import("../src/lib/early");
  const { getFullBatch } = await import("../src/lib/api");
  const { itemsFrom, rowsFrom } = await import("../src/lib/gallery-api");
  const { signal } = new AbortController();
  askEarly();
  expect(asked).toHaveBeenCalledTimes(3);
  expect((await getFullBatch("b1")).id).toBe("b1");
  expect(await itemsFrom("b1", 0, signal)).toHaveLength(ITEMS.length);
  await rowsFrom("b1", 0, signal).catch(() => {});
  expect(asked).toHaveBeenCalledTimes(3);
  await getFullBatch("b1");
  expect(asked).toHaveBeenCalledTimes(4);
});

test("an early answer is not used by who has left meanwhile", async () => {
  const { askEarly } = await import("../src/lib/early");
  const { getFullBatch } = await import("../src/lib/api");
  const left = new AbortController();
  askEarly();
  const answer = getFullBatch("b1", left.signal);
  left.abort();
  await expect(answer).rejects.toThrow(left.signal.reason);
});

test("the first two images load one after the other", async () => {
  const { askEarly } = await import("../src/lib/early");
  askEarly();
  await vi.waitFor(() => expect(made.map((one) => one.src)).toEqual(["/1.webp"]));
  made[0]?.onload?.();
  expect(made.map((one) => one.src)).toEqual(["/1.webp", "/2.webp"]);
  made[1]?.onload?.();
  expect(made).toHaveLength(2);
  expect(made.every((one) => one.fetchPriority === "high")).toBe(true);
});

test.each([
  ["/", 0],
  ["/batches", 0],
  ["/shared/b1", 0],
  ["/batches/b1", 3],
])("at %s there are %i early requests", async (pathname, many) => {
  vi.stubGlobal("location", { search: "", pathname });
  const { askEarly } = await import("../src/lib/early");
  askEarly();
  expect(asked).toHaveBeenCalledTimes(many);
});

test.each([
  ["nobody is signed in", null, undefined],
  ["the token has expired", -1, undefined],
  ["the token is valid", 600, "Bearer t1"],
])("with sign-in, if %s", async (_, seconds, wanted) => {
  CONFIG.auth = { issuer: ISSUER, clientId: "page" };
  const expires_at = Date.now() / 1000 + (seconds ?? 0);
  if (seconds !== null) kept.set(KEPT, JSON.stringify({ access_token: "t1", expires_at }));
  const { askEarly } = await import("../src/lib/early");
  askEarly();
  const sent = asked.mock.calls.map(([, init]) => new Headers(init?.headers));
  expect(sent.map((headers) => headers.get("Authorization"))).toEqual(
    wanted ? [wanted, wanted, wanted] : [],
  );
});

test("a lost answer is an error of who asks for it", async () => {
  asked.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  const { askEarly } = await import("../src/lib/early");
  const { itemsFrom } = await import("../src/lib/gallery-api");
  askEarly();
  await expect(itemsFrom("b1", 0, new AbortController().signal)).rejects.toThrow();
  expect(made).toEqual([]);
});
