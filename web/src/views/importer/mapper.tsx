import { useMemo, useState } from "preact/hooks";
import { guessColumn } from "../../lib/column-guesses";
import type { ApiError } from "../../lib/problems";
import { ANY_TABLE, type Reading, readRows, readSheet, type Source } from "../../lib/reading";
import { columnWords, merged, problemsOf } from "../../lib/sheet";
import { useAction, useLoad } from "../../ui/hooks";
import { Problem } from "../../ui/Problem";
import { Question } from "./question";
import { isWorkbook, type Table } from "./use-sheet";

interface Props {
  /** Why the sheet was refused; null where a person wants another mapping. */
  error: ApiError | null;
  /** What the columns are read as now. */
  readAs?: readonly (string | null)[];
  source: Source;
  /** The columns that there can be. */
  columns: readonly string[];
  use: (table: Table) => Promise<void>;
  /** Where the sheet can be used with its own columns. */
  elsewhere: string | null;
}

const SAMPLES = 3;
const HEADERS = 10;

/** Asks which column is which, where the header leaves it open. */
export function ColumnMapper(props: Props) {
  const { error, source } = props;
  const any = { ...source, ignoreUnknown: true };
  const table = useLoad((signal) => readSheet(ANY_TABLE, any, {}, signal), [source.uploadId]);
  return (
    <Question
      title="Which column is which?"
      text="Some column names are unknown. Choose what each column means; the others are ignored."
    >
      {table.error ? <Problem error={error} /> : null}
      {table.data && <Mapping key={source.uploadId} {...props} source={any} table={table.data} />}
    </Question>
  );
}

/** The row that the server takes for the header, as its message says. */
const headerRow = (error: ApiError | null): number =>
  Number(/Row (\d+) looks like the header/.exec(error?.detail ?? "")?.[1] ?? 0);

interface MappingProps extends Props {
  table: Reading;
}

function Mapping(props: MappingProps) {
  const { error, readAs, table, columns, source, use, elsewhere } = props;
  const [at, setAt] = useState(headerRow(error));
  const header = table.items.find(({ row }) => row === at)?.cells ?? table.columns;
  const guesses = useMemo(
    () => guess(header, error, columns, at ? [] : (readAs ?? [])),
    [header, error, columns],
  );
  const [picked, setPicked] = useState<Record<number, string>>({});
  const names = header.map((_, place) => picked[place] ?? guesses[place] ?? "");
  const twice = names.find((name, place) => name && names.indexOf(name) !== place);
  const apply = useAction(async () => {
    const rows = (await wholeTable(table, source)).filter(({ row }) => row > at);
    const renamed = header.map((name, place) => names[place] || unused(name, columns));
    const faulty = isWorkbook(table) ? problemsOf(table, rows) : [];
    await use({ header: renamed, rows, delimiter: table.delimiter, faulty });
  });
  return (
    <div class="mapper">
      <label class="field">
        <span>Column names are in</span>
        <select value={at} onChange={(event) => setAt(Number(event.currentTarget.value))}>
          <option value={0}>the first row</option>
          {table.items.slice(0, HEADERS).map(({ row, cells }) => (
            <option key={row} value={row}>
              row {row}: {cells.filter(Boolean).join(", ").slice(0, 60)}
            </option>
          ))}
        </select>
      </label>
      <ul>
        {header.map((name, place) => (
          <li key={place}>
            <label class="field">
              <span>{name || `Column ${place + 1}`}</span>
              <select
                value={names[place]}
                onChange={(event) => setPicked({ ...picked, [place]: event.currentTarget.value })}
              >
                <option value="">not used</option>
                {columns.map((one) => (
                  <option key={one} value={one}>
                    {columnWords(one)}
                  </option>
                ))}
              </select>
              <small>
                {table.items
                  .filter(({ row }) => row > at)
                  .slice(0, SAMPLES)
                  .map(({ cells }) => cells[place])
                  .filter(Boolean)
                  .join(", ")}
              </small>
            </label>
          </li>
        ))}
      </ul>
      {twice && <p role="alert">Only one column can be the {columnWords(twice)}.</p>}
      <button
        class="button main"
        disabled={apply.busy || twice !== undefined || !names.some(Boolean)}
        onClick={() => void apply.run()}
      >
        Use these columns
      </button>
      {elsewhere && (
        <p>
          Not cars? <a href={elsewhere}>Use the sheet with a prompt of your own</a>
        </p>
      )}
      <Problem error={apply.error} />
    </div>
  );
}

/** What each header probably stands for: itself, or what the server suggests. */
function guess(
  header: readonly string[],
  error: ApiError | null,
  columns: readonly string[],
  readAs: readonly (string | null)[],
): (string | undefined)[] {
  const fold = (name: string) =>
    name
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, "_");
  const said = suggestionsOf(error, columns);
  const taken = new Set<string>();
  for (const name of readAs) if (name) taken.add(name);
  return header.map((name, place) => {
    if (readAs[place]) return readAs[place];
    const meant = said.find(([header]) => isNamed(name.trim(), header))?.[1] ?? guessColumn(name);
    const own = columns.find((one) => one === fold(name)) ?? columns.find((one) => one === meant);
    if (!own || taken.has(own)) return undefined;
    taken.add(own);
    return own;
  });
}

/** What the server suggests, by header: in the details, or in words where no column is known. */
function suggestionsOf(error: ApiError | null, columns: readonly string[]): [string, string][] {
  const details = (error?.details ?? []).flatMap(({ column, suggestion }) =>
    column && suggestion ? [pair(column, suggestion, columns)] : [],
  );
  const words = [...(error?.detail ?? "").matchAll(/(?:\. |; )([^;]+?) may be (\w+)/g)];
  return [
    ...details,
    ...words.map(([, header = "", meant = ""]): [string, string] => [header, meant]),
  ];
}

/** Long names are cut in what the server says. */
const isNamed = (name: string, said: string): boolean =>
  said.endsWith("…") ? name.startsWith(said.slice(0, -1)) : name === said;

/** Of a missing column the server names the header that may be it; of an unknown one the column. */
const pair = (column: string, suggestion: string, columns: readonly string[]): [string, string] =>
  columns.includes(suggestion) ? [column, suggestion] : [suggestion, column];

/** A name that no column has. */
const unused = (name: string, columns: readonly string[]): string =>
  columns.includes(
    name
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, "_"),
  )
    ? `not used: ${name}`
    : name;

async function wholeTable(table: Reading, source: Source): Promise<Reading["items"]> {
  let rows = [...table.items];
  let cursor = table.nextCursor;
  while (cursor) {
    const page = await readRows(ANY_TABLE, source, {}, cursor);
    rows = [...rows, ...page.items];
    cursor = page.nextCursor;
  }
  return merged(rows);
}
