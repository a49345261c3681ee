import { useEffect, useRef, useState } from "preact/hooks";

export interface Tile {
  id: string;
  state: "waiting" | "working" | "ready" | "failed" | "cancelled";
  label: string;
  /** The image's file name, or why there is none. */
  text: string;
  url: string | null;
}

const WORDS: Record<Tile["state"], string> = {
  waiting: "waiting",
  working: "in progress",
  ready: "",
  failed: "failed",
  cancelled: "cancelled",
};

export function Gallery({
  tiles,
  label,
  onStale,
}: {
  tiles: Tile[];
  label: string;
  onStale?: () => void;
}) {
  const [open, setOpen] = useState<string | null>(null);
  const ready = tiles.filter((tile) => tile.url);
  return (
    <>
      <ul class="gallery" aria-label={label}>
        {tiles.map((tile) => (
          <li key={tile.id} class={`tile tile-${tile.state}`}>
            {tile.url ? (
              <button
                class="tile-box"
                aria-label={`Enlarge ${tile.text || tile.label}`}
                onClick={() => setOpen(tile.id)}
              >
                <Picture url={tile.url} alt={tile.text || tile.label} onStale={onStale} />
              </button>
            ) : (
              <div class="tile-box">
                <p>
                  {WORDS[tile.state]}
                  {tile.state === "failed" && <small>{tile.text}</small>}
                </p>
              </div>
            )}
            <p class="tile-label">
              <b>{tile.label}</b>{" "}
              <span title={tile.text}>{tile.state === "failed" ? "" : tile.text}</span>
            </p>
          </li>
        ))}
      </ul>
      {open && <Lightbox tiles={ready} at={open} onMove={setOpen} onClose={() => setOpen(null)} />}
    </>
  );
}

function Picture({ url, alt, onStale }: { url: string; alt: string; onStale?: () => void }) {
  const shown = useRef<string | null>(null);
  // Signed addresses change on every answer; the picture that is there already need not load again.
  const same = shown.current?.split("?")[0] === url.split("?")[0];
  if (!same) shown.current = url;
  const failed = () => {
    shown.current = null;
    onStale?.();
  };
  return (
    <img src={shown.current ?? url} alt={alt} loading="lazy" decoding="async" onError={failed} />
  );
}

interface LightboxProps {
  tiles: Tile[];
  at: string;
  onMove: (id: string) => void;
  onClose: () => void;
}

function Lightbox({ tiles, at, onMove, onClose }: LightboxProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const place = tiles.findIndex((tile) => tile.id === at);
  const tile = tiles[place];
  if (!tile) return null;
  const move = (by: number) => {
    const next = tiles[place + by];
    if (next) onMove(next.id);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") move(1);
    if (event.key === "ArrowLeft") move(-1);
  };
  return (
    <dialog
      ref={dialog}
      class="lightbox"
      aria-label={tile.text || tile.label}
      onClose={onClose}
      onKeyDown={keys}
    >
      <img src={tile.url ?? ""} alt={tile.text || tile.label} />
      <div class="lightbox-foot">
        <p>
          <b>{tile.label}</b> <span>{tile.text}</span>
        </p>
        <div class="row">
          <button class="button quiet small" disabled={place === 0} onClick={() => move(-1)}>
            Previous
          </button>
          <button
            class="button quiet small"
            disabled={place === tiles.length - 1}
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
