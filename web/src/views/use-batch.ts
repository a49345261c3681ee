import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { getBatch, getFullBatch } from "../lib/api";
import { itemsFrom, rowsFrom } from "../lib/gallery-api";
import { ItemStore } from "../lib/item-store";
import { ApiError } from "../lib/problems";
import type { Batch, Progress } from "../lib/types";
import { type Connection, watch } from "../lib/watch";
import { useEvery } from "../ui/hooks";
import { running } from "../ui/Progress";

const SIGNED_FOR = 10 * 60_000;
const STALE_AFTER = 30_000;
/** How soon a finished batch shows what was started elsewhere. */
const LOOK_AGAIN = 15_000;

export interface BatchWatch {
  batch: Batch | undefined;
  store: ItemStore;
  /** Changes with the store. */
  tick: number;
  error: unknown;
  connection: Connection;
  refresh: () => void;
  /** Takes what the server answered to an action. */
  replace: (batch: Batch) => void;
  /** Reads the batch again. */
  reload: () => Promise<Batch>;
}

/** A batch and its items, as they are now and as they change. */
export function useBatch(id: string): BatchWatch {
  const [batch, setBatch] = useState<Batch>();
  const [error, setError] = useState<unknown>(null);
  const [connection, setConnection] = useState<Connection>("live");
  const [turn, setTurn] = useState(0);
  const read = useRef(0);
  const { store, tick } = useStore(id);

  const load = useCallback(
    async (signal?: AbortSignal, get = getFullBatch): Promise<Batch> => {
      read.current = Date.now();
      const [next] = await Promise.all([get(id, signal), store.refresh()]);
      setBatch((old) => ({ ...old, ...next }));
      setError(null);
      store.tell();
      return next;
    },
    [id, store],
  );
  const reload = useCallback(() => load(), [load]);

  const live = batch ? running(batch) : undefined;
  // Before the first frame: answers that are there already are then part of it.
  useLayoutEffect(() => {
    const stop = new AbortController();
    load(stop.signal).catch((problem: unknown) => !stop.signal.aborted && setError(problem));
    return () => stop.abort();
  }, [load, turn]);

  useEffect(() => {
    if (!live) return;
    return watch(id, {
      progress: (now) => setBatch((old) => old && withProgress(old, now)),
      item: (change) => store.apply(change),
      poll: async (signal) => !running(await load(signal, getBatch)),
      connection: setConnection,
    });
  }, [id, live, load, store]);

  const refresh = useCallback(() => {
    if (Date.now() - read.current > STALE_AFTER) load().catch(() => {});
  }, [load]);
  useEvery(live === false ? SIGNED_FOR : null, refresh);
  useEvery(live === false ? LOOK_AGAIN : null, () => {
    getBatch(id).then(
      (next) => setBatch((old) => (old ? { ...old, ...next } : next)),
      () => {},
    );
  });
  const round = batch?.round ?? 0;
  const shownRound = useRef(0);
  useEffect(() => {
    if (shownRound.current && round > shownRound.current) store.refresh().catch(() => {});
    shownRound.current = round;
  }, [round, store]);
  useEvery(error && !batch && !isFinal(error) ? 2000 : null, () => setTurn((n) => n + 1));

  const replace = useCallback(
    (next: Batch) => {
      setBatch((old) => (old ? { ...old, ...next } : next));
      load().catch(() => {});
    },
    [load],
  );
  return useMemo(
    () => ({ batch, store, tick, error, connection, refresh, replace, reload }),
    [batch, store, tick, error, connection, refresh, replace, reload],
  );
}

function useStore(id: string): { store: ItemStore; tick: number } {
  const [tick, setTick] = useState(0);
  const store = useMemo(
    () =>
      new ItemStore({
        items: (start, signal) => itemsFrom(id, start, signal),
        rows: (start, signal) => rowsFrom(id, start, signal),
      }),
    [id],
  );
  useLayoutEffect(() => {
    const leave = store.subscribe(() => setTick((n) => n + 1));
    return () => {
      leave();
      store.close();
    };
  }, [store]);
  return { store, tick };
}

const isFinal = (error: unknown): boolean => error instanceof ApiError && error.status < 500;

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
