import { useState } from "preact/hooks";
import { money, plural } from "../lib/format";
import type { Batch } from "../lib/types";
import { Ask } from "../ui/Ask";
import { useAction } from "../ui/hooks";
import type { BatchWatch } from "./use-batch";
import type { MarkBook } from "./use-marks";
import type { RedoQueue } from "./use-redo";

interface Props {
  batch: Batch;
  watch: BatchWatch;
  book: MarkBook;
  redo: RedoQueue;
}

/** All marked images again, as one round with one note. */
export function RedoMarked({ batch, watch, book, redo }: Props) {
  const [open, setOpen] = useState(false);
  const [note, setNote] = useState("");
  const indices = [...book.marks.marked].filter((index) => index < batch.total);
  const send = useAction(async () => {
    await watch.store.want(indices);
    const ids = indices.flatMap((index) => watch.store.get(index)?.customId ?? []);
    redo.add(ids, note);
    book.unmark(indices);
    setOpen(false);
  });
  if (!indices.length) return null;
  const many = plural(indices.length, "image");
  return (
    <>
      <button class="button small" onClick={() => setOpen(true)}>
        Make marked again
      </button>
      {open && (
        <Ask
          title={`Make ${many} again`}
          act={`Make again${priceOf(batch, indices.length)}`}
          busy={send.busy}
          error={send.error}
          onAct={() => void send.run()}
          onClose={() => setOpen(false)}
        >
          <label class="field">
            <span>
              Note for all of them <em>optional</em>
            </span>
            <textarea
              rows={2}
              maxLength={500}
              value={note}
              onInput={(event) => setNote(event.currentTarget.value)}
            />
          </label>
        </Ask>
      )}
    </>
  );
}

/** What that many images cost, in words for a button; nothing where nothing is charged. */
export function priceOf(batch: Batch, many: number): string {
  if (batch.mode !== "live" || !batch.total) return "";
  return ` (about ${money((Number(batch.cost.estimated) / batch.total) * many)})`;
}
