import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

/** Fewer than this are simply all there. */
const ALL_UP_TO = 150;
const FIRST = 60;
const REPORT_MS = 80;

export interface Range {
  from: number;
  to: number;
  columns: number;
  rowHeight: number;
  /** The space of the rows before and after, in pixels. */
  above: number;
  below: number;
}

/** Which tiles of a grid of equal tiles are needed for what is scrolled into view, and around it. */
export function rangeOf(
  count: number,
  columns: number,
  rowHeight: number,
  scrolled: number,
  height: number,
): Range {
  const rows = Math.ceil(count / columns);
  if (count <= ALL_UP_TO || !rowHeight)
    return { from: 0, to: Math.min(count, ALL_UP_TO), columns, rowHeight, above: 0, below: 0 };
  const first = Math.floor((scrolled - height) / rowHeight);
  const from = Math.min(Math.max(0, first), Math.max(0, rows - 1));
  const last = Math.ceil((scrolled + 2 * height) / rowHeight);
  const to = Math.min(Math.max(from + 1, last), rows);
  return {
    from: from * columns,
    to: Math.min(to * columns, count),
    columns,
    rowHeight,
    above: from * rowHeight,
    below: (rows - to) * rowHeight,
  };
}

export function useWindow(
  list: RefObject<HTMLUListElement | null>,
  count: number,
  onView?: (from: number, to: number) => void,
): Range {
  const [range, setRange] = useState<Range>(() => unmeasured(count));
  useLayoutEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const found = list.current && measured(list.current, count);
      if (found) setRange((old) => (sameRange(old, found) ? old : found));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    // Where all are shown, the first frame need not wait for it: the observer calls after that.
    if (count > ALL_UP_TO) look();
    const observer = new ResizeObserver(soon);
    if (list.current) observer.observe(list.current);
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [count]);
  const { from, to } = range;
  useEffect(() => {
    if (!onView || to <= from) return;
    const timer = setTimeout(() => onView(from, to), REPORT_MS);
    return () => clearTimeout(timer);
  }, [from, to, onView]);
  return range;
}

/** The first tiles, of which the height of all is learnt. */
const unmeasured = (count: number): Range => ({
  ...rangeOf(count, 1, 0, 0, 0),
  to: Math.min(count, FIRST),
});

function measured(list: HTMLUListElement, count: number): Range {
  const tile = list.querySelector<HTMLElement>("li");
  if (!tile) return unmeasured(count);
  const style = getComputedStyle(list);
  const columns = style.gridTemplateColumns.split(" ").length;
  const rowHeight = tile.offsetHeight + (Number.parseFloat(style.rowGap) || 0);
  return rangeOf(count, columns, rowHeight, -list.getBoundingClientRect().top, innerHeight);
}

const sameRange = (a: Range, b: Range): boolean =>
  a.from === b.from &&
  a.to === b.to &&
  a.columns === b.columns &&
  Math.abs(a.rowHeight - b.rowHeight) < 0.5 &&
  a.above === b.above &&
  a.below === b.below;
