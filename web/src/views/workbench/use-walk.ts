import { useEffect, useRef, useState } from "preact/hooks";
import type { Filter } from "../../lib/review";
import type { Batch } from "../../lib/types";
import type { BatchWatch } from "../use-batch";
import { type Filtered, useFilter } from "../use-filter";
import type { MarkBook } from "../use-marks";

export interface Walk {
  index: number;
  position: number;
  count: number;
  filter: Filter;
  setFilter: (filter: Filter) => void;
  move: (by: number) => void;
  /** On to the next image that nobody has looked at. */
  unseen: () => void;
}

/**
 * The way through the images. What passes a filter is settled once it is set: looking at a
 * image, or making it again, does not take it away from under one's eyes.
 */
export function useWalk(
  batch: Batch,
  watch: BatchWatch,
  { marks }: MarkBook,
  start: { index: number; filter: Filter },
): Walk {
  const [filter, setFilter] = useState<Filter>(start.filter);
  const [index, setIndex] = useState(start.index);
  const found = useSettled(batch, watch, marks, filter);
  const position = found.positionOf(index);
  useEffect(() => {
    if (position < 0 && found.count > 0) setIndex(found.indexAt(0));
  }, [position, found]);
  const move = (by: number) => {
    const next = position + by;
    if (next >= 0 && next < found.count) setIndex(found.indexAt(next));
  };
  const unseen = () => {
    for (let step = 1; step <= found.count; step += 1) {
      const next = found.indexAt((Math.max(0, position) + step) % found.count);
      if (marks.looked.has(next) || watch.store.get(next)?.status !== "succeeded") continue;
      setIndex(next);
      return;
    }
  };
  return { index, position, count: found.count, filter, setFilter, move, unseen };
}

function useSettled(
  batch: Batch,
  { store, tick }: BatchWatch,
  marks: MarkBook["marks"],
  filter: Filter,
): Filtered {
  const settled = useRef<{ filter: Filter; found: Filtered } | null>(null);
  const now = useFilter(batch, store, tick, marks, { filter, text: "" });
  if (settled.current?.filter === filter) return settled.current.found;
  settled.current = now.complete ? { filter, found: now } : null;
  return now;
}
