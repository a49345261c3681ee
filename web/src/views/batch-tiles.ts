import { captionOf, placeOf } from "../lib/captions";
import type { ItemStore } from "../lib/item-store";
import type { Marks } from "../lib/review";
import type { Batch, Item, ItemStatus } from "../lib/types";
import type { Tile } from "../ui/ImageGrid";

const STATES: Record<ItemStatus, Tile["state"]> = {
  pending: "waiting",
  processing: "working",
  succeeded: "ready",
  failed: "failed",
  cancelled: "cancelled",
};

/** One tile an item from the start, so that nothing moves when its image arrives. */
export function tileOf(
  batch: Pick<Batch, "kind" | "total" | "variants">,
  store: ItemStore,
  marks: Marks,
  index: number,
): Tile {
  const item = store.get(index);
  const row = store.row(index);
  const versions = item?.versionCount ?? 1;
  return {
    id: String(index),
    state: item ? STATES[item.status] : "waiting",
    label: captionOf(batch, index, item, row),
    place: placeOf(batch, index, item?.customId ? item : row),
    reason: item?.reason ?? undefined,
    url: item?.thumbnailUrl ?? null,
    badges: versions > 1 ? [`${versions} versions`] : [],
    marked: marks.marked.has(index),
  };
}

/** Rows that were skipped for an invalid value have nothing that could be tried again. */
export function onlySkipped(batch: Batch, items: readonly Item[]): boolean {
  const failed = items.filter((item) => item.status === "failed");
  return (
    failed.length === batch.failed &&
    failed.every((item) => item.code === "invalid_input" && item.attempts === 0)
  );
}
