import { useLocation } from "preact-iso";
import { quoteVariants, submitVariants } from "../../lib/api";
import { count, plural } from "../../lib/format";
import { useAction, useQuote } from "../../ui/hooks";
import { Offer } from "../../ui/Offer";
import { Problem } from "../../ui/Problem";
import type { StepProps } from "../variants";
import { credits, NOTHING, toRequest } from "./choices";
import { Strip } from "./images-step";
import { words } from "./schema-form";

export function ReviewStep({ choices, change }: StepProps) {
  const { route } = useLocation();
  const request = toRequest(choices);
  const { quote, error, pending, again } = useQuote(
    (signal) => quoteVariants({ ...request, name: "" }, signal),
    [JSON.stringify({ ...request, name: "" })],
  );
  const start = useAction(async () => {
    const batch = await submitVariants(request);
    change(NOTHING);
    route(`/batches/${batch.id}`);
  });
  return (
    <div class="split">
      <div class="stack">
        <Problem error={error}>
          <button class="button quiet small" onClick={again}>
            Try again
          </button>
        </Problem>
        <ul class="review" aria-label="Variants and their images">
          {choices.variants.map((one) => (
            <li key={one.variantId}>
              <Strip images={one.images} />
              <span>
                <b>{one.title}</b> <span class="muted">{one.product}</span>
              </span>
              <span class="muted">{plural(choices.variations, "image")}</span>
            </li>
          ))}
        </ul>
        {Object.keys(choices.input).length > 0 && (
          <dl class="settings">
            {Object.entries(choices.input).map(([name, value]) => (
              <div key={name}>
                <dt>{words(name)}</dt>
                <dd>{Array.isArray(value) ? value.join("; ") : String(value)}</dd>
              </div>
            ))}
          </dl>
        )}
        <p>
          <button class="button" onClick={() => change({ step: 2 })}>
            Back
          </button>
        </p>
      </div>
      <Offer
        quote={quote}
        pending={pending}
        blocked={null}
        start={start}
        name={choices.name}
        onName={(name) => change({ name })}
      >
        <p class="credits">
          <b>{plural(quote?.credits ?? credits(choices), "credit")}</b>
          <span>
            {plural(choices.variants.length, "variant")} × {count(choices.variations)}
          </span>
        </p>
      </Offer>
    </div>
  );
}
