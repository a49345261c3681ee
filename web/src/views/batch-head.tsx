import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { cancelBatch, retryBatch } from "../lib/api";
import { time } from "../lib/format";
import type { Batch } from "../lib/types";
import { useAction } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { retriable, running, Status } from "../ui/Progress";
import { Title } from "../ui/Title";
import { BatchMenu } from "./batch-actions";
import { Download } from "./batch-archive";
import { onlySkipped } from "./batch-tiles";
import { titleOf } from "./batch-title";
import type { BatchWatch } from "./use-batch";
import { useDone } from "./use-done";

export function Head({ batch, watch }: { batch: Batch; watch: BatchWatch }) {
  const { route } = useLocation();
  const done = useDone(batch);
  const cancel = useAction(async () => watch.replace(await cancelBatch(batch.id)));
  const retry = useAction(async () => watch.replace(await retryBatch(batch.id, batch.round)));
  const [followed, setFollowed] = useState(running(batch));
  if (!followed && running(batch)) setFollowed(true);
  const stoppable = batch.status === "queued" || batch.status === "processing";
  return (
    <>
      <div class="head">
        <div>
          <Title text={titleOf(batch)} tab={done.tab} />
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
          <div class={`head-passing${followed ? " head-followed" : ""}`}>
            {retriable(batch) && !onlySkipped(batch, watch.store.known()) && (
              <button class="button" disabled={retry.busy} onClick={() => void retry.run()}>
                Retry failed
              </button>
            )}
            {done.askToNotify && (
              <button class="button quiet" onClick={done.askToNotify}>
                Notify me
              </button>
            )}
            {stoppable && (
              <button class="button" disabled={cancel.busy} onClick={() => void cancel.run()}>
                Cancel
              </button>
            )}
          </div>
          <Download batch={batch} onBatch={watch.replace} />
          <BatchMenu batch={batch} onBatch={watch.replace} onDeleted={() => route("/batches")} />
        </div>
      </div>
      <Problem error={cancel.error ?? retry.error} />
    </>
  );
}
