import { EventSourceParserStream } from "eventsource-parser/stream";
import { authorization } from "./api";
import { debug } from "./debug";
import { limited, pause } from "./pause";
import { ApiError, OfflineError } from "./problems";
import type { ItemChange, Progress } from "./types";
import { camel, type Schemas } from "./wire";

export type Connection = "live" | "polling" | "lost";

export interface Watcher {
  progress(now: Progress): void;
  item(change: ItemChange): void;
  /** Reads the batch anew by the plain API. True when it has ended. */
  poll(signal: AbortSignal): Promise<boolean>;
  connection(state: Connection): void;
}

export interface Pace {
  poll: number;
  polls: number;
  silence: number;
}
const PACE: Pace = { poll: 2000, polls: 5, silence: 40_000 };
const ENDS = new Set(["completed", "failed", "cancelled"]);

/** Follows a batch by its live events, by polling where those are refused. Returns how to stop. */
export function watch(batchId: string, watcher: Watcher, pace: Pace = PACE): () => void {
  const stop = new AbortController();
  follow(batchId, watcher, pace, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) debug("watching stopped", error);
  });
  return () => stop.abort();
}

async function follow(
  batchId: string,
  watcher: Watcher,
  pace: Pace,
  signal: AbortSignal,
): Promise<void> {
  const place = { last: "", retry: 500 };
  while (!signal.aborted) {
    try {
      const ended = await listen(batchId, watcher, place, pace, signal);
      if (ended && (await watcher.poll(signal))) return;
      await pause(ended ? pace.poll : place.retry, signal);
    } catch (error) {
      if (signal.aborted) return;
      debug("live events are not to be had", error);
      if (await fallBack(watcher, pace, isUnreachable(error), signal)) return;
    }
  }
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof OfflineError;

interface Place {
  last: string;
  retry: number;
}

async function listen(
  batchId: string,
  watcher: Watcher,
  place: Place,
  pace: Pace,
  signal: AbortSignal,
): Promise<boolean> {
  const bounded = limited(signal, pace.silence);
  try {
    return await readAnswer(batchId, watcher, place, bounded.signal);
  } finally {
    bounded.release();
  }
}

/** Reads one answer. True when its last word is that the batch has ended. */
async function readAnswer(
  batchId: string,
  watcher: Watcher,
  place: Place,
  signal: AbortSignal,
): Promise<boolean> {
  const response = await fetch(`/api/v1/batch/${encodeURIComponent(batchId)}/progress`, {
    headers: {
      Accept: "text/event-stream",
      ...(place.last ? { "Last-Event-ID": place.last } : {}),
      ...authorization(),
    },
    cache: "no-store",
    signal,
  });
  if (response.status === 204) {
    watcher.connection("live");
    return true;
  }
  const events = response.headers.get("Content-Type")?.startsWith("text/event-stream");
  if (!response.ok || !events || !response.body)
    throw new ApiError(response.status, "live events were refused");
  watcher.connection("live");
  const parsed = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(
      new EventSourceParserStream({
        onRetry: (ms: number) => {
          place.retry = ms;
        },
      }),
    );
  const reader = parsed.getReader();
  let ended = false;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { id, event, data } = next.value;
    if (id) place.last = id;
    debug(`event ${event ?? "message"} ${id ?? ""}`, data);
    ended = event !== undefined && ENDS.has(event);
    if (event === "progress") watcher.progress(camel(JSON.parse(data) as Schemas["ProgressEvent"]));
    else if (event === "item") watcher.item(camel(JSON.parse(data) as Schemas["ItemEvent"]));
  }
  return ended;
}

/** Polls for a while, longer when there is no connection at all; then live events are tried again. */
async function fallBack(
  watcher: Watcher,
  pace: Pace,
  unreachable: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  let lost = unreachable;
  for (let polls = 0; polls < pace.polls; ) {
    try {
      if (await watcher.poll(signal)) {
        watcher.connection("live");
        return true;
      }
      if (lost) return false;
      watcher.connection("polling");
      polls += 1;
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof ApiError && [401, 403, 404].includes(error.status)) throw error;
      lost = error instanceof OfflineError;
      watcher.connection("lost");
    }
    await pause(pace.poll, signal);
  }
  return false;
}
