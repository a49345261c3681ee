import { beforeEach, expect, test, vi } from "vitest";
import type { Batch } from "../src/lib/types";

const kept = new Map<string, string>();

beforeEach(() => {
  vi.resetModules();
  kept.clear();
  vi.stubGlobal("location", { search: "", pathname: "/batches/b1" });
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
    removeItem: (name: string) => kept.delete(name),
  });
});

/** Answers by the beginning of the address. */
function server(answers: Record<string, unknown>): void {
  vi.stubGlobal("fetch", async (url: string) => {
    const found = Object.entries(answers).find(([path]) => url.startsWith(path));
    return new Response(JSON.stringify(found?.[1]), { status: found ? 200 : 404 });
  });
}

const INPUT = "/api/batches/b1/input";
const item = (fields: object) => ({
  index: 0,
  row: null,
  customId: "item-0001",
  prompt: "a chair",
  aspectRatio: "1:1",
  cells: [],
  images: [],
  variantId: null,
  settings: {},
  ...fields,
});
const page = (kind: string, items: object[], fields: object = {}) => ({
  kind,
  template: null,
  columns: [],
  items,
  nextCursor: null,
  ...fields,
});

async function again(kind: Batch["kind"]): Promise<string> {
  const { runAgain } = await import("../src/views/run-again");
  return runAgain({ id: "b1", kind, name: "Spring" } as Batch);
}

const draft = (name: string) =>
  JSON.parse(kept.get(`draft:${name}:${kept.get(`draft:${name}`)}`) ?? "");

test("variants come with their titles, images and settings, each once", async () => {
  const settings = { purpose: "lifestyle", product_images: ["https://b/1?sig", "https://c/2"] };
  const two = [7, 7, 9, 9].map((variantId, index) => item({ index, variantId, settings }));
  const known = [7, 9].map((variantId) => ({
    variantId,
    variantTitle: `White ${variantId}`,
    productTitle: "Shirt",
  }));
  server({ [INPUT]: page("variants", two), "/api/batches/image-candidates": { variants: known } });

  expect(await again("variants")).toBe("/variants?step=2");

  expect(draft("variants")).toEqual({
    name: "Spring",
    variations: 2,
    input: { purpose: "lifestyle" },
    variants: [7, 9].map((variantId) => ({
      variantId,
      title: `White ${variantId}`,
      product: "Shirt",
      images: settings.product_images,
    })),
  });
});

test("prompts keep their reference images", async () => {
  const images = [{ url: "https://b/u1?sig", uploadId: "u1" }];
  server({ [INPUT]: page("prompts", [item({ images }), item({ prompt: "a table" })]) });

  expect(await again("prompts")).toBe("/prompts");

  const file = { id: "u1", name: "Reference image", url: "https://b/u1?sig" };
  const rows: { file: object | null }[] = draft("prompts").rows;
  expect(rows.map((row) => row.file)).toEqual([file, null]);
});

test("a sheet goes with its template, unless that was deleted", async () => {
  const rows = [item({ row: 2, cells: ["red"] })];
  const told = page("sheet", rows, { template: "chairs", columns: ["colour"] });
  const chairs = {
    name: "chairs",
    prompt: "{{colour}}",
    fileName: "",
    columns: {},
    aspectRatio: null,
  };
  server({ [INPUT]: told, "/api/templates": { items: [chairs] } });

  expect(await again("sheet")).toBe("/sheets?template=chairs");
  expect(JSON.parse(kept.get("template-draft") ?? "").prompt).toBe("{{colour}}");
  expect(JSON.parse(kept.get("handover:sheet") ?? "")).toEqual({
    name: "Spring.csv",
    text: "\ufeffcolour\r\nred\r\n",
  });

  server({ [INPUT]: told, "/api/templates": { items: [] } });
  expect(await again("sheet")).toBe("/sheets");
});
