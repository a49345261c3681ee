import { useState } from "preact/hooks";
import { plural } from "../../lib/format";
import type { Reading } from "../../lib/reading";
import { type PlacedProblem, suggested } from "../../lib/sheet";
import { ReferenceUpload } from "./reference-upload";
import type { SheetState } from "./use-sheet";

const SHOWN = 8;

interface Props {
  state: SheetState;
  reading: Reading;
  skip: boolean;
  onSkip: (skip: boolean) => void;
}

/** Every cell that is not right, with what was probably meant one press away. */
export function Repairs({ state, reading, skip, onSkip }: Props) {
  const [all, setAll] = useState(false);
  const edits = new Set(state.edits.map(({ row, place }) => `${row}:${place}`));
  const open = state.problems.filter(({ row, place }) => !edits.has(`${row}:${place}`));
  if (!open.length) return null;
  const fixes = suggested(open);
  const rows = new Set(open.map((one) => one.row)).size;
  const shown = all ? open : open.slice(0, SHOWN);
  const apply = (some: PlacedProblem[]) => {
    state.edit(suggested(some));
    if (some.length === open.length) document.getElementById("rows")?.focus();
  };
  return (
    <section class={`notice repairs notice-${skip ? "warn" : "bad"}`} aria-labelledby="repairs">
      <div class="repairs-head">
        <h2 id="repairs">{plural(open.length, "cell")} to correct</h2>
        {fixes.length > 0 && (
          <button class="button small" onClick={() => apply(open)}>
            {fixes.length > 1 ? `Apply all ${fixes.length} suggestions` : "Apply the suggestion"}
          </button>
        )}
      </div>
      <ul>
        {shown.map((one) => (
          <Repair
            key={`${one.row}:${one.place}:${one.column}`}
            problem={one}
            reading={reading}
            apply={() => apply([one])}
          />
        ))}
      </ul>
      {open.length > shown.length && (
        <button class="link" onClick={() => setAll(true)}>
          Show {open.length - shown.length} more
        </button>
      )}
      {open.some(({ column }) => column.startsWith("reference")) && (
        <ReferenceUpload done={state.again} />
      )}
      {state.faulty.length > 0 ? (
        <p>Replace or clear the cells with a workbook error.</p>
      ) : (
        <label class="check">
          <input
            type="checkbox"
            checked={skip}
            onChange={(event) => onSkip(event.currentTarget.checked)}
          />
          <span>
            Skip {rows === 1 ? "this row" : `these ${rows} rows`}: recorded as failed, the rest is
            made
          </span>
        </label>
      )}
    </section>
  );
}

interface RepairProps {
  problem: PlacedProblem;
  reading: Reading;
  apply: () => void;
}

function Repair({ problem, reading, apply }: RepairProps) {
  const { row, place, value, message, suggestion } = problem;
  const name = reading.columns[place] ?? problem.column;
  return (
    <li>
      <span>
        <b>
          Row {row}, {name}
        </b>
        : {value && `“${value.slice(0, 60)}” `}
        {message}.
      </span>
      {place >= 0 &&
        (suggestion !== null ? (
          <button
            class="button small"
            onClick={apply}
            aria-label={`Row ${row}, ${name}: use ${suggestion}`}
          >
            Use {suggestion}
          </button>
        ) : (
          <button
            class="button small"
            aria-label={`Edit row ${row}, ${name}`}
            onClick={() => document.getElementById(`cell-${row}-${place}`)?.focus()}
          >
            Edit
          </button>
        ))}
    </li>
  );
}
