import { useCallback, useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { plural } from "../lib/format";
import type { Filter } from "../lib/review";
import type { Batch } from "../lib/types";
import { later } from "../ui/later";
import { Notice, Problem } from "../ui/Problem";
import { Title } from "../ui/Title";
import { Head } from "./batch-head";
import { BatchImages } from "./batch-images";
import { Panel } from "./batch-panel";
import { type BatchWatch, useBatch } from "./use-batch";
import { useMarks } from "./use-marks";
import { useRedo } from "./use-redo";

const Workbench = later(async () => (await import("./workbench/workbench")).Workbench);

export function BatchView() {
  const { params } = useRoute();
  return <Watched key={params.id} id={params.id ?? ""} />;
}

function Watched({ id }: { id: string }) {
  const watch = useBatch(id);
  const { batch, error } = watch;
  if (batch) return <Shown batch={batch} watch={watch} />;
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

interface Opened {
  index: number;
  filter: Filter;
  redo?: boolean;
}

function Shown({ batch, watch }: { batch: Batch; watch: BatchWatch }) {
  const book = useMarks(batch.id);
  const redo = useRedo(batch, watch.replace);
  const [opened, setOpened] = useState<Opened | null>(() => addressed(batch));
  const open = useCallback(
    (index: number, filter: Filter, redo = false) => setOpened({ index, filter, redo }),
    [],
  );
  const close = useCallback(() => {
    setOpened(null);
    keepInAddress(null);
  }, []);
  const openRow = (customId: string) => {
    const item = watch.store.find(customId);
    if (item) return open(item.index, "all");
    watch.store
      .all(batch.total)
      .then(() => open(watch.store.find(customId)?.index ?? 0, "all"))
      .catch(() => {});
  };
  return (
    <div class="view">
      <Head batch={batch} watch={watch} />
      <Connection state={watch.connection} />
      <Panel batch={batch} onRow={openRow} />
      <BatchImages batch={batch} watch={watch} book={book} redo={redo} onOpen={open} />
      {batch.variants && batch.variants.length > 0 && <Variants batch={batch} />}
      {opened && (
        <Workbench
          batch={batch}
          watch={watch}
          book={book}
          redo={redo}
          start={opened}
          onMove={keepInAddress}
          onClose={close}
        />
      )}
    </div>
  );
}

const PLACE = "image";

/** The image that the address names, so that a reload and a link show it again. */
function addressed(batch: Batch): Opened | null {
  const number = Number(new URLSearchParams(location.search).get(PLACE));
  const known = Number.isInteger(number) && number >= 1 && number <= batch.total;
  return known ? { index: number - 1, filter: "all" } : null;
}

function keepInAddress(index: number | null): void {
  const url = new URL(location.href);
  if (index === null) url.searchParams.delete(PLACE);
  else url.searchParams.set(PLACE, String(index + 1));
  history.replaceState(history.state, "", url);
}

function Connection({ state }: { state: BatchWatch["connection"] }) {
  if (state !== "lost") return null;
  return (
    <Notice
      kind="warn"
      title="Connection lost."
      text="The batch keeps running. Reconnecting every 2 seconds…"
    />
  );
}

function Variants({ batch }: { batch: Batch }) {
  return (
    <section aria-labelledby="variants" class="stack">
      <h2 id="variants">Variants</h2>
      <ul class="folders">
        {batch.variants?.map((variant) => (
          <li key={variant.variantId}>
            <a href={`/variants/${variant.variantId}`}>{variant.name}</a>
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
