import { beforeAll, expect, test, vi } from "vitest";

let shared: typeof import("../src/lib/shared-api");
beforeAll(async () => {
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {} });
  shared = await import("../src/lib/shared-api");
});

test.each([
  ["/shared/2b5a", "#token", { id: "2b5a", token: "token" }],
  ["/shared/2b5a", "", null],
  ["/shared/2b5a/more", "#token", null],
  ["/batches/2b5a", "#token", null],
])("the link in %s%s", (pathname, hash, wanted) => {
  expect(shared.linkIn({ pathname, hash })).toEqual(wanted);
});

test("a link's token is sent as a header and is in no address", async () => {
  const asked = vi.fn((_url: string, _init: RequestInit) =>
    Promise.resolve(Response.json({ name: "Spring", zipUrl: null, items: [] })),
  );
  vi.stubGlobal("fetch", asked);
  const batch = await shared.readShared({ id: "2b5a", token: "secret" }, 100);
  const [url, init] = asked.mock.calls[0] ?? ["", {}];
  expect(url).toBe("/api/shared/2b5a?limit=100&cursor=100");
  expect(new Headers(init.headers).get("Share-Token")).toBe("secret");
  expect(init.referrerPolicy).toBe("no-referrer");
  expect(batch.zipUrl).toBeNull();
});
