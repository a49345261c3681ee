import { schemaIn, settingsSchema } from "../../lib/api";
import { plural } from "../../lib/format";
import { useLoad } from "../../ui/hooks";
import { Problem } from "../../ui/Problem";
import type { StepProps } from "../variants";
import { credits, MAX_VARIATIONS, SCHEMA } from "./choices";
import { SchemaForm } from "./schema-form";

export function SettingsStep({ choices, change }: StepProps) {
  const schema = useLoad(async (signal) => schemaIn(await settingsSchema(SCHEMA, signal)), []);
  return (
    <div class="form">
      <label class="field">
        <span>Images per variant</span>
        <input
          type="number"
          min={1}
          max={MAX_VARIATIONS}
          step={1}
          value={choices.variations}
          onInput={(event) => {
            const wanted = event.currentTarget.valueAsNumber;
            if (Number.isInteger(wanted))
              change({ variations: Math.min(MAX_VARIATIONS, Math.max(1, wanted)) });
          }}
        />
        <small>{plural(credits(choices), "image")} in all</small>
      </label>
      {schema.data && (
        <SchemaForm
          schema={schema.data}
          input={choices.input}
          change={(input) => change({ input })}
        />
      )}
      {!schema.data && !schema.error && <p class="lead">Loading…</p>}
      <Problem error={schema.error}>
        <button class="button quiet small" onClick={schema.reload}>
          Try again
        </button>
      </Problem>
    </div>
  );
}
