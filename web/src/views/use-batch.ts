import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { getBatch, getFullBatch, getItems } from "../lib/api";
import { ApiError } from "../lib/problems";
import type { Batch, Item, Progress } from "../lib/types";
import { type Connection, watch } from "../lib/watch";
import { useEvery } from "../ui/hooks";
import { running } from "../ui/Progress";
import { applied } from "./batch-tiles";

const PAGE = 100;
const SIGNED_FOR = 10 * 60_000;
const STALE_AFTER = 30_000;

export interface BatchWatch {
  batch: Batch | undefined;
  items: ReadonlyMap<number, Item>;
  limit: number;
  error: unknown;
  connection: Connection;
  more: () => void;
  refresh: () => void;
  /** Takes what the server answered to a cancel or a retry. */
  replace: (batch: Batch) => void;
}

/** A batch and its items, as they are now and as they change. */
export function useBatch(id: string): BatchWatch {
  const [batch, setBatch] = useState<Batch>();
  const [items, setItems] = useState<ReadonlyMap<number, Item>>(new Map());
  const [limit, setLimit] = useState(PAGE);
  const [error, setError] = useState<unknown>(null);
  const [connection, setConnection] = useState<Connection>("live");
  const [turn, setTurn] = useState(0);
  const shown = useRef(limit);
  shown.current = limit;
  const read = useRef(0);

  const load = useCallback(
    async (signal: AbortSignal, get = getFullBatch): Promise<Batch> => {
      read.current = Date.now();
      const [next, pages] = await Promise.all([
        get(id, signal),
        readItems(id, shown.current, signal),
      ]);
      setItems((old) => (pages.length ? new Map(pages.map((item) => [item.index, item])) : old));
      setBatch((old) => ({ ...old, ...next }));
      setError(null);
      return next;
    },
    [id],
  );

  const live = batch ? running(batch) : undefined;
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).catch((problem: unknown) => !stop.signal.aborted && setError(problem));
    return () => stop.abort();
  }, [load, limit, turn]);

  useEffect(() => {
    if (!live) return;
    return watch(id, {
      progress: (now) => setBatch((old) => old && withProgress(old, now)),
      item: (change) =>
        setItems((old) => (change.index < shown.current ? applied(old, change) : old)),
      poll: async (signal) => !running(await load(signal, getBatch)),
      connection: setConnection,
    });
  }, [id, live, load]);

  const refresh = useCallback(() => {
    if (Date.now() - read.current > STALE_AFTER)
      void load(new AbortController().signal).catch(() => {});
  }, [load]);
  useEvery(live === false ? SIGNED_FOR : null, refresh);
  useEvery(error && !batch && !isFinal(error) ? 2000 : null, () => setTurn((n) => n + 1));

  const replace = useCallback(
    (next: Batch) => {
      setBatch((old) => (old ? { ...old, ...next } : next));
      void load(new AbortController().signal).catch(() => {});
    },
    [load],
  );
  const more = useCallback(() => setLimit((n) => n + PAGE), []);
  return useMemo(
    () => ({ batch, items, limit, error, connection, more, refresh, replace }),
    [batch, items, limit, error, connection, more, refresh, replace],
  );
}

const isFinal = (error: unknown): boolean => error instanceof ApiError && error.status < 500;

async function readItems(id: string, limit: number, signal: AbortSignal): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof getItems>> = await getItems(id, cursor, signal);
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && items.length < limit);
  return items;
}

function withProgress(batch: Batch, now: Progress): Batch {
  return {
    ...batch,
    status: now.status,
    total: now.total,
    pending: now.pending,
    processing: now.processing,
    done: now.succeeded,
    failed: now.failed,
    cancelled: now.cancelled,
    percent: now.percent,
    cost: { ...batch.cost, actual: now.cost },
    eta: now.eta,
    waitingFor: now.waitingFor,
  };
}
