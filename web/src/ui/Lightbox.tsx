import { useEffect, useRef } from "preact/hooks";

export interface Large {
  id: string;
  label: string;
  place: string;
  /** The full image, loaded only here. */
  url: string;
}

interface Props {
  pictures: Large[];
  at: string;
  onMove: (id: string) => void;
  onClose: () => void;
}

/** One picture large, with the ones before and after it. */
export function Lightbox({ pictures, at, onMove, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const place = pictures.findIndex((picture) => picture.id === at);
  const picture = pictures[place];
  if (!picture) return null;
  const name = picture.label || picture.place;
  const move = (by: number) => {
    const next = pictures[place + by];
    if (next) onMove(next.id);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") move(1);
    if (event.key === "ArrowLeft") move(-1);
  };
  return (
    <dialog ref={dialog} class="lightbox" aria-label={name} onClose={onClose} onKeyDown={keys}>
      <img src={picture.url} alt={name} />
      <div class="lightbox-foot">
        <p>
          <b>{picture.label}</b> <span>{picture.place}</span>
        </p>
        <div class="row">
          <button class="button quiet small" disabled={place === 0} onClick={() => move(-1)}>
            Previous
          </button>
          <button
            class="button quiet small"
            disabled={place === pictures.length - 1}
            onClick={() => move(1)}
          >
            Next
          </button>
          <button class="button small" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </div>
    </dialog>
  );
}
