import type { ComponentChildren } from "preact";
import type { Item } from "../../lib/types";
import { SignedImage } from "../../ui/SignedImage";
import type { Looked } from "./use-image";

interface Props {
  image: Looked;
  onStale: () => void;
  children: ComponentChildren;
}

const WORDS: Record<Item["status"], string> = {
  pending: "Queued",
  processing: "Generating",
  succeeded: "No image yet",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** The full image: it is loaded here and nowhere else. */
export function Stage({ image, onStale, children }: Props) {
  const { item, shown: version, caption } = image;
  const url = version ? version.url : (item?.url ?? item?.thumbnailUrl);
  const status = item?.status ?? "pending";
  const busy = status === "pending" || status === "processing";
  return (
    <div class="bench-stage">
      <div class={`bench-image${busy ? " bench-busy" : ""}`}>
        {url ? (
          <SignedImage url={url} alt={caption} lazy={false} onStale={onStale} />
        ) : (
          <p>{version ? "This version has been deleted." : WORDS[status]}</p>
        )}
        {url && busy && <p class="tile-state">{WORDS[status]}</p>}
      </div>
      {item?.reason && <p class="bench-reason">{item.reason}</p>}
      {item?.lastRedo && (
        <p class="bench-reason">It could not be regenerated: {item.lastRedo.reason}</p>
      )}
      {children}
    </div>
  );
}
