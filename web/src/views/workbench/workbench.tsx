import { useEffect, useRef, useState } from "preact/hooks";
import { captionOf, placeOf } from "../../lib/captions";
import { chooseVersion, downloadUrl } from "../../lib/gallery-api";
import { FILTER_WORDS, FILTERS, type Filter } from "../../lib/review";
import type { Batch, Version } from "../../lib/types";
import { useAction } from "../../ui/hooks";
import { Icon } from "../../ui/Icon";
import { Problem } from "../../ui/Problem";
import { save } from "../batch-archive";
import type { BatchWatch } from "../use-batch";
import type { MarkBook } from "../use-marks";
import type { RedoQueue } from "../use-redo";
import { actionOf, Keys } from "./keys";
import { Side } from "./side";
import { Stage } from "./stage";
import { useDetail } from "./use-detail";
import { useWalk } from "./use-walk";

interface Props {
  batch: Batch;
  watch: BatchWatch;
  book: MarkBook;
  redo: RedoQueue;
  start: { index: number; filter: Filter; redo?: boolean };
  onMove: (index: number) => void;
  onClose: () => void;
}

/** One picture large with its row, its versions and its prompt; everything by keys. */
export function Workbench({ batch, watch, book, redo, start, onMove, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    if (start.redo) note.current?.focus();
    else dialog.current?.focus();
  }, []);
  const walk = useWalk(batch, watch, book, start);
  const { index } = walk;
  const item = watch.store.get(index);
  const row = watch.store.row(index);
  const detail = useDetail(batch.id, item);
  const versions = detail.data?.versions ?? [];
  const [looked, setLooked] = useState<number | null>(null);
  useEffect(() => setLooked(null), [index, versions.length]);
  const version =
    versions.find((one) => one.version === looked) ?? versions.find((one) => one.chosen);
  const caption =
    captionOf(batch, index, item, row) || placeOf(batch, index, item) || `${index + 1}`;

  useEffect(() => {
    onMove(index);
    watch.store.want([index, Math.min(batch.total - 1, index + 1)]).catch(() => {});
    if (item?.status === "succeeded") book.look(index);
  }, [index, item?.status]);

  const choose = useAction(async (wanted: Version) => {
    if (!item) return;
    const {
      versions: _,
      prompt: __,
      ...chosen
    } = await chooseVersion(batch.id, item.customId, wanted.version);
    watch.store.apply(chosen);
    detail.reload();
    await watch.reload();
  });
  const download = useAction(async () => {
    if (item) save(await downloadUrl(batch.id, item.customId));
  });
  const act = (name: ReturnType<typeof actionOf>) => {
    if (name === "next") walk.move(1);
    if (name === "previous") walk.move(-1);
    if (name === "unseen") walk.unseen();
    if (name === "newer") setLooked(neighbour(versions, version, 1));
    if (name === "older") setLooked(neighbour(versions, version, -1));
    if (name === "choose" && version && !version.chosen) void choose.run(version);
    if (name === "redo") note.current?.focus();
    if (name === "mark") book.mark(index);
    if (name === "download") void download.run();
    if (name === "help") setHelp((old) => !old);
  };
  const keys = (event: KeyboardEvent) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    act(action);
  };
  const marked = book.marks.marked.has(index);

  return (
    <dialog
      ref={dialog}
      class="workbench"
      tabIndex={-1}
      aria-label={`Review: ${caption}`}
      onClose={onClose}
      onKeyDown={keys}
    >
      <header class="bench-head">
        <h2 aria-live="polite">
          {caption} <span>{placeOf(batch, index, item)}</span>
        </h2>
        <p class="muted" data-testid="position">
          {walk.position + 1} of {walk.count.toLocaleString("en")}
        </p>
        <label class="inline">
          <span class="sr">Show</span>
          <select
            value={walk.filter}
            onChange={(event) => walk.setFilter(event.currentTarget.value as Filter)}
          >
            {FILTERS.map((filter) => (
              <option key={filter} value={filter}>
                {FILTER_WORDS[filter]}
              </option>
            ))}
          </select>
        </label>
        <button class="button small quiet" aria-expanded={help} onClick={() => act("help")}>
          Keys
        </button>
        <button class="button small" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {help && <Keys />}
      <Stage item={item} version={version} caption={caption} onStale={watch.refresh}>
        <nav class="bench-move" aria-label="Pictures">
          <button class="button" disabled={walk.position <= 0} onClick={() => walk.move(-1)}>
            Previous
          </button>
          <button
            class="button"
            disabled={walk.position >= walk.count - 1}
            onClick={() => walk.move(1)}
          >
            Next
          </button>
          <button class="button" aria-pressed={marked} onClick={() => act("mark")}>
            <Icon name="mark" filled={marked} />
            {marked ? "Marked" : "Mark"}
          </button>
          <button class="button" disabled={!item?.thumbnailUrl} onClick={() => act("download")}>
            Download
          </button>
        </nav>
      </Stage>
      <Side
        batch={batch}
        item={item}
        row={row}
        versions={versions}
        shown={version}
        onVersion={setLooked}
        onChoose={(wanted) => void choose.run(wanted)}
        choosing={choose.busy}
        redo={redo}
        note={note}
        done={() => dialog.current?.focus()}
      >
        <Problem error={choose.error ?? download.error ?? detail.error} />
      </Side>
    </dialog>
  );
}

function neighbour(versions: Version[], shown: Version | undefined, by: number): number | null {
  const at = versions.findIndex((one) => one.version === shown?.version);
  return versions[at + by]?.version ?? shown?.version ?? null;
}
