import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Watcher } from "../src/lib/watch";

const PACE = { poll: 1, polls: 2, silence: 5000 };
let requests: Headers[];
let answers: (() => Response | Promise<Response>)[];
let watch: typeof import("../src/lib/watch").watch;

const stream = (text: string) => () =>
  new Response(text, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
const progress = (id: number, percent: number) =>
  `id: ${id}\nevent: progress\ndata: {"percent": ${percent}, "waiting_for": null}\n\n`;

function watcher(polls: (boolean | Error)[] = [true]) {
  const seen: unknown[] = [];
  let ended: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const told: Watcher = {
    progress: (now) => seen.push(now.percent),
    item: (change) => seen.push(change.thumbnailUrl),
    connection: (state) => {
      if (seen.at(-1) !== state) seen.push(state);
    },
    poll: async () => {
      const next = polls.shift() ?? true;
      if (next instanceof Error) throw next;
      seen.push("polled");
      if (next) ended();
      return next;
    },
  };
  return { told, seen, over };
}

beforeAll(async () => {
  vi.stubGlobal("location", { search: "" });
  vi.stubGlobal("sessionStorage", { getItem: () => null, setItem: () => {} });
  ({ watch } = await import("../src/lib/watch"));
});

beforeEach(() => {
  requests = [];
  answers = [];
  vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
    requests.push(new Headers(init.headers));
    const next = answers.shift();
    if (!next) throw new Error("no answer was expected");
    return Promise.resolve(next());
  });
});

afterEach(() => vi.unstubAllGlobals);

test("events are told as they come, and the next request carries on after the last of them", async () => {
  answers = [
    stream(
      `retry: 1\n\n${progress(4, 10)}id: 5\nevent: item\ndata: {"index": 0, "thumbnail_url": "a.png"}\n\n`,
    ),
    stream(progress(6, 20)),
    stream('id: 7\nevent: completed\ndata: {"status": "completed"}\n\n'),
  ];
  const { told, seen, over } = watcher();
  watch("b", told, PACE);
  await over;
  expect(seen).toEqual(["live", 10, "a.png", "live", 20, "live", "polled"]);
  expect(requests.map((headers) => headers.get("Last-Event-ID"))).toEqual([null, "5", "6"]);
});

test("a refused watcher polls, and comes back to live events after a while", async () => {
  answers = [() => new Response(null, { status: 503 }), () => new Response(null, { status: 204 })];
  const { told, seen, over } = watcher([false, false, true]);
  watch("b", told, PACE);
  await over;
  expect(seen).toEqual(["polled", "polling", "polled", "polling", "live", "polled"]);
  expect(requests).toHaveLength(2);
});

test("a lost connection is told, and heals by itself", async () => {
  const { OfflineError } = await import("../src/lib/problems");
  answers = [
    () => {
      throw new TypeError("network error");
    },
    stream(`retry: 1\n\n${progress(2, 50)}`),
    () => new Response(null, { status: 204 }),
  ];
  const { told, seen, over } = watcher([new OfflineError(), new OfflineError(), false, true]);
  watch("b", told, PACE);
  await over;
  expect(seen).toEqual(["lost", "polled", "live", 50, "live", "polled"]);
});

test("a batch that ended while the connection was lost is not told as lost", async () => {
  const { OfflineError } = await import("../src/lib/problems");
  answers = [
    () => {
      throw new TypeError("network error");
    },
  ];
  const { told, seen } = watcher([new OfflineError(), true]);
  watch("b", told, PACE);
  await vi.waitFor(() => expect(seen).toEqual(["lost", "polled", "live"]));
});

test("an end that a later round has overtaken is not the end", async () => {
  answers = [
    stream(`retry: 1\n\nid: 3\nevent: completed\ndata: {}\n\n${progress(5, 98)}`),
    stream("id: 9\nevent: completed\ndata: {}\n\n"),
  ];
  const { told, seen, over } = watcher();
  watch("b", told, PACE);
  await over;
  expect(seen).toEqual(["live", 98, "live", "polled"]);
});

test("a wait and a bounded request leave no listener on the watch's signal", async () => {
  const { limited, pause } = await import("../src/lib/pause");
  const { signal } = new AbortController();
  let listeners = 0;
  vi.spyOn(signal, "addEventListener").mockImplementation(() => {
    listeners += 1;
  });
  vi.spyOn(signal, "removeEventListener").mockImplementation(() => {
    listeners -= 1;
  });
  for (let round = 0; round < 3; round += 1) {
    await pause(0, signal);
    limited(signal, 1000).release();
  }
  expect(listeners).toBe(0);
});

test("a wait ends with the signal's reason", async () => {
  const { pause } = await import("../src/lib/pause");
  const stop = new AbortController();
  const waited = pause(10_000, stop.signal);
  stop.abort(new Error("left"));
  await expect(waited).rejects.toThrow("left");
  await expect(pause(10_000, stop.signal)).rejects.toThrow("left");
});
