import { useEffect, useRef } from "preact/hooks";
import { useKept } from "../ui/hooks";
import { Title } from "../ui/Title";
import { type Choices, NOTHING, obstacle, STEPS } from "./wizard/choices";
import { ImagesStep } from "./wizard/images-step";
import { ReviewStep } from "./wizard/review-step";
import { SelectStep } from "./wizard/select-step";
import { SettingsStep } from "./wizard/settings-step";

export interface StepProps {
  choices: Choices;
  change: (fields: Partial<Choices>) => void;
}

const VIEWS = [SelectStep, ImagesStep, SettingsStep, ReviewStep];

export function VariantsView() {
  const [choices, setChoices] = useKept("variants", NOTHING);
  const change = (fields: Partial<Choices>) => setChoices((old) => ({ ...old, ...fields }));
  const heading = useRef<HTMLHeadingElement>(null);
  const { step } = choices;
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) {
      window.scrollTo({ top: 0 });
      heading.current?.focus({ preventScroll: true });
    }
    before.current = step;
  }, [step]);
  const View = VIEWS[step] ?? SelectStep;
  const stop = obstacle(choices);
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
            {at < step ? (
              <button onClick={() => change({ step: at })}>{name}</button>
            ) : (
              <span>{name}</span>
            )}
          </li>
        ))}
      </ol>
      <h2 ref={heading} tabIndex={-1} class="sr">
        Step {step + 1} of {STEPS.length}: {STEPS[step]}
      </h2>
      <div class="step">
        <View choices={choices} change={change} />
      </div>
      {!last && (
        <div class="dock">
          <p role="status">{stop ?? `${choices.variants.length} selected`}</p>
          <div class="row">
            {step > 0 && (
              <button class="button" onClick={() => change({ step: step - 1 })}>
                Back
              </button>
            )}
            <button
              class="button main"
              disabled={stop !== null}
              onClick={() => change({ step: step + 1 })}
            >
              Next
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
