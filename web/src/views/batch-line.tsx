import { useEffect, useRef, useState } from "preact/hooks";
import { cancelBatch, retryBatch } from "../lib/api";
import { count, plural, time } from "../lib/format";
import { firstThumbnails } from "../lib/gallery-api";
import type { Batch } from "../lib/types";
import { useAction } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { Bar, retriable, running, Status, spent } from "../ui/Progress";
import { SignedImage } from "../ui/SignedImage";
import { BatchMenu } from "./batch-actions";
import { Download } from "./batch-archive";
import { kindOf, titleOf } from "./batch-title";

/** A batch in the list. The whole row opens it. */
export function Line({ batch, changed }: { batch: Batch; changed: () => void }) {
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
      <Strip batch={batch} />
      <div class="line-name">
        <a href={`/batches/${batch.id}`}>{name}</a>
        <span class="muted">
          {kindOf(batch)}, {plural(batch.total, "image")}, {time(batch.createdAt)}
        </span>
      </div>
      <div class="line-state">
        <Status status={batch.status} />
        {batch.failed > 0 && <span class="failed-note">{count(batch.failed)} failed</span>}
      </div>
      <div class="line-bar">
        {running(batch) && (
          <>
            <Bar batch={batch} label={`Progress of ${name}`} />
            <span class="muted">{batch.percent} %</span>
          </>
        )}
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
        <BatchMenu batch={batch} onBatch={changed} onDeleted={changed} />
      </div>
      <Problem error={cancel.error ?? retry.error} />
    </li>
  );
}

const SHOWN = 4;
const seen = new Map<string, string[]>();

/** The first images of a batch: the list has them, or they are read when its line is in view. */
function Strip({ batch }: { batch: Batch }) {
  const box = useRef<HTMLDivElement>(null);
  const key = `${batch.id} ${batch.round} ${Math.min(batch.done, SHOWN)}`;
  if (batch.thumbnails) seen.set(key, batch.thumbnails);
  const [urls, setUrls] = useState<string[]>(seen.get(key) ?? []);
  const given = seen.get(key);
  useEffect(() => {
    if (given) {
      setUrls(given);
      return;
    }
    if (!box.current || !batch.done) return;
    const stop = new AbortController();
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      firstThumbnails(batch.id, SHOWN, stop.signal).then(
        (found) => {
          seen.set(key, found);
          setUrls(found);
        },
        () => {},
      );
    });
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      stop.abort();
    };
  }, [key, given]);
  return (
    <div class="line-strip" ref={box} aria-hidden="true">
      {urls.slice(0, SHOWN).map((url) => (
        <SignedImage key={url.split("?")[0]} url={url} alt="" onStale={() => seen.delete(key)} />
      ))}
    </div>
  );
}
