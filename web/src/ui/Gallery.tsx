import { useState } from "preact/hooks";
import { type Large, Lightbox } from "./Lightbox";
import { PictureGrid, type Tile } from "./PictureGrid";

export type GalleryPicture = Large & { thumbnail: string };

interface Props {
  pictures: GalleryPicture[];
  label: string;
  onStale?: () => void;
}

/** Finished pictures, such as a folder's, and each of them large. */
export function Gallery({ pictures, label, onStale }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const tileAt = (at: number): Tile => tileOf(pictures[at] as GalleryPicture);
  return (
    <>
      <PictureGrid
        count={pictures.length}
        tileAt={tileAt}
        label={label}
        onOpen={(at) => setOpen(pictures[at]?.id ?? null)}
        onStale={onStale}
      />
      {open && (
        <Lightbox pictures={pictures} at={open} onMove={setOpen} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

const tileOf = ({ id, label, place, thumbnail }: GalleryPicture): Tile => ({
  id,
  state: "ready",
  label,
  place,
  url: thumbnail,
});
