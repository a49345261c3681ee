import { useState } from "preact/hooks";
import type { ApiError } from "../../lib/problems";
import { Notice } from "../../ui/Problem";
import { Question } from "./question";

/** Text that can be read in several ways: a person sees which of the samples is right. */
export function EncodingChoice({
  error,
  choose,
}: {
  error: ApiError;
  choose: (encoding: string) => void;
}) {
  const [picked, setPicked] = useState("");
  // A single damaged row is no question of encodings: it is named, to be corrected in the sheet.
  const samples = error.details.filter((one) => one.sample && one.row == null);
  if (!samples.length) return <Notice kind="bad" title={`${error.error}.`} text={error.detail} />;
  return (
    <Question
      title="Which encoding is the sheet in?"
      text="It is not UTF-8 and could be decoded in several ways."
    >
      <form
        class="encodings"
        onSubmit={(event) => {
          event.preventDefault();
          if (picked) choose(picked);
        }}
      >
        <fieldset class="choice">
          <legend>Choose the line in which every letter is right</legend>
          {samples.map(({ encoding, sample }) => (
            <label key={encoding}>
              <input
                type="radio"
                name="encoding"
                checked={picked === encoding}
                onChange={() => setPicked(encoding ?? "")}
              />
              <span>
                <q>{sample}</q> <em>{encoding}</em>
              </span>
            </label>
          ))}
        </fieldset>
        <button class="button" disabled={!picked}>
          Use this encoding
        </button>
      </form>
    </Question>
  );
}
