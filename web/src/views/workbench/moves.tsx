import { Icon } from "../../ui/Icon";
import type { Looked } from "./use-image";
import type { Walk } from "./use-walk";

interface Props {
  image: Looked;
  walk: Walk;
  marked: boolean;
  onMark: () => void;
}

export function Moves({ image, walk, marked, onMark }: Props) {
  return (
    <nav class="bench-move" aria-label="Images">
      <button class="button" disabled={walk.position <= 0} onClick={() => walk.move(-1)}>
        Previous
      </button>
      <button
        class="button"
        disabled={walk.position >= walk.count - 1}
        onClick={() => walk.move(1)}
      >
        Next
      </button>
      <button class="button" onClick={onMark}>
        <Icon name="mark" filled={marked} />
        {marked ? "Marked" : "Mark"}
      </button>
      <button
        class="button"
        disabled={!image.item?.thumbnailUrl || image.download.busy}
        onClick={() => void image.download.run()}
      >
        Download
      </button>
    </nav>
  );
}
