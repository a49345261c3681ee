import type { Batch, InputRow, Item } from "./types";

const NAMING = ["make", "model", "year"];
const BACKGROUNDS = /-(white|hub)(-\d+)?$/;
const LONGEST = 80;

/** What a person calls the image: make, model and year, its variant, or the words of its prompt. */
export function captionOf(
  batch: Pick<Batch, "kind" | "variants">,
  index: number,
  item: Item | undefined,
  row: InputRow | undefined,
): string {
  const named = row ? namedBy(row) : "";
  if (named) return named;
  if (item?.caption) return item.caption;
  const variant = variantOf(batch.variants ?? [], index);
  if (variant) return variant;
  if (batch.kind === "prompts" && row?.prompt) return clipped(row.prompt);
  if (item?.file) return readable(item.file);
  return row?.prompt ? clipped(row.prompt) : "";
}

/** The images of a variant follow each other, in the order of the batch's variants. */
function variantOf(variants: NonNullable<Batch["variants"]>, index: number): string {
  let first = 0;
  for (const { name, total } of variants) {
    if (index < first + total) return total > 1 ? `${name} ${index - first + 1}` : name;
    first += total;
  }
  return "";
}

function namedBy(row: InputRow): string {
  const values = new Map(row.fields.map(([name, value]) => [name.trim().toLowerCase(), value]));
  return NAMING.map((name) => values.get(name)?.trim() ?? "")
    .filter(Boolean)
    .join(" ");
}

/** A file name as words: `Ford-Model_1-2024-white.png` is “Ford Model 1 2024”. */
export function readable(file: string): string {
  const stem = file.replace(/^.*\//, "").replace(/\.\w+$/, "");
  return clipped(stem.replace(BACKGROUNDS, "").replace(/[-_]+/g, " ").trim() || stem);
}

const clipped = (text: string): string =>
  text.length > LONGEST ? `${text.slice(0, LONGEST - 1).trimEnd()}…` : text;

/** Where it stands: the sheet's row, or the id that a client gave. */
export function placeOf(
  batch: Pick<Batch, "total">,
  index: number,
  known: Pick<Item, "row" | "customId"> | undefined,
): string {
  if (known?.row) return `Row ${known.row}`;
  const own = known?.customId && !/^(item|row)-\d+$/.test(known.customId) ? known.customId : "";
  return own || (batch.total > 1 ? `${index + 1}` : "");
}

/** The row's values that say something, in the sheet's order. */
export const filled = (row: InputRow | undefined): [string, string][] =>
  (row?.fields ?? []).filter(([, value]) => value.trim() !== "");
