import { useRoute } from "preact-iso";
import { imageCandidates, variantFolders } from "../lib/api";
import type { Folder } from "../lib/types";
import { Gallery } from "../ui/Gallery";
import { useLoad } from "../ui/hooks";
import { Problem } from "../ui/Problem";
import { Thumb } from "../ui/Thumb";
import { Title } from "../ui/Title";
import { galleryImage } from "./folder";

export function VariantView() {
  const { params } = useRoute();
  return <Shown key={params.id} id={Number(params.id)} />;
}

function Shown({ id }: { id: number }) {
  const variant = useLoad(
    async (signal) => (await imageCandidates([id], signal)).variants[0],
    [id],
  );
  const folders = useLoad((signal) => variantFolders(id, signal), [id]);
  const known = variant.data;
  return (
    <div class="view">
      <div class="head">
        <div>
          <Title text={known?.variantTitle ?? `Variant ${id}`} tab="Variant" />
          <p class="meta">
            <span>Variant {id}</span>
            <a href="/variants">The catalog</a>
          </p>
        </div>
        {known?.variantImageUrl && (
          <div class="own">
            <Thumb url={known.variantImageUrl} alt={`${known.variantTitle}, its own image`} />
          </div>
        )}
      </div>
      <Problem error={variant.error ?? folders.error} />
      {folders.data && !folders.data.items.length && (
        <p class="lead">No images have been generated for this variant yet.</p>
      )}
      {folders.data?.items.map((one) => (
        <OneFolder key={one.id} folder={one} renew={folders.reload} />
      ))}
    </div>
  );
}

function OneFolder({ folder, renew }: { folder: Folder; renew: () => void }) {
  return (
    <article aria-label={folder.name} class="folder">
      <h2>
        <a href={`/folders/${encodeURIComponent(folder.id)}`}>{folder.name}</a>
      </h2>
      {!folder.items.length && <p class="muted">Nothing here yet.</p>}
      <Gallery
        images={folder.items.map(galleryImage)}
        label={`Images of ${folder.name}`}
        onStale={renew}
      />
    </article>
  );
}
