import { count } from "../../lib/format";
import { FILTER_WORDS, FILTERS, type Filter } from "../../lib/review";
import type { Looked } from "./use-image";
import type { Walk } from "./use-walk";

interface Props {
  image: Looked;
  walk: Walk;
  help: boolean;
  onHelp: () => void;
  onClose: () => void;
}

export function BenchHead({ image, walk, help, onHelp, onClose }: Props) {
  return (
    <header class="bench-head">
      <h2 aria-live="polite">
        {image.caption} <span>{image.place}</span>
      </h2>
      <p class="muted" data-testid="position">
        {count(walk.position + 1)} of {count(walk.count)}
      </p>
      <label class="inline">
        <span class="sr">Show</span>
        <select
          value={walk.filter}
          onChange={(event) => walk.setFilter(event.currentTarget.value as Filter)}
        >
          {FILTERS.map((filter) => (
            <option key={filter} value={filter}>
              {FILTER_WORDS[filter]}
            </option>
          ))}
        </select>
      </label>
      <button class="button small quiet" aria-expanded={help} onClick={onHelp}>
        Keys
      </button>
      <button class="button small" onClick={onClose}>
        Close
      </button>
    </header>
  );
}
