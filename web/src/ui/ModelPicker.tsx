import { useId } from "preact/hooks";
import { listModels } from "../lib/list-models";
import {
  abilities,
  chosenModel,
  MAX_FALLBACKS,
  type Model,
  type ModelChoice,
  priceOf,
  QUALITY_WORDS,
} from "../lib/models";
import { type Loaded, useLoad } from "./hooks";
import { Problem } from "./Problem";

interface Props {
  models: Loaded<Model[]>;
  choice: ModelChoice;
  onChange: (choice: ModelChoice) => void;
  /** What the server takes when no model is named, as its answer says. */
  standard?: string;
}

export const useModels = (): Loaded<Model[]> => useLoad(() => listModels(), []);

/** Whether the picker has its height: nothing below it moves from then on. */
export const isKnown = ({ data, error }: Loaded<Model[]>): boolean =>
  data !== undefined || error !== undefined;

/** Model, quality and what to go on with, each with what it costs and can make. */
export function ModelPicker({ models, choice, onChange, standard }: Props) {
  const id = useId();
  const all = models.data ?? [];
  const model = chosenModel(all, choice, standard);
  const usable = all.filter((one) => one.usable);
  const others = all.filter((one) => !one.usable);
  return (
    <div class="models">
      <label class="field">
        <span>Model</span>
        <select
          value={choice.model}
          aria-describedby={id}
          onChange={(event) => onChange({ ...choice, model: event.currentTarget.value })}
        >
          <option value="">{model && !choice.model ? `Default: ${model.id}` : "Default"}</option>
          <Options models={usable} />
          {others.length > 0 && (
            <optgroup label="Not available">
              {others.map((one) => (
                <option key={one.id} value={one.id} disabled>
                  {one.id}: {one.reason}
                </option>
              ))}
            </optgroup>
          )}
        </select>
        <small id={id} class="abilities">
          {model ? abilities(model) : "\u00a0"}
        </small>
      </label>
      {model && <Qualities model={model} choice={choice} onChange={onChange} />}
      {usable.length > 1 && <Fallback models={usable} choice={choice} onChange={onChange} />}
      <Problem error={models.error}>
        <button class="button quiet small" onClick={models.reload}>
          Try again
        </button>
      </Problem>
    </div>
  );
}

const Options = ({ models }: { models: readonly Model[] }) => (
  <>
    {models.map((one) => (
      <option key={one.id} value={one.id}>
        {one.id}
        {one.qualities[0] && `, ${priceOf(one.qualities[0])}`}
      </option>
    ))}
  </>
);

type Choosing = Pick<Props, "choice" | "onChange">;

function Qualities({ model, choice, onChange }: Choosing & { model: Model }) {
  const name = useId();
  const missing = !model.qualities.some((one) => one.name === choice.quality);
  return (
    <fieldset class="choice">
      <legend>Quality</legend>
      {model.qualities.map((offer) => (
        <label key={offer.name}>
          <input
            type="radio"
            name={name}
            checked={choice.quality === offer.name}
            onChange={() => onChange({ ...choice, quality: offer.name })}
          />
          <span>
            {QUALITY_WORDS[offer.name]} <em>{priceOf(offer)}</em>
          </span>
        </label>
      ))}
      {missing && (
        <small class="fault" role="alert">
          This model has no {QUALITY_WORDS[choice.quality as "hd"] ?? choice.quality}. Choose
          another quality.
        </small>
      )}
    </fieldset>
  );
}

/** One field more than is filled in, up to three. */
function Fallback({ models, choice, onChange }: Choosing & { models: readonly Model[] }) {
  const slots = [...choice.fallback, ""].slice(0, MAX_FALLBACKS);
  const set = (at: number, id: string) => {
    const next = slots.map((one, place) => (place === at ? id : one)).filter(Boolean);
    onChange({ ...choice, fallback: next });
  };
  return (
    <details class="fallback" open={choice.fallback.length > 0}>
      <summary>If the model is not available</summary>
      {slots.map((id, at) => (
        <label class="field" key={at}>
          <span class="sr">{at === 0 ? "Fall back to" : `Then to (${at + 1})`}</span>
          <select value={id} onChange={(event) => set(at, event.currentTarget.value)}>
            <option value="">{at === 0 ? "Wait for the model" : "No other model"}</option>
            <Options
              models={models.filter(
                (one) =>
                  one.id === id || (one.id !== choice.model && !choice.fallback.includes(one.id)),
              )}
            />
          </select>
        </label>
      ))}
    </details>
  );
}
