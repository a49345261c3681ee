import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  yes: string;
  onYes: () => void;
  onNo: () => void;
  children: ComponentChildren;
}

/** A question before something that costs; Escape is no. */
export function Confirm({ title, yes, onYes, onNo, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="confirm" aria-labelledby="confirm" onClose={onNo}>
      <h2 id="confirm">{title}</h2>
      <p>{children}</p>
      <div class="row">
        <button class="button main" onClick={onYes}>
          {yes}
        </button>
        <button class="button" onClick={() => dialog.current?.close()}>
          Back
        </button>
      </div>
    </dialog>
  );
}
