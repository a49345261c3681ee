import { quoteVariants, schemaIn, settingsSchema, submitVariants } from "../../lib/api";
import { count, plural } from "../../lib/format";
import { ApiError } from "../../lib/problems";
import { capOf } from "../../ui/CapField";
import { useAction, useLoad, useQuote } from "../../ui/hooks";
import { isKnown, ModelPicker, useModels } from "../../ui/ModelPicker";
import { Offer } from "../../ui/Offer";
import { Problem } from "../../ui/Problem";
import type { StepProps } from "../variants";
import { type Choices, credits, SCHEMA, toRequest } from "./choices";
import { Strip } from "./images-step";
import { words } from "./schema-form";

export function ReviewStep({ choices, change, go, finish }: StepProps) {
  const models = useModels();
  const request = toRequest(choices);
  const { quote, error, pending, again } = useQuote(
    (signal) => quoteVariants({ ...request, name: "" }, signal),
    [JSON.stringify({ ...request, name: "" })],
  );
  const start = useAction(async () => {
    const cap = capOf(choices.cap);
    const id = await submitVariants({ ...request, ...(cap && { maxCost: cap }) });
    finish();
    // Another document, because its security policy is stricter than the catalog's.
    location.assign(`/batches/${id}`);
  });
  return (
    <div class="split">
      <div class="stack">
        <Problem error={titled(error, choices)}>
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
        <Settings choices={choices} model={quote?.model} />
        <p>
          <button class="button" onClick={() => go(2)}>
            Back
          </button>
        </p>
      </div>
      {isKnown(models) && (
        <Offer
          quote={quote}
          pending={pending}
          blocked={null}
          start={start}
          name={choices.name}
          onName={(name) => change({ name })}
          cap={choices.cap}
          onCap={(cap) => change({ cap })}
        >
          <ModelPicker
            models={models}
            choice={choices.choice}
            standard={quote?.model}
            onChange={(choice) => change({ choice })}
          />
          <p class="credits">
            <b>{plural(quote?.credits ?? credits(choices), "credit")}</b>
            <span>
              {plural(choices.variants.length, "variant")} × {count(choices.variations)}
            </span>
          </p>
        </Offer>
      )}
    </div>
  );
}

/** What every image has in common, defaults included. */
function Settings({ choices, model }: { choices: Choices; model: string | undefined }) {
  const schema = useLoad(async (signal) => schemaIn(await settingsSchema(SCHEMA, signal)), []);
  const fields = Object.entries(schema.data?.properties ?? {});
  const said = fields.flatMap(([name, field]) => {
    const value = choices.input[name] ?? field.default;
    return value == null ? [] : [[field.title ?? words(name), value] as const];
  });
  return (
    <dl class="settings">
      {[...said, ["Model", model ?? "–"] as const].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{Array.isArray(value) ? value.join("; ") : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The same problem with the variants' titles instead of their ids. */
function titled(error: unknown, choices: Choices): unknown {
  if (!(error instanceof ApiError)) return error;
  const titles = new Map(choices.variants.map((one) => [one.variantId, one.title]));
  const details = error.details.map(({ variantId, ...rest }) =>
    variantId === undefined
      ? rest
      : { ...rest, field: titles.get(variantId) ?? `Variant ${variantId}` },
  );
  return new ApiError(error.status, error.error, error.detail, details, error.retryAfter);
}
