import { beforeAll, expect, test, vi } from "vitest";
import { captionOf, placeOf, readable } from "../src/lib/captions";
import { type ItemSource, ItemStore, merged } from "../src/lib/item-store";
import { grouped, listed, type Marks, passes } from "../src/lib/review";
import type { Batch, InputRow, Item } from "../src/lib/types";
import { rangeOf } from "../src/ui/use-window";
import { tabOf } from "../src/views/use-done";

beforeAll(() => vi.stubGlobal("location", { search: "" }));

const item = (index: number, fields: Partial<Item> = {}): Item => ({
  index,
  customId: `row-${index}`,
  row: index + 2,
  status: "succeeded",
  file: null,
  thumbnailUrl: `${index}.webp`,
  code: null,
  reason: null,
  ...fields,
});
const row = (fields: [string, string][], prompt = "a car"): InputRow => ({
  index: 0,
  row: 2,
  customId: "row-0002",
  prompt,
  fields,
});

function source(total: number) {
  const asked: number[] = [];
  const told: ItemSource = {
    items: async (start) => {
      asked.push(start);
      return Array.from({ length: Math.min(100, total - start) }, (_, n) => item(start + n));
    },
    rows: async () => null,
  };
  return { asked, told };
}

test("only the pages in view are read, each once while it is fresh", async () => {
  const { asked, told } = source(10_000);
  let now = 0;
  const store = new ItemStore(told, { now: () => now });
  await store.want([0, 60]);
  await store.want([9_950, 9_999]);
  await store.want([9_990]);
  expect(asked).toEqual([0, 9_900]);
  now = 11 * 60_000;
  await store.want([9_950, 9_999]);
  expect(asked).toEqual([0, 9_900, 9_900]);
});

test("a filter reads every missing page once", async () => {
  const { asked, told } = source(450);
  const store = new ItemStore(told);
  await store.want([100, 149]);
  await store.all(450);
  expect(asked.sort((a, b) => a - b)).toEqual([0, 100, 200, 300, 400]);
  expect(store.complete(450)).toBe(true);
  expect(store.known()).toHaveLength(450);
});

test("a page that could not be read says so and is read again", async () => {
  const { told } = source(10);
  let fail = true;
  const store = new ItemStore({
    ...told,
    items: (start, signal) =>
      fail ? Promise.reject(new Error("lost")) : told.items(start, signal),
  });
  await expect(store.want([0, 9])).rejects.toThrow("lost");
  expect(store.error).toBeInstanceOf(Error);
  fail = false;
  await store.want([0, 9]);
  expect([store.error, store.known().length]).toEqual([null, 10]);
});

test("an image does not wait for its row", async () => {
  const { asked, told } = source(1);
  const rows = [Promise.reject(new Error("lost")), Promise.resolve([row([], "A red door")])];
  const store = new ItemStore({ ...told, rows: async () => (await rows.shift()) ?? null });
  await store.want([0]);
  expect([store.known().length, store.complete(1)]).toEqual([1, false]);
  await vi.waitFor(() => expect(store.error).toBeInstanceOf(Error));
  await store.want([0]);
  await vi.waitFor(() => expect(store.complete(1)).toBe(true));
  expect([store.error, store.row(0)?.prompt, asked]).toEqual([null, "A red door", [0, 0]]);
});

test("an image stays in view while another one is made of it", () => {
  const redone = merged(item(0), { index: 0, status: "processing", thumbnailUrl: null });
  expect([redone.status, redone.thumbnailUrl]).toEqual(["processing", "0.webp"]);
  expect(merged(redone, { index: 0, thumbnailUrl: "b.webp" }).thumbnailUrl).toBe("b.webp");
});

test.each([
  ["few are all there", rangeOf(12, 4, 200, 0, 800), [0, 12, 0, 0]],
  ["the first screens of many", rangeOf(10_000, 5, 200, -300, 800), [0, 35, 0, 398_600]],
  ["the middle of many", rangeOf(10_000, 5, 200, 200_000, 800), [4980, 5040, 199_200, 198_400]],
  ["the end of many", rangeOf(10_000, 5, 200, 399_500, 800), [9965, 10_000, 398_600, 0]],
  ["far below the end", rangeOf(10_000, 5, 200, 900_000, 800), [9995, 10_000, 399_800, 0]],
])("a window on %s", (_, range, wanted) => {
  expect([range.from, range.to, range.above, range.below]).toEqual(wanted);
});

test("a caption names the car, the words or the file", () => {
  const ford: [string, string][] = [
    ["Make", "Ford"],
    ["model", "F-150"],
    ["trim", "Lariat"],
    ["year", "2023"],
  ];
  const of = (kind: Batch["kind"], variants?: Batch["variants"]) => ({ kind, variants });
  expect(captionOf(of("cars"), 0, undefined, row(ford))).toBe("Ford F-150 2023");
  const door = row([], "A red door");
  expect(captionOf(of("prompts"), 0, item(0, { file: "a.png" }), door)).toBe("A red door");
  const shared = item(0, { file: "Ford-F_150-2023-white.png", caption: "Ford F-150 2023" });
  expect(captionOf(of("cars"), 0, shared, undefined)).toBe("Ford F-150 2023");
  const table = item(0, { file: "x/Oak_table-2.png" });
  expect(captionOf(of("sheet"), 0, table, row([["sku", "7"]]))).toBe("Oak table 2");
  const linen = [
    { name: "Linen White", total: 2 },
    { name: "Linen Sand", total: 1 },
  ] as Batch["variants"];
  const named = [0, 1, 2].map((at) => captionOf(of("variants", linen), at, undefined, undefined));
  expect(named).toEqual(["Linen White 1", "Linen White 2", "Linen Sand"]);
  expect(readable("Ford-Model_1-2024-white.png")).toBe("Ford Model 1 2024");
  expect(readable("Ford-F_150-2023-hub-2.webp")).toBe("Ford F 150 2023");
});

test("a place is the sheet's row, or an id of the client's own", () => {
  const batch = { total: 3 } as Batch;
  expect(placeOf(batch, 4, item(4))).toBe("Row 6");
  expect(placeOf(batch, 4, item(4, { row: null, customId: "item-0005" }))).toBe("5");
  expect(placeOf(batch, 4, item(4, { row: null, customId: "sku-77" }))).toBe("sku-77");
});

test("one reason is said once for all its rows", () => {
  const refused = { code: "content_refused", retryable: false };
  const groups = grouped([
    { ...refused, row: 2, customId: "a", reason: "Refused (12345678)" },
    { row: 3, customId: "b", code: "provider_timeout", reason: "Timed out", retryable: true },
    { ...refused, row: 4, customId: "c", reason: "Refused (87654321)" },
  ]);
  expect(groups.map(({ code, rows }) => [code, rows.map((one) => one.row)])).toEqual([
    ["content_refused", [2, 4]],
    ["provider_timeout", [3]],
  ]);
  expect(listed(["7", "9", "12"])).toBe("7, 9 and 12");
});

test.each([
  ["failed", item(0, { status: "failed" }), true],
  ["failed", item(0), false],
  ["redone", item(0, { versionCount: 2 }), true],
  ["redone", item(0), false],
  ["marked", item(3), true],
  ["unseen", item(4), true],
  ["unseen", item(5), false],
  ["unseen", item(4, { status: "failed" }), false],
] as const)("the filter %s", (filter, one, wanted) => {
  const marks: Marks = { looked: new Set([5]), marked: new Set([3]) };
  expect(passes(filter, one, marks)).toBe(wanted);
});

test.each([
  [{ status: "processing", percent: 43 }, false, "43% Spring"],
  [{ status: "completed", failed: 0 }, true, "✓ Spring"],
  [{ status: "completed", failed: 2 }, true, "! Spring"],
  [{ status: "failed", failed: 2 }, true, "! Spring"],
  [{ status: "completed", failed: 0 }, false, "Spring"],
] as const)("the tab of %o is called so", (fields, ended, wanted) => {
  expect(tabOf({ name: "Spring", ...fields } as Batch, ended)).toBe(wanted);
});

test("a price for some images is named only where it is charged", async () => {
  const { priceOf } = await import("../src/views/redo-marked");
  const batch = { mode: "live", total: 10, cost: { estimated: "0.50" } } as Batch;
  expect(priceOf(batch, 3)).toBe(" (about $0.15)");
  expect(priceOf({ ...batch, mode: "development" }, 3)).toBe("");
});
