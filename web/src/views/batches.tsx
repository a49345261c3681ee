import { useState } from "preact/hooks";
import { cancelBatch, listBatches, retryBatch } from "../lib/api";
import { plural, time } from "../lib/format";
import type { Batch } from "../lib/types";
import { useAction, useEvery, useLoad } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { Bar, retriable, running, Status, spent } from "../ui/Progress";
import { Title } from "../ui/Title";
import { Download } from "./batch-archive";
import { kindOf, titleOf } from "./batch-title";

const POLL = 2000;
const IDLE = 20_000;

export function BatchesView() {
  const [older, setOlder] = useState<{ items: Batch[]; cursor: string | null } | null>(null);
  const newest = useLoad((signal) => listBatches(null, signal), []);
  const first = newest.data?.items ?? [];
  const batches = [
    ...first,
    ...(older?.items ?? []).filter((batch) => !first.some((one) => one.id === batch.id)),
  ];
  const cursor = older ? older.cursor : (newest.data?.nextCursor ?? null);
  useEvery(first.some(running) || newest.error ? POLL : IDLE, newest.reload);
  const more = useAction(async () => {
    const page = await listBatches(cursor);
    setOlder((old) => ({ items: [...(old?.items ?? []), ...page.items], cursor: page.nextCursor }));
  });

  return (
    <div class="view">
      <Title text="Batches" />
      <Problem error={newest.error} />
      {newest.data && !batches.length && (
        <div class="empty">
          <p>No batch yet.</p>
          <a class="button main" href="/csv">
            Start with a sheet
          </a>
        </div>
      )}
      {batches.length > 0 && (
        <ul class="batches">
          {batches.map((batch) => (
            <Line key={batch.id} batch={batch} changed={newest.reload} />
          ))}
        </ul>
      )}
      {!newest.data && !newest.error && <p class="lead">Loading…</p>}
      {cursor && (
        <p class="more">
          <button class="button" disabled={more.busy} onClick={() => void more.run()}>
            Show older
          </button>
        </p>
      )}
      <Problem error={more.error} />
    </div>
  );
}

function Line({ batch, changed }: { batch: Batch; changed: () => void }) {
  const cancel = useAction(async () => {
    await cancelBatch(batch.id);
    changed();
  });
  const retry = useAction(async () => {
    await retryBatch(batch.id, batch.round);
    changed();
  });
  const name = titleOf(batch);
  const stoppable = batch.status === "queued" || batch.status === "processing";
  return (
    <li class="line">
      <div class="line-name">
        <a href={`/batches/${batch.id}`}>{name}</a>
        <span class="muted">
          {kindOf(batch)}, {plural(batch.total, "image")}, {time(batch.createdAt)}
        </span>
      </div>
      <div class="line-state">
        <Status status={batch.status} />
        {batch.failed > 0 && <span class="failed-note">{batch.failed} failed</span>}
      </div>
      <div class="line-bar">
        <Bar batch={batch} label={`Progress of ${name}`} />
        <span class="muted">{batch.percent} %</span>
      </div>
      <span class="line-cost">{spent(batch)}</span>
      <div class="line-actions">
        {stoppable && (
          <button
            class="button quiet small"
            disabled={cancel.busy}
            aria-label={`Cancel ${name}`}
            onClick={() => void cancel.run()}
          >
            Cancel
          </button>
        )}
        {retriable(batch) && (
          <button
            class="button quiet small"
            disabled={retry.busy}
            aria-label={`Retry failed of ${name}`}
            onClick={() => void retry.run()}
          >
            Retry failed
          </button>
        )}
        <Download batch={batch} onBatch={changed} small />
      </div>
      <Problem error={cancel.error ?? retry.error} />
    </li>
  );
}
