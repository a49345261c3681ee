import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bytes, money, plural, until } from "../src/lib/format";
import { line, OfflineError, problem, sentences } from "../src/lib/problems";
import type { Batch, Item } from "../src/lib/types";
import { made } from "../src/ui/Progress";
import { onlySkipped } from "../src/views/batch-tiles";
import { NOTHING, obstacle, toggled, variantOfFile } from "../src/views/wizard/choices";
import { linesOf, plain, words } from "../src/views/wizard/schema-form";

beforeAll(() => vi.stubGlobal("location", { search: "" }));

test("a refusal reads as a sentence with its rows", () => {
  const refused = problem(
    400,
    {
      error: "Invalid rows",
      detail: "1 of 3 rows is not valid",
      details: [
        {
          row: 7,
          column: "aspect_ratio",
          value: "2:1",
          message: "must be one of 1:1, 16:9",
          suggestion: "16:9",
        },
      ],
    },
    null,
  );
  expect(sentences(refused)).toEqual({
    title: "Invalid rows",
    text: "1 of 3 rows is not valid.",
    lines: ["Row 7, aspect_ratio: “2:1” must be one of 1:1, 16:9. Did you mean 16:9?"],
  });
});

test("a refused field and a refused variant are named", () => {
  expect(line({ field: "items.0.prompt", message: "is empty" })).toBe("items.0.prompt: is empty.");
  expect(line({ variantId: 7, message: "needs 1 to 4 images" })).toBe(
    "Variant 7: needs 1 to 4 images.",
  );
});

test("what the gateway refuses by itself is said in words of ours", () => {
  expect(sentences(problem(401, { message: "Unauthorized" }, null)).title).toBe(
    "You are signed out",
  );
  expect(sentences(problem(503, { message: "Service Unavailable" }, "5")).text).toContain(
    "Try again in 5 seconds.",
  );
  expect(sentences(new OfflineError()).title).toBe("The server cannot be reached");
});

test("money has cents, and a third digit only where it counts", () => {
  expect([money("2.5"), money("0.035"), money(null), money("1234.567")]).toEqual([
    "$2.50",
    "$0.035",
    "$0.00",
    "$1,234.57",
  ]);
});

test("sizes, counts and waits are in words", () => {
  expect([bytes(900), bytes(2048), bytes(5_000_000)]).toEqual(["900 B", "2.0 kB", "4.8 MB"]);
  expect([plural(1, "row"), plural(1200, "row")]).toEqual(["1 row", "1,200 rows"]);
  expect([until("2026-01-01T00:00:30Z", Date.parse("2026-01-01T00:00:00Z")), until(null)]).toEqual([
    "30 seconds",
    "",
  ]);
});

const item = (fields: Partial<Item>): Item => ({
  index: 0,
  customId: "row-0002",
  row: 2,
  status: "pending",
  file: null,
  thumbnailUrl: null,
  code: null,
  reason: null,
  ...fields,
});

test("what came of a batch is said in one sentence", () => {
  const batch = (done: number, total: number) => made({ done, total } as Batch);
  expect(batch(1, 1)).toBe("The image is made.");
  expect(batch(1200, 1200)).toBe("All 1,200 images made.");
  expect(batch(1, 3)).toBe("1 of 3 images made.");
  expect(batch(0, 1)).toBe("0 of 1 image made.");
});

test("skipped rows are told from rows that a provider refused", () => {
  const skipped = item({ status: "failed", code: "invalid_input", attempts: 0 });
  const batch = { failed: 1 } as Batch;
  expect(onlySkipped(batch, [skipped])).toBe(true);
  expect(onlySkipped(batch, [{ ...skipped, attempts: 1 }])).toBe(false);
  expect(onlySkipped({ failed: 2 } as Batch, [skipped])).toBe(false);
});

test("a fifth image is not taken, and a signed address is known again", () => {
  const four = ["a?X-Amz-Date=1", "b", "c", "d"];
  expect(toggled(four, "e")).toEqual(four);
  expect(toggled(four, "a?X-Amz-Date=2")).toEqual(["b", "c", "d"]);
});

test("each variant must end with an image before the wizard goes on", () => {
  const linen = { variantId: 1, title: "Linen / White", product: "Linen", images: [] };
  expect(obstacle(NOTHING, 0)).toBe("Select at least one variant.");
  expect(obstacle({ ...NOTHING, variants: [linen] }, 1)).toBe("Linen / White needs 1 to 4 images.");
  expect(obstacle({ ...NOTHING, variants: [{ ...linen, images: ["a"] }] }, 1)).toBeNull();
});

test("a file goes to the variant that its name means", () => {
  const variants = [
    { variantId: 1001, title: "Linen / White", product: "Linen shirt", images: [] },
    { variantId: 1002, title: "Linen / Sand", product: "Linen shirt", images: [] },
    { variantId: 2001, title: "White", product: "Tote", images: [] },
  ];
  const found = (file: string) => variantOfFile(file, variants)?.variantId ?? null;
  expect(found("1002.jpg")).toBe(1002);
  expect(found("linen_white-front.PNG")).toBe(1001);
  expect(found("tote white.png")).toBe(2001);
  expect(found("front.png")).toBeNull();
});

test("a settings form is made of the schema", () => {
  expect(words("model_image_url")).toBe("Model image address");
  expect(plain({ anyOf: [{ type: "integer" }, { type: "null" }] }).type).toBe("integer");
  expect(plain({ type: ["integer", "null"] }).type).toBe("integer");
  expect(linesOf(" a \n\nb\nc", 2)).toEqual(["a", "b"]);
});

let kept: Map<string, string>;
beforeEach(() => {
  kept = new Map();
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});

test("a retry of one request has its key, the next request has another", async () => {
  const { once } = await import("../src/lib/idempotency");
  const keys: string[] = [];
  const lost = once(["same", new Blob(["x"])], (key) => {
    keys.push(key);
    return Promise.reject(new OfflineError());
  });
  await expect(lost).rejects.toThrow(OfflineError);
  for (let again = 0; again < 2; again += 1)
    await once(["same", new Blob(["x"])], async (key) => {
      keys.push(key);
    });
  expect(keys[1]).toBe(keys[0]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("the v1 API's names are turned into this page's, a client's own are left alone", async () => {
  const { camel } = await import("../src/lib/wire");
  expect(camel({ zip_url: null, cost: { max: "1" }, metadata: { my_key: "v" } })).toEqual({
    zipUrl: null,
    cost: { max: "1" },
    metadata: { my_key: "v" },
  });
});
