import { useEffect, useState } from "preact/hooks";
import { bytes } from "../../lib/format";
import { MAX_BYTES } from "../../lib/sheet";
import { DropZone } from "../../ui/DropZone";
import { Notice, Problem } from "../../ui/Problem";
import type { SheetState } from "./use-sheet";

export const SHEET_TYPES =
  ".csv,.tsv,.txt,.xlsx,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

interface Props {
  state: SheetState;
  /** The name of the sheet that is there. */
  file: string;
}

/** A sheet by drop, choice or paste. */
export function SheetDrop({ state, file }: Props) {
  const [rejected, setRejected] = useState<string | null>(null);
  const take = (chosen: File) => {
    const wrong = unfit(chosen);
    setRejected(wrong);
    if (!wrong) void state.take.run(chosen);
  };
  usePaste(take);
  return (
    <>
      <DropZone
        accept={SHEET_TYPES}
        compact={file !== ""}
        label={
          state.take.busy ? "Uploading…" : file || "Drop a CSV or Excel file here, or choose one"
        }
        hint={file ? "Choose another" : "Up to 5 MB. Cells copied from a spreadsheet can be pasted"}
        onFile={take}
      />
      {!file && <PasteButton take={take} />}
      {rejected && <Notice kind="bad" title="This file cannot be used." text={rejected} />}
      <Problem error={state.take.error} />
    </>
  );
}

function unfit(file: File): string | null {
  if (file.size > MAX_BYTES) return `${file.name} is ${bytes(file.size)}; the limit is 5 MB.`;
  return file.size === 0 ? `${file.name} is empty.` : null;
}

const asFile = (text: string): File => new File([text], "pasted.csv", { type: "text/csv" });

/** Ctrl+V anywhere but in a field. */
function usePaste(take: (file: File) => void): void {
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if ((event.target as Element | null)?.closest("input, textarea, select")) return;
      const file = event.clipboardData?.files[0];
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (file) take(file);
      else if (/[\t,;\n]/.test(text)) take(asFile(text));
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  });
}

function PasteButton({ take }: { take: (file: File) => void }) {
  const [refused, setRefused] = useState(false);
  if (!navigator.clipboard?.readText) return null;
  const paste = () =>
    navigator.clipboard.readText().then(
      (text) => (text.trim() ? take(asFile(text)) : setRefused(true)),
      () => setRefused(true),
    );
  return (
    <p class="row">
      <button class="button" onClick={() => void paste()}>
        Paste from the clipboard
      </button>
      {refused && (
        <span role="status">There are no cells to paste. Copy them in the spreadsheet first.</span>
      )}
    </p>
  );
}
