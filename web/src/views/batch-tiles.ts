import type { Batch, Item, ItemStatus } from "../lib/types";
import type { Tile } from "../ui/Gallery";

const STATES: Record<ItemStatus, Tile["state"]> = {
  pending: "waiting",
  processing: "working",
  succeeded: "ready",
  failed: "failed",
  cancelled: "cancelled",
};

/** One tile an item from the start, so that nothing moves when its image arrives. */
export function tilesOf(batch: Batch, items: ReadonlyMap<number, Item>, limit: number): Tile[] {
  return Array.from({ length: Math.min(batch.total, limit) }, (_, index) => {
    const item = items.get(index);
    if (!item)
      return { id: String(index), state: "waiting", label: `${index + 1}`, text: "", url: null };
    return {
      id: String(index),
      state: STATES[item.status],
      label: item.row ? `Row ${item.row}` : item.customId || `${index + 1}`,
      text: item.reason ?? item.file ?? "",
      url: item.status === "succeeded" ? item.thumbnailUrl : null,
    };
  });
}

/** Rows that were skipped for an invalid value have nothing that could be tried again. */
export function onlySkipped(batch: Batch, items: ReadonlyMap<number, Item>): boolean {
  const failed = [...items.values()].filter((item) => item.status === "failed");
  return (
    failed.length === batch.failed &&
    failed.every((item) => item.code === "invalid_input" && item.attempts === 0)
  );
}

/** What an event says of an item, over what was known. A finished image is never taken back. */
export function applied(
  items: ReadonlyMap<number, Item>,
  change: Partial<Item> & { index: number },
): Map<number, Item> {
  const known = items.get(change.index);
  if (known?.status === "succeeded" && change.status !== "succeeded")
    return items as Map<number, Item>;
  const empty: Item = {
    index: change.index,
    customId: "",
    row: null,
    status: "pending",
    file: null,
    thumbnailUrl: null,
    code: null,
    reason: null,
  };
  return new Map(items).set(change.index, { ...(known ?? empty), ...change });
}
