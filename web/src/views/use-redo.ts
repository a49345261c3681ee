import { useCallback, useEffect, useState } from "preact/hooks";
import { redoItems } from "../lib/gallery-api";
import { pause } from "../lib/pause";
import { ApiError } from "../lib/problems";
import type { Batch } from "../lib/types";
import { running } from "../ui/Progress";

/** Somebody else's round may be running: it is tried again a little later. */
const CONFLICT_PAUSE = 5000;

interface Wish {
  customId: string;
  note: string;
}

export interface RedoQueue {
  /** Those that wait for the round that is running. */
  waiting: readonly Wish[];
  busy: boolean;
  error: unknown;
  add: (customIds: string[], note: string) => void;
  drop: () => void;
}

/**
 * Images to make again. A round takes one note and a batch one round at a time, so what is asked
 * for while a round runs waits here until it ends.
 */
export function useRedo(batch: Batch | undefined, replace: (batch: Batch) => void): RedoQueue {
  const [waiting, setWaiting] = useState<readonly Wish[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const free = batch !== undefined && !running(batch) && !busy && error === null;
  useEffect(() => {
    const first = waiting[0];
    if (!batch || !free || !first) return;
    const items = waiting.filter((one) => one.note === first.note).map((one) => one.customId);
    setBusy(true);
    redoItems(batch, { items, note: first.note })
      .then((next) => {
        setWaiting((old) => old.filter((one) => one.note !== first.note));
        replace(next);
      })
      .catch((problem: unknown) =>
        isConflict(problem) ? pause(CONFLICT_PAUSE) : setError(problem),
      )
      .finally(() => setBusy(false));
  }, [free, waiting]);
  const add = useCallback((customIds: string[], note: string) => {
    setError(null);
    setWaiting((old) => [
      ...old.filter((one) => !customIds.includes(one.customId)),
      ...customIds.map((customId) => ({ customId, note: note.trim() })),
    ]);
  }, []);
  const drop = useCallback(() => {
    setWaiting([]);
    setError(null);
  }, []);
  return { waiting, busy, error, add, drop };
}

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.status === 409;
