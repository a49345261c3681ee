import { useMemo, useRef, useState } from "preact/hooks";
import { listBatches } from "../lib/api";
import { count, money, plural } from "../lib/format";
import type { Batch } from "../lib/types";
import { useAction, useEvery, useLoad } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { running } from "../ui/Progress";
import { Title } from "../ui/Title";
import { Line } from "./batch-line";

const POLL = 2000;
const IDLE = 20_000;
const THUMBNAILS = 4;

export interface BatchQuery {
  q: string;
  kind: string;
  status: string;
}
const EVERYTHING: BatchQuery = { q: "", kind: "", status: "" };

export function BatchesView() {
  const [asked, setAsked] = useState(EVERYTHING);
  const list = useBatches(asked);
  const { batches, cursor } = list;
  const everything = asked === EVERYTHING || Object.values(asked).every((value) => !value);
  return (
    <div class="view">
      <Title text="Batches" />
      {(batches.length > 0 || !everything) && <Search asked={asked} onAsk={setAsked} />}
      <Problem error={list.error} />
      {list.loaded && !batches.length && (
        <div class="empty">
          <p>{everything ? "No batches yet." : "No batches match."}</p>
          {everything && (
            <a class="button main" href="/csv">
              Start with a sheet
            </a>
          )}
        </div>
      )}
      {batches.length > 0 && (
        <>
          <ul class="batches" aria-label="Batches">
            {batches.map((batch) => (
              <Line key={batch.id} batch={batch} changed={list.reload} />
            ))}
          </ul>
          <Total batches={batches} all={cursor === null} />
        </>
      )}
      {!list.loaded && !list.error && <p class="lead">Loading…</p>}
      {cursor && (
        <p class="more">
          <button class="button" disabled={list.more.busy} onClick={() => void list.more.run()}>
            Show older
          </button>
        </p>
      )}
      <Problem error={list.more.error} />
    </div>
  );
}

function useBatches(asked: BatchQuery) {
  const [older, setOlder] = useState<{ items: Batch[]; cursor: string | null } | null>(null);
  const key = JSON.stringify(asked);
  // Images are asked for once: looking again every two seconds is for the progress alone.
  const shownFor = useRef("");
  const newest = useLoad(
    async (signal) => {
      const thumbnails = shownFor.current === key ? 0 : THUMBNAILS;
      const page = await listBatches(null, signal, { ...asked, thumbnails });
      shownFor.current = key;
      return page;
    },
    [key],
  );
  const [olderKey, setOlderKey] = useState(key);
  const kept = olderKey === key ? older : null;
  const first = newest.data?.items ?? [];
  const batches = useMemo(() => {
    const known = new Set(first.map((batch) => batch.id));
    return [...first, ...(kept?.items ?? []).filter((batch) => !known.has(batch.id))];
  }, [first, kept]);
  const cursor = kept ? kept.cursor : (newest.data?.nextCursor ?? null);
  useEvery(first.some(running) || newest.error ? POLL : IDLE, newest.reload);
  const more = useAction(async () => {
    const page = await listBatches(cursor, undefined, { ...asked, thumbnails: THUMBNAILS });
    setOlderKey(key);
    setOlder({ items: [...(kept?.items ?? []), ...page.items], cursor: page.nextCursor });
  });
  return {
    batches,
    cursor,
    more,
    loaded: newest.data !== undefined,
    error: newest.error,
    reload: newest.reload,
  };
}

interface SearchProps {
  asked: BatchQuery;
  onAsk: (asked: BatchQuery) => void;
}

function Search({ asked, onAsk }: SearchProps) {
  return (
    <search class="filters">
      <label class="search-name">
        <span class="sr">Find a batch</span>
        <input
          type="search"
          placeholder="Find a batch by name"
          value={asked.q}
          onInput={(event) => onAsk({ ...asked, q: event.currentTarget.value })}
        />
      </label>
      <Choice
        label="Kind"
        value={asked.kind}
        options={{
          "": "All kinds",
          cars: "Cars",
          sheet: "Sheets",
          prompts: "Prompts",
          variants: "Variants",
        }}
        onChoose={(kind) => onAsk({ ...asked, kind })}
      />
      <Choice
        label="Status"
        value={asked.status}
        options={{
          "": "All statuses",
          processing: "Processing",
          completed: "Completed",
          failed: "Failed",
          cancelled: "Cancelled",
          expired: "Expired",
        }}
        onChoose={(status) => onAsk({ ...asked, status })}
      />
    </search>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: Record<string, string>;
  onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <label class="inline">
      <span class="sr">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {Object.entries(options).map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Development mode spends nothing: its amounts are left out of the sum. */
function Total({ batches, all }: { batches: Batch[]; all: boolean }) {
  const images = batches.reduce((sum, batch) => sum + batch.done, 0);
  const spent = batches
    .filter((batch) => batch.mode === "live")
    .reduce((sum, batch) => sum + Number(batch.cost.actual), 0);
  return (
    <p class="muted total">
      {all ? "" : "Shown: "}
      {plural(batches.length, "batch", "batches")}, {count(images)} images
      {spent > 0 && `, ${money(spent)} spent`}
    </p>
  );
}
