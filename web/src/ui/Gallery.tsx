import { useState } from "preact/hooks";
import { ImageGrid, type Tile } from "./ImageGrid";
import { type Large, Lightbox } from "./Lightbox";

export type GalleryImage = Large & { thumbnail: string };

interface Props {
  images: GalleryImage[];
  label: string;
  onStale?: () => void;
}

/** Finished images, such as a folder's, and each of them large. */
export function Gallery({ images, label, onStale }: Props) {
  const [open, setOpen] = useState<string | null>(null);
  const tileAt = (at: number): Tile => tileOf(images[at] as GalleryImage);
  return (
    <>
      <ImageGrid
        count={images.length}
        tileAt={tileAt}
        label={label}
        onOpen={(at) => setOpen(images[at]?.id ?? null)}
        onStale={onStale}
      />
      {open && (
        <Lightbox images={images} at={open} onMove={setOpen} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

const tileOf = ({ id, label, place, thumbnail }: GalleryImage): Tile => ({
  id,
  state: "ready",
  label,
  place,
  url: thumbnail,
});
