import { useId } from "preact/hooks";
import { readAmount } from "../lib/amount";
import { money } from "../lib/format";

interface Props {
  value: string;
  onChange: (text: string) => void;
  /** What the batch is estimated at, in USD. */
  estimate: string | undefined;
}

/** What stands in the way of starting with this cap; null where nothing does. */
export function capFault(text: string, estimate: string | undefined): string | null {
  const amount = readAmount(text);
  if ("fault" in amount) return amount.fault;
  if (amount.usd && estimate && Number(estimate) > Number(amount.usd))
    return `The estimate of ${money(estimate)} is over this cap.`;
  return null;
}

/** The amount as the API takes it; empty for none. */
export function capOf(text: string): string {
  const amount = readAmount(text);
  return "usd" in amount ? amount.usd : "";
}

export function CapField({ value, onChange, estimate }: Props) {
  const id = useId();
  const fault = capFault(value, estimate);
  return (
    <label class="field">
      <span>
        Spend at most, in USD <em>optional</em>
      </span>
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        value={value}
        aria-invalid={fault !== null}
        aria-describedby={fault ? id : undefined}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {fault && (
        <small id={id} class="fault" role="alert">
          {fault}
        </small>
      )}
    </label>
  );
}
