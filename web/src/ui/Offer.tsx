import type { ComponentChildren } from "preact";
import { count, money } from "../lib/format";
import type { Quote } from "../lib/types";
import { Problem } from "./Problem";

interface Props {
  quote: Quote | undefined;
  pending: boolean;
  /** Why it cannot be started yet. */
  blocked: string | null;
  name: string;
  onName: (name: string) => void;
  maxCost?: string;
  onMaxCost?: (max: string) => void;
  start: { run: () => Promise<void>; busy: boolean; error: unknown };
  children?: ComponentChildren;
}

/** Rows that are skipped make no image. */
const made = (quote: Quote): number =>
  quote.total - (quote.items ?? []).filter((item) => item.code).length;

/** How many images, for how much, and the button that starts them. */
export function Offer({
  quote,
  pending,
  blocked,
  name,
  onName,
  maxCost,
  onMaxCost,
  start,
  children,
}: Props) {
  const ready = quote !== undefined && !blocked && !pending;
  return (
    <aside class="offer" aria-label="Price and start">
      <dl class="price" aria-busy={pending} aria-live="polite">
        <div>
          <dt>Images</dt>
          <dd data-testid="images">{quote ? count(made(quote)) : "–"}</dd>
        </div>
        <div>
          <dt>Estimated price</dt>
          <dd data-testid="price">{quote ? money(quote.estimatedCost) : "–"}</dd>
        </div>
      </dl>
      {children}
      <label class="field">
        <span>
          Name <em>optional</em>
        </span>
        <input
          type="text"
          maxLength={120}
          value={name}
          onInput={(event) => onName(event.currentTarget.value)}
        />
      </label>
      {onMaxCost && (
        <label class="field">
          <span>
            Spend at most, in USD <em>optional</em>
          </span>
          <input
            type="text"
            inputMode="decimal"
            pattern="[0-9]*\.?[0-9]*"
            value={maxCost}
            onInput={(event) => onMaxCost(event.currentTarget.value.trim())}
          />
        </label>
      )}
      <button class="button main" disabled={!ready || start.busy} onClick={() => void start.run()}>
        {start.busy ? "Starting…" : "Start Batch"}
      </button>
      <p class="offer-note">
        {blocked ??
          (quote?.mode === "development"
            ? "Development mode: placeholder images, nothing is charged."
            : "You are only charged for images that are generated.")}
      </p>
      <Problem error={start.error} />
    </aside>
  );
}
