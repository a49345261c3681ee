import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { count, money, plural } from "../lib/format";
import type { Mode } from "../lib/types";
import { Ask } from "./Ask";
import { BudgetLeft } from "./BudgetLeft";
import { CapField, capFault } from "./CapField";

import { Problem } from "./Problem";

/** USD; a batch that costs more is asked about once more. */
const ASK_ABOVE = 10;

export interface Priced {
  total: number;
  estimatedCost: string;
  mode: Mode;
  items?: { code?: string | null }[];
}

interface Props {
  quote: Priced | undefined;
  pending: boolean;
  /** Why it cannot be started yet. */
  blocked: string | null;
  name: string;
  onName: (name: string) => void;
  /** What it is called without a name of its own. */
  unnamed?: string;
  cap: string;
  onCap: (cap: string) => void;
  start: { run: () => Promise<void>; busy: boolean; error: unknown };
  /** Beside each other instead of one below the other, where there is room. */
  wide?: boolean;
  children?: ComponentChildren;
}

/** Rows that are skipped make no image. */
const made = (quote: Priced): number =>
  quote.total - (quote.items ?? []).filter((item) => item.code).length;

/** How many images, for how much, and the button that starts them. */
export function Offer(props: Props) {
  const { quote, pending, blocked, cap, start } = props;
  const [asking, setAsking] = useState(false);
  const fault = capFault(cap, quote?.estimatedCost);
  const stop = blocked ?? (fault && "Correct the cap.");
  const ready = quote !== undefined && !stop && !pending && !start.busy;
  const free = quote?.mode === "development";
  const press = () => {
    if (quote && !free && Number(quote.estimatedCost) > ASK_ABOVE) setAsking(true);
    else void start.run();
  };
  return (
    <aside class={props.wide ? "offer offer-wide" : "offer"} aria-label="Price and start">
      {props.children}
      <div class="models">
        <label class="field">
          <span>
            Name <em>optional</em>
          </span>
          <input
            type="text"
            maxLength={120}
            value={props.name}
            placeholder={props.unnamed}
            onInput={(event) => props.onName(event.currentTarget.value)}
          />
        </label>
        <CapField value={cap} onChange={props.onCap} estimate={quote?.estimatedCost} />
        <BudgetLeft estimate={quote?.estimatedCost} />
        <Problem error={start.error} />
      </div>
      <div class="offer-start">
        <dl class="price" aria-busy={pending} aria-live="polite">
          <div>
            <dt>Images</dt>
            <dd data-testid="images">{quote ? count(made(quote)) : "–"}</dd>
          </div>
          <div>
            <dt>{free ? "Simulated price" : "Estimated price"}</dt>
            <dd data-testid="price">{quote ? money(quote.estimatedCost) : "–"}</dd>
          </div>
        </dl>
        <button class="button main" disabled={!ready} onClick={press}>
          {start.busy ? "Starting…" : "Start Batch"}
        </button>
        <p class="offer-note">
          {stop ??
            (free
              ? "Development mode: placeholder images, nothing is charged."
              : "You are only charged for images that are generated.")}
        </p>
      </div>
      {asking && quote && (
        <Ask
          title={`Spend about ${money(quote.estimatedCost)}?`}
          act={`Start ${plural(made(quote), "image")}`}
          onAct={() => {
            setAsking(false);
            void start.run();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            {cap ? "The limit applies to all retries." : "No limit: retries can add to the price."}
          </p>
        </Ask>
      )}
    </aside>
  );
}
