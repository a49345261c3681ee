import { useState } from "preact/hooks";
import type { ApiError } from "../../lib/problems";
import { Notice } from "../../ui/Problem";

/** Text that can be read in several ways: a person sees which of the samples is right. */
export function EncodingChoice({
  error,
  choose,
}: {
  error: ApiError;
  choose: (encoding: string) => void;
}) {
  const [picked, setPicked] = useState("");
  const samples = error.details.filter((one) => one.encoding && one.sample);
  return (
    <Notice
      kind={samples.length ? "warn" : "bad"}
      title={samples.length ? "Which encoding is the sheet in?" : `${error.error}.`}
      text={
        samples.length ? "It is not UTF-8, and it could be read in several ways." : error.detail
      }
    >
      {samples.length > 0 && (
        <form
          class="samples"
          onSubmit={(event) => {
            event.preventDefault();
            if (picked) choose(picked);
          }}
        >
          <fieldset class="choice">
            <legend>Choose the line in which every letter is right</legend>
            {samples.map(({ encoding, sample, row }) => (
              <label key={encoding}>
                <input
                  type="radio"
                  name="encoding"
                  checked={picked === encoding}
                  onChange={() => setPicked(encoding ?? "")}
                />
                <span>
                  {row != null && `Row ${row}: `}
                  <q>{sample}</q> <em>{encoding}</em>
                </span>
              </label>
            ))}
          </fieldset>
          <button class="button" disabled={!picked}>
            Read it like this
          </button>
        </form>
      )}
    </Notice>
  );
}
