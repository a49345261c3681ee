import { useEffect, useRef, useState } from "preact/hooks";
import type { Filter } from "../../lib/review";
import type { Batch } from "../../lib/types";
import { Problem } from "../../ui/Problem";
import type { BatchWatch } from "../use-batch";
import type { MarkBook } from "../use-marks";
import type { RedoQueue } from "../use-redo";
import { BenchHead } from "./head";
import { type Action, actionOf, Keys } from "./keys";
import { Moves } from "./moves";
import { Side } from "./side";
import { Stage } from "./stage";
import { useImage } from "./use-image";
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

/** One image large with its row, its versions and its prompt; everything by keys. */
export function Workbench({ batch, watch, book, redo, start, onMove, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const [help, setHelp] = useState(false);
  const walk = useWalk(batch, watch, book, start);
  const { index } = walk;
  const image = useImage(batch, watch, index);
  const { item, shown } = image;
  useEffect(() => {
    dialog.current?.showModal();
    if (start.redo) note.current?.focus();
    else dialog.current?.focus();
  }, []);
  useEffect(() => {
    onMove(index);
    watch.store.want([index, Math.min(batch.total - 1, index + 1)]).catch(() => {});
    if (item?.status === "succeeded") book.look(index);
  }, [index, item?.status]);
  const acts: Record<Action, () => void> = {
    next: () => walk.move(1),
    previous: () => walk.move(-1),
    unseen: walk.unseen,
    newer: () => image.step(1),
    older: () => image.step(-1),
    choose: () => shown && !shown.chosen && void image.choose.run(shown),
    redo: () => note.current?.focus(),
    mark: () => book.mark(index),
    download: () => void image.download.run(),
    help: () => setHelp((old) => !old),
  };
  const keys = (event: KeyboardEvent) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    acts[action]();
  };
  return (
    <dialog
      ref={dialog}
      class="workbench"
      tabIndex={-1}
      aria-label={`Review: ${image.caption}`}
      onClose={onClose}
      onKeyDown={keys}
    >
      <BenchHead
        image={image}
        walk={walk}
        help={help}
        onHelp={acts.help}
        onClose={() => dialog.current?.close()}
      />
      {help && <Keys />}
      <Stage image={image} onStale={watch.refresh}>
        <Moves image={image} walk={walk} marked={book.marks.marked.has(index)} onMark={acts.mark} />
      </Stage>
      <Side
        batch={batch}
        image={image}
        redo={redo}
        note={note}
        done={() => dialog.current?.focus()}
      >
        <Problem error={image.error} />
      </Side>
    </dialog>
  );
}
