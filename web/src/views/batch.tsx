import { useRoute } from "preact-iso";
import { cancelBatch, retryBatch } from "../lib/api";
import { money, plural, time } from "../lib/format";
import type { Batch } from "../lib/types";
import { Gallery } from "../ui/Gallery";
import { useAction } from "../ui/hooks";
import { Notice, Problem } from "../ui/Problem";
import { Bar, Counts, doing, retriable, running, Status, spent } from "../ui/Progress";
import { Title } from "../ui/Title";
import { onlySkipped, tilesOf } from "./batch-tiles";
import { titleOf } from "./batch-title";
import { type BatchWatch, useBatch } from "./use-batch";

export function BatchView() {
  const { params } = useRoute();
  return <Watched key={params.id} id={params.id ?? ""} />;
}

function Watched({ id }: { id: string }) {
  const watch = useBatch(id);
  const { batch, error } = watch;
  if (!batch) {
    return (
      <div class="view">
        <Title text="Batch" />
        {error ? (
          <Problem error={error}>
            <a href="/batches">Back to batches</a>
          </Problem>
        ) : (
          <p class="lead">Loading…</p>
        )}
      </div>
    );
  }
  return (
    <div class="view">
      <Head batch={batch} watch={watch} />
      <Connection state={watch.connection} />
      <Panel batch={batch} />
      <Pictures batch={batch} watch={watch} />
      {batch.variants && batch.variants.length > 0 && <Variants batch={batch} />}
    </div>
  );
}

function Head({ batch, watch }: { batch: Batch; watch: BatchWatch }) {
  const cancel = useAction(async () => watch.replace(await cancelBatch(batch.id)));
  const retry = useAction(async () => watch.replace(await retryBatch(batch.id, batch.round)));
  const stoppable = batch.status === "queued" || batch.status === "processing";
  return (
    <>
      <div class="head">
        <div>
          <Title text={titleOf(batch)} />
          <p class="meta">
            <Status status={batch.status} />
            <span>{time(batch.createdAt)}</span>
            {batch.round > 1 && <span>round {batch.round}</span>}
            {batch.mode === "development" && <span>development mode</span>}
            {batch.folderId && (
              <a href={`/folders/${encodeURIComponent(batch.folderId)}`}>Shared folder</a>
            )}
          </p>
        </div>
        <div class="row head-actions">
          {retriable(batch) && !onlySkipped(batch, watch.items) && (
            <button class="button" disabled={retry.busy} onClick={() => void retry.run()}>
              Retry failed
            </button>
          )}
          {stoppable && (
            <button class="button" disabled={cancel.busy} onClick={() => void cancel.run()}>
              Cancel
            </button>
          )}
          <Download batch={batch} />
        </div>
      </div>
      <Problem error={cancel.error ?? retry.error} />
    </>
  );
}

export function Download({ batch, small = false }: { batch: Batch; small?: boolean }) {
  const size = small ? " small quiet" : " main";
  if (batch.zipUrl)
    return (
      <a class={`button${size}`} href={batch.zipUrl} download>
        Download ZIP
      </a>
    );
  return small ? null : (
    <button class={`button${size}`} disabled>
      Download ZIP
    </button>
  );
}

function Connection({ state }: { state: BatchWatch["connection"] }) {
  if (state !== "lost") return null;
  return (
    <Notice
      kind="warn"
      title="The connection is lost."
      text="The batch keeps running. Reconnecting every 2 seconds…"
    />
  );
}

/** Everything that can appear later has its place from the start: nothing below moves. */
function Panel({ batch }: { batch: Batch }) {
  return (
    <section class="panel" aria-label="Progress">
      <div class="panel-top">
        <p class="percent">
          {batch.percent}
          <small>%</small>
        </p>
        <Counts batch={batch} />
      </div>
      <Bar batch={batch} label="Images settled" />
      <div class="panel-foot">
        <p role="status">{doing(batch)}</p>
        <p>
          {spent(batch)}
          {batch.cost.max && <span class="muted"> (at most {money(batch.cost.max)})</span>}
        </p>
      </div>
      <div class="failures">{batch.failed > 0 && <Failures batch={batch} />}</div>
    </section>
  );
}

function Failures({ batch }: { batch: Batch }) {
  const words = `${plural(batch.failed, batch.kind === "cars" ? "row" : "image")} failed`;
  const errors = batch.errors ?? [];
  return (
    <>
      {batch.failedRowsUrl ? (
        <a href={batch.failedRowsUrl} target="_blank" rel="noreferrer" title="failed_rows.json">
          {words}
        </a>
      ) : (
        <span>{words}</span>
      )}
      {!running(batch) && <FailedCsv batch={batch} />}
      {errors.length > 0 && (
        <details>
          <summary>Reasons</summary>
          <ul>
            {errors.map((error) => (
              <li key={error.customId}>
                <b>{error.row ? `Row ${error.row}` : error.customId}</b> {error.reason}
              </li>
            ))}
            {batch.failed > errors.length && <li>and {batch.failed - errors.length} more</li>}
          </ul>
        </details>
      )}
    </>
  );
}

function FailedCsv({ batch }: { batch: Batch }) {
  if (batch.kind !== "cars") return null;
  if (!batch.failedRowsCsvUrl) return <span class="muted">failed_rows.csv is in the ZIP</span>;
  return (
    <a href={batch.failedRowsCsvUrl} download>
      Download failed rows (CSV)
    </a>
  );
}

function Pictures({ batch, watch }: { batch: Batch; watch: BatchWatch }) {
  const tiles = tilesOf(batch, watch.items, watch.limit);
  return (
    <section aria-labelledby="images">
      <h2 id="images" class="sr">
        Images
      </h2>
      <Gallery tiles={tiles} label="Images of this batch" onStale={watch.refresh} />
      {watch.limit < batch.total && (
        <p class="more">
          <button class="button" onClick={watch.more}>
            Show more
          </button>
          <span class="muted">
            {tiles.length} of {batch.total}
          </span>
        </p>
      )}
    </section>
  );
}

function Variants({ batch }: { batch: Batch }) {
  return (
    <section aria-labelledby="variants" class="stack">
      <h2 id="variants">Variants</h2>
      <ul class="folders">
        {batch.variants?.map((variant) => (
          <li key={variant.variantId}>
            <a href={`/variants/${variant.variantId}`}>Variant {variant.variantId}</a>
            <a href={`/folders/${encodeURIComponent(variant.folderId)}`}>
              Its folder in this batch
            </a>
            <span class="muted">{plural(variant.total, "image")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
