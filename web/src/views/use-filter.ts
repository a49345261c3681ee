import { useEffect, useMemo } from "preact/hooks";
import { captionOf } from "../lib/captions";
import type { ItemStore } from "../lib/item-store";
import { type Filter, type Marks, passes } from "../lib/review";
import type { Batch } from "../lib/types";

export interface Filtered {
  count: number;
  /** The item at a place of the filtered list. */
  indexAt: (position: number) => number;
  positionOf: (index: number) => number;
  /** False while rows are still being read. */
  complete: boolean;
}

interface Asked {
  filter: Filter;
  text: string;
}

/** The items that pass a filter. All of them need no list; a filter has to read every row once. */
export function useFilter(
  batch: Batch,
  store: ItemStore,
  tick: number,
  marks: Marks,
  { filter, text }: Asked,
): Filtered {
  const everything = filter === "all" && !text.trim();
  const { total, round } = batch;
  useEffect(() => {
    if (!everything) store.all(total).catch(() => {});
  }, [everything, store, total, round]);
  return useMemo(() => {
    if (everything) return { count: total, indexAt: same, positionOf: same, complete: true };
    const found = store
      .known()
      .filter((item) => passes(filter, item, marks))
      .filter((item) =>
        matches(text, captionOf(batch, item.index, item, store.row(item.index)), item),
      )
      .map((item) => item.index);
    return {
      count: found.length,
      indexAt: (position) => found[position] ?? 0,
      positionOf: (index) => found.indexOf(index),
      complete: store.complete(total),
    };
  }, [everything, filter, text, tick, marks, total, batch.variants, store]);
}

const same = (n: number): number => n;

function matches(
  text: string,
  caption: string,
  item: { customId: string; file: string | null; row: number | null },
): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const place = item.row ? `row ${item.row}` : "";
  const searched = `${caption} ${item.customId} ${item.file ?? ""} ${place}`.toLowerCase();
  return words.every((word) => searched.includes(word));
}
