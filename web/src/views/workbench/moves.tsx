import { Icon } from "../../ui/Icon";
import type { Looked } from "./use-picture";
import type { Walk } from "./use-walk";

interface Props {
  picture: Looked;
  walk: Walk;
  marked: boolean;
  onMark: () => void;
}

export function Moves({ picture, walk, marked, onMark }: Props) {
  return (
    <nav class="bench-move" aria-label="Pictures">
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
        disabled={!picture.item?.thumbnailUrl || picture.download.busy}
        onClick={() => void picture.download.run()}
      >
        Download
      </button>
    </nav>
  );
}
