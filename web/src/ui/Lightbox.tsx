import { useEffect, useRef } from "preact/hooks";

export interface Large {
  id: string;
  label: string;
  place: string;
  /** The full image, loaded only here. */
  url: string;
}

interface Props {
  images: Large[];
  at: string;
  onMove: (id: string) => void;
  onClose: () => void;
}

/** One image large, with the ones before and after it. */
export function Lightbox({ images, at, onMove, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const place = images.findIndex((image) => image.id === at);
  const image = images[place];
  if (!image) return null;
  const name = image.label || image.place;
  const move = (by: number) => {
    const next = images[place + by];
    if (next) onMove(next.id);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") move(1);
    if (event.key === "ArrowLeft") move(-1);
  };
  return (
    <dialog ref={dialog} class="lightbox" aria-label={name} onClose={onClose} onKeyDown={keys}>
      <img src={image.url} alt={name} />
      <div class="lightbox-foot">
        <p>
          <b>{image.label}</b> <span>{image.place}</span>
        </p>
        <div class="row">
          <button class="button quiet small" disabled={place === 0} onClick={() => move(-1)}>
            Previous
          </button>
          <button
            class="button quiet small"
            disabled={place === images.length - 1}
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
