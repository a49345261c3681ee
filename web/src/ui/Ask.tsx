import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Problem } from "./Problem";

interface Props {
  title: string;
  /** What the button does. None where the dialog only shows something. */
  act?: string;
  danger?: boolean;
  busy?: boolean;
  error?: unknown;
  onAct?: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}

/** A question, or a small form, before something is done. */
export function Ask({ title, act, danger, busy, error, onAct, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="ask" aria-labelledby={id} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onAct?.();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
        <Problem error={error} />
        <div class="row ask-foot">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {act ? "Cancel" : "Close"}
          </button>
          {act && (
            <button class={`button ${danger ? "danger" : "main"}`} disabled={busy}>
              {act}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}
