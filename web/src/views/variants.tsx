import { useEffect, useRef } from "preact/hooks";
import { useAddress } from "../ui/address";
import { useDraft } from "../ui/draft";
import { Title } from "../ui/Title";
import { type Choices, NOTHING, obstacle, STEPS } from "./wizard/choices";
import { ImagesStep } from "./wizard/images-step";
import { ReviewStep } from "./wizard/review-step";
import { SelectStep } from "./wizard/select-step";
import { SettingsStep } from "./wizard/settings-step";

export interface StepProps {
  choices: Choices;
  change: (fields: Partial<Choices>) => void;
  update: (next: (old: Choices) => Choices) => void;
  /** To another step. */
  go: (step: number) => void;
  /** The batch is started: the next visit starts anew. */
  finish: () => void;
}

/** No further than what is chosen allows, whatever the address says. */
function stepOf(text: string, choices: Choices): number {
  const wanted = Math.min(Math.max(Number(text) - 1 || 0, 0), STEPS.length - 1);
  for (let step = 0; step < wanted; step += 1) if (obstacle(choices, step)) return step;
  return wanted;
}

const VIEWS = [SelectStep, ImagesStep, SettingsStep, ReviewStep];

export function VariantsView() {
  const draft = useDraft("variants", NOTHING);
  const address = useAddress({ step: "1" });
  const choices = draft.value;
  const change = (fields: Partial<Choices>) => draft.change((old) => ({ ...old, ...fields }));
  const heading = useRef<HTMLHeadingElement>(null);
  const step = stepOf(address.fields.step, choices);
  const go = (to: number) => address.change({ step: String(to + 1) }, true);
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) {
      window.scrollTo({ top: 0 });
      heading.current?.focus({ preventScroll: true });
    }
    before.current = step;
  }, [step]);
  const View = VIEWS[step] ?? SelectStep;
  const stop = obstacle(choices, step);
  const last = step === STEPS.length - 1;

  return (
    <div class="view wizard">
      <Title text="Images of your variants" tab="Variants" />
      <ol class="steps" aria-label="Steps">
        {STEPS.map((name, at) => (
          <li
            key={name}
            aria-current={at === step ? "step" : undefined}
            class={at < step ? "past" : ""}
          >
            {at < step ? <button onClick={() => go(at)}>{name}</button> : <span>{name}</span>}
          </li>
        ))}
      </ol>
      <h2 ref={heading} tabIndex={-1} class="sr">
        Step {step + 1} of {STEPS.length}: {STEPS[step]}
      </h2>
      <div class="step">
        <View
          choices={choices}
          change={change}
          update={draft.change}
          go={go}
          finish={() => {
            draft.finish();
            address.finish();
          }}
        />
      </div>
      {!last && (
        <div class="dock">
          <p role="status">{stop ?? `${choices.variants.length} selected`}</p>
          <div class="row">
            {step > 0 && (
              <button class="button" onClick={() => go(step - 1)}>
                Back
              </button>
            )}
            <button class="button main" disabled={stop !== null} onClick={() => go(step + 1)}>
              Next
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
