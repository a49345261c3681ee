import { useEffect, useState } from "preact/hooks";
import { getItem } from "../../lib/gallery-api";
import { pause } from "../../lib/pause";
import type { Item, ItemDetail } from "../../lib/types";

/** Keys move faster than answers come: only where somebody stays is asked. */
const STAY_MS = 120;

export interface Detail {
  data: ItemDetail | undefined;
  error: unknown;
  reload: () => void;
}

/** An item's versions, read again when a new one was made. */
export function useDetail(batchId: string, item: Item | undefined): Detail {
  const [state, setState] = useState<{ data?: ItemDetail; error?: unknown }>({});
  const [turn, setTurn] = useState(0);
  const customId = item?.customId;
  useEffect(() => {
    if (!customId) return;
    const stop = new AbortController();
    pause(STAY_MS, stop.signal)
      .then(() => getItem(batchId, customId, stop.signal))
      .then(
        (data) => setState({ data }),
        (error: unknown) => !stop.signal.aborted && setState({ error }),
      );
    return () => stop.abort();
  }, [batchId, customId, item?.status, item?.versionCount, turn]);
  const own = state.data?.customId === customId;
  return {
    data: own ? state.data : undefined,
    error: state.error,
    reload: () => setTurn((n) => n + 1),
  };
}
