import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

interface Props {
  accept: string;
  label: string;
  hint: string;
  onFile?: (file: File) => void;
  /** Takes several files at once. */
  onFiles?: (files: File[]) => void;
  compact?: boolean;
  children?: ComponentChildren;
}

/** A file by drop, click or keyboard: a label around the browser's own file input. */
export function DropZone(props: Props) {
  const { accept, label, hint, onFile, onFiles, compact = false, children } = props;
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const chosen = [...(files ?? [])];
    if (onFiles && chosen.length) onFiles(chosen);
    else if (chosen[0]) onFile?.(chosen[0]);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files);
  };
  const choose = (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    take(input.files);
    input.value = "";
  };
  return (
    <label
      class={`drop${over ? " drop-over" : ""}${compact ? " drop-compact" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input type="file" accept={accept} multiple={onFiles !== undefined} onChange={choose} />
      {!compact && (
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 19h14" />
        </svg>
      )}
      <span class="drop-label">{label}</span>
      <span class="drop-hint">{hint}</span>
      {children}
    </label>
  );
}
