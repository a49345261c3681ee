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
import { usePicture } from "./use-picture";
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
  const walk = useWalk(batch, watch, book, start);
  const { index } = walk;
  const picture = usePicture(batch, watch, index);
  const { item, shown } = picture;
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
    newer: () => picture.step(1),
    older: () => picture.step(-1),
    choose: () => shown && !shown.chosen && void picture.choose.run(shown),
    redo: () => note.current?.focus(),
    mark: () => book.mark(index),
    download: () => void picture.download.run(),
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
      aria-label={`Review: ${picture.caption}`}
      onClose={onClose}
      onKeyDown={keys}
    >
      <BenchHead
        picture={picture}
        walk={walk}
        help={help}
        onHelp={acts.help}
        onClose={() => dialog.current?.close()}
      />
      {help && <Keys />}
      <Stage picture={picture} onStale={watch.refresh}>
        <Moves
          picture={picture}
          walk={walk}
          marked={book.marks.marked.has(index)}
          onMark={acts.mark}
        />
      </Stage>
      <Side
        batch={batch}
        picture={picture}
        redo={redo}
        note={note}
        done={() => dialog.current?.focus()}
      >
        <Problem error={picture.error} />
      </Side>
    </dialog>
  );
}
