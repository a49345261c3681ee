import { useCallback, useState } from "preact/hooks";
import { count, plural } from "../lib/format";
import { downloadUrl } from "../lib/gallery-api";
import { FILTER_WORDS, FILTERS, type Filter } from "../lib/review";
import type { Batch } from "../lib/types";
import { useAction } from "../ui/hooks";
import { ImageGrid, type TileAction } from "../ui/ImageGrid";
import { Problem } from "../ui/Problem";
import { save } from "./batch-archive";
import { tileOf } from "./batch-tiles";
import { RedoMarked } from "./redo-marked";
import type { BatchWatch } from "./use-batch";
import { useFilter } from "./use-filter";
import type { MarkBook } from "./use-marks";
import type { RedoQueue } from "./use-redo";

interface Props {
  batch: Batch;
  watch: BatchWatch;
  book: MarkBook;
  redo: RedoQueue;
  /** `redo` puts the cursor where a note is written. */
  onOpen: (index: number, filter: Filter, redo?: boolean) => void;
}

export function BatchImages({ batch, watch, book, redo, onOpen }: Props) {
  const { store, tick } = watch;
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const found = useFilter(batch, store, tick, book.marks, { filter, text });
  const failure = useAction(async (act: () => Promise<void>) => act());
  const onView = useCallback(
    (from: number, to: number) => {
      const places = Array.from({ length: to - from }, (_, offset) => from + offset);
      store.want(places.map(found.indexAt)).catch(() => {});
    },
    [found, store],
  );
  const actions = (position: number): TileAction[] => {
    const index = found.indexAt(position);
    const item = store.get(index);
    const prompt = store.row(index)?.prompt;
    if (!item?.customId) return [];
    const ofImage: TileAction[] = item.thumbnailUrl
      ? [
          {
            icon: "download",
            label: "Download",
            run: () =>
              void failure.run(async () => save(await downloadUrl(batch.id, item.customId))),
          },
          { icon: "versions", label: "Choose a version", run: () => onOpen(index, filter) },
        ]
      : [];
    return [
      ...ofImage,
      { icon: "redo", label: "Make again", run: () => onOpen(index, filter, true) },
      ...(prompt
        ? [
            {
              icon: "copy",
              label: "Copy prompt",
              run: () => void failure.run(() => navigator.clipboard.writeText(prompt)),
            } as const,
          ]
        : []),
    ];
  };
  return (
    <section aria-labelledby="images" class="stack">
      <h2 id="images" class="sr">
        Images
      </h2>
      {batch.total > 1 && (
        <div class="filters">
          <Filters
            batch={batch}
            marked={book.marks.marked.size}
            now={filter}
            onFilter={setFilter}
          />
          <label class="filter-find">
            <span class="sr">Find an image</span>
            <input
              type="search"
              placeholder="Find an image"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
          <RedoMarked batch={batch} watch={watch} book={book} redo={redo} />
          <button
            class="button small"
            onClick={() => onOpen(firstUnseen(batch, watch, book), filter)}
          >
            Review
          </button>
        </div>
      )}
      <Problem error={failure.error ?? store.error} />
      {redo.waiting.length > 0 && (
        <p class="muted" role="status">
          {plural(redo.waiting.length, "image")} will be regenerated when this round has ended. Keep
          this page open.
        </p>
      )}
      {found.count === 0 && (
        <p class="lead">{found.complete ? "No image matches this filter." : "Reading the rows…"}</p>
      )}
      {found.count > 0 && (
        <ImageGrid
          count={found.count}
          tileAt={(position) => tileOf(batch, store, book.marks, found.indexAt(position))}
          label="Images of this batch"
          onOpen={(position) => onOpen(found.indexAt(position), filter)}
          actions={actions}
          onView={onView}
          onStale={watch.refresh}
        />
      )}
    </section>
  );
}

function firstUnseen(batch: Batch, { store }: BatchWatch, { marks }: MarkBook): number {
  const next = store
    .known()
    .find((item) => item.status === "succeeded" && !marks.looked.has(item.index));
  return next?.index ?? store.known().find((item) => item.index < batch.total)?.index ?? 0;
}

interface FiltersProps {
  batch: Batch;
  marked: number;
  now: Filter;
  onFilter: (filter: Filter) => void;
}

function Filters({ batch, marked, now, onFilter }: FiltersProps) {
  const counts: Partial<Record<Filter, number>> = {
    all: batch.total,
    failed: batch.failed,
    marked,
  };
  return (
    <fieldset class="filter-choice">
      <legend class="sr">Show</legend>
      {FILTERS.filter((filter) => filter !== "redone" || batch.round > 1).map((filter) => (
        <button key={filter} aria-pressed={filter === now} onClick={() => onFilter(filter)}>
          {FILTER_WORDS[filter]}
          {counts[filter] !== undefined && <span>{count(counts[filter])}</span>}
        </button>
      ))}
    </fieldset>
  );
}
