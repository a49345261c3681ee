import { useState } from "preact/hooks";
import { useRoute } from "preact-iso";
import { folder } from "../lib/api";
import { readable } from "../lib/captions";
import { time } from "../lib/format";
import type { Folder, LibraryImage } from "../lib/types";
import { Gallery, type GalleryImage } from "../ui/Gallery";
import { useAction, useLoad } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { Title } from "../ui/Title";

export const galleryImage = (image: LibraryImage): GalleryImage => ({
  id: image.id,
  label: image.file ? readable(image.file) : "",
  place: time(image.createdAt),
  url: image.url,
  thumbnail: image.thumbnailUrl ?? image.url,
});

export function FolderView() {
  const { params } = useRoute();
  return <Opened key={params.id} id={params.id ?? ""} />;
}

function Opened({ id }: { id: string }) {
  const first = useLoad((signal) => folder(id, null, signal), [id]);
  const [rest, setRest] = useState<Pick<Folder, "items" | "nextCursor"> | null>(null);
  const cursor = rest ? rest.nextCursor : (first.data?.nextCursor ?? null);
  const more = useAction(async () => {
    const page = await folder(id, cursor);
    setRest((old) => ({
      items: [...(old?.items ?? []), ...page.items],
      nextCursor: page.nextCursor,
    }));
  });
  const images = [...(first.data?.items ?? []), ...(rest?.items ?? [])];
  return (
    <div class="view">
      <Title text={first.data?.name || "Folder"} tab="Folder" />
      <p class="meta">
        {first.data && <a href={`/batches/${first.data.batchId}`}>The batch</a>}
        {first.data?.variantId != null && (
          <a href={`/variants/${first.data.variantId}`}>The variant</a>
        )}
      </p>
      <Problem error={first.error} />
      {first.data && !images.length && <p class="lead">No images yet.</p>}
      <Gallery
        images={images.map(galleryImage)}
        label="Images of this folder"
        onStale={first.reload}
      />
      {cursor && (
        <p class="more">
          <button class="button" disabled={more.busy} onClick={() => void more.run()}>
            Show more
          </button>
        </p>
      )}
      <Problem error={more.error} />
    </div>
  );
}
