import { useState } from "preact/hooks";
import { count, plural } from "../../lib/format";
import type { Reading, ReadRow } from "../../lib/reading";
import { cellKey, columnWords, type Edit, type PlacedProblem } from "../../lib/sheet";
import type { SheetState } from "./use-sheet";

const SHOWN = 50;

interface GridProps {
  state: SheetState;
  reading: Reading;
  /** Whether the rows have prompts already. */
  prompts: boolean;
}

/** The sheet as the server reads it: its first rows and every row with a problem, to be edited. */
export function SheetGrid({ state, reading, prompts }: GridProps) {
  const [shown, setShown] = useState(SHOWN);
  const { rows, edits, problems, more } = state;
  const visible = rows.slice(0, shown);
  const values = new Map(edits.map((edit) => [cellKey(edit.row, edit.place), edit.value]));
  const wrong = new Map(problems.map((one) => [cellKey(one.row, one.place), one]));
  const left = rows.length > shown || more.left;
  const showMore = async () => {
    if (rows.length <= shown) await more.run();
    setShown(shown + 2 * SHOWN);
  };
  return (
    <div>
      <h2 id="rows" tabIndex={-1}>
        {left
          ? `${count(visible.length)} of ${plural(reading.total, "row")}`
          : plural(reading.total, "row")}
      </h2>
      <p class="muted" role="status">
        {edits.length
          ? "Reading the corrected sheet…"
          : "You can edit every cell. The price is updated."}
      </p>
      <div class="scroll" role="region" aria-labelledby="rows" tabIndex={0}>
        <table class="sheet" style={{ "--columns": reading.columns.length }}>
          <Header reading={reading} />
          <tbody onKeyDown={moveByKeys}>
            {visible.map((row) => (
              <Row
                key={row.row}
                row={row}
                reading={reading}
                prompts={prompts}
                values={values}
                wrong={wrong}
                edit={state.edit}
              />
            ))}
          </tbody>
        </table>
      </div>
      {left && (
        <p class="more">
          <button class="button" disabled={more.busy} onClick={() => void showMore()}>
            Show more rows
          </button>
        </p>
      )}
    </div>
  );
}

function Header({ reading }: { reading: Reading }) {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span class="sr">Row</span>
        </th>
        {reading.columns.map((name, place) => (
          <th key={place} scope="col" class={reading.readAs[place] ? "" : "unknown"}>
            {name || "(no name)"}
            <ReadAs name={name} as={reading.readAs[place] ?? null} />
          </th>
        ))}
      </tr>
    </thead>
  );
}

function ReadAs({ name, as }: { name: string; as: string | null }) {
  if (as === null) return <small>not used</small>;
  const same =
    name
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, "_") === as;
  return same ? null : <small>is the {columnWords(as)}</small>;
}

interface RowProps {
  row: ReadRow;
  reading: Reading;
  prompts: boolean;
  values: ReadonlyMap<string, string>;
  wrong: ReadonlyMap<string, PlacedProblem>;
  edit: (edits: Edit[]) => void;
}

function Row({ row, reading, prompts, values, wrong, edit }: RowProps) {
  const whole = wrong.get(cellKey(row.row, -1));
  return (
    <>
      <tr>
        <th scope="row">{row.row}</th>
        {reading.columns.map((name, place) => {
          const key = cellKey(row.row, place);
          return (
            <Cell
              key={place}
              label={`Row ${row.row}, ${name || `column ${place + 1}`}`}
              id={`cell-${row.row}-${place}`}
              value={values.get(key) ?? row.cells[place] ?? ""}
              problem={values.has(key) ? undefined : wrong.get(key)}
              used={reading.readAs[place] != null}
              set={(value) => edit([{ row: row.row, place, value }])}
            />
          );
        })}
      </tr>
      <tr class="made">
        <td />
        <td colSpan={reading.columns.length}>
          <Made row={row} whole={whole} prompts={prompts} />
        </td>
      </tr>
    </>
  );
}

interface MadeProps {
  row: ReadRow;
  /** What is wrong with the row as a whole. */
  whole: PlacedProblem | undefined;
  prompts: boolean;
}

/** What would be made of a row, under which name. */
function Made({ row, whole, prompts }: MadeProps) {
  if (whole) return <p class="fault">The prompt {whole.message}.</p>;
  if (!row.file) return <p class="fault">No image until the row is corrected.</p>;
  if (!prompts) return null;
  return (
    <details>
      <summary>
        <b>{row.file}</b> <span>{row.prompt}</span>
      </summary>
      <p>{row.prompt}</p>
    </details>
  );
}

interface CellProps {
  label: string;
  id: string;
  value: string;
  problem: PlacedProblem | undefined;
  used: boolean;
  set: (value: string) => void;
}

function Cell({ label, id, value, problem, used, set }: CellProps) {
  const commit = (input: HTMLInputElement) => {
    if (input.value !== value) set(input.value);
  };
  return (
    <td class={problem ? "wrong" : used ? "" : "unknown"}>
      <input
        id={id}
        type="text"
        autocomplete="off"
        aria-label={label}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-why` : undefined}
        value={value}
        onChange={(event) => commit(event.currentTarget)}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit(event.currentTarget);
          if (event.key === "Escape") event.currentTarget.value = value;
        }}
      />
      {problem && <small id={`${id}-why`}>{problem.message}</small>}
    </td>
  );
}

/** Up, Down and Enter go from row to row, as in a spreadsheet. */
function moveByKeys(event: KeyboardEvent): void {
  const by = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
  const from = event.target as HTMLElement;
  if (by === undefined || !from.id.startsWith("cell-")) return;
  event.preventDefault();
  const body = event.currentTarget as HTMLElement;
  const place = from.id.split("-").at(-1);
  const column = [...body.querySelectorAll<HTMLInputElement>(`input[id$="-${place}"]`)].filter(
    (input) => input.id.split("-").length === 3,
  );
  column[column.indexOf(from as HTMLInputElement) + by]?.focus();
}
