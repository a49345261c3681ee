import Papa from "papaparse";
import type { Quote } from "./types";

export const COLUMNS = [
  "make",
  "model",
  "body_style",
  "trim",
  "year",
  "color",
  "background",
  "aspect_ratio",
  "custom_id",
] as const;
export const MAX_BYTES = 5_000_000;
export const PREVIEW_ROWS = 10;
const ALLOWED: Record<string, readonly string[]> = {
  background: ["white", "hub"],
  aspect_ratio: ["1:1", "16:9", "9:16", "4:3", "3:4"],
};
const LONGEST = 200;

export interface Column {
  name: string;
  known: boolean;
  repeated: boolean;
}
/** `row` is the number a spreadsheet shows: the header is 1 and blank lines count. */
export interface Row {
  row: number;
  cells: string[];
}
export interface CellProblem {
  row: number;
  column: string;
  value: string;
  message: string;
}
export interface Sheet {
  columns: Column[];
  rows: Row[];
  /** Why the sheet cannot be sent at all, as sentences. */
  faults: string[];
  /** Cells whose value is not allowed; the rest of the sheet is fine. */
  problems: CellProblem[];
}

/** UTF-8, UTF-16 with a byte order mark, else Windows-1252: what spreadsheets export. */
export function decode(body: Uint8Array): string {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder("utf-16le").decode(body);
  if (body[0] === 0xfe && body[1] === 0xff) return new TextDecoder("utf-16be").decode(body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return new TextDecoder("windows-1252").decode(body);
  }
}

const blank = (cells: string[]): boolean => cells.every((cell) => cell.trim() === "");

export function readSheet(text: string, maxRows: number): Sheet {
  const verdict = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  const lines = Papa.parse<string[]>(text, {
    delimiter: verdict.meta.delimiter,
    newline: verdict.meta.linebreak as "\r\n",
  }).data;
  const rows: Row[] = lines
    .map((cells, at) => ({ row: at + 1, cells }))
    .filter(({ cells }) => !blank(cells));
  const header = rows.shift();
  const columns = columnsOf(header?.cells ?? []);
  const faults = [
    ...verdict.errors
      .filter((error) => error.type === "Quotes")
      .map((error) => quoteFault(error, rows)),
    ...raggedFaults(rows, columns.length),
  ];
  if (!header || !rows.length)
    faults.unshift("No data rows found: the sheet has no row below its header.");
  else if (!columns.some((column) => column.known)) {
    faults.unshift(
      `None of the columns is known. The first line must name some of: ${COLUMNS.join(", ")}.`,
    );
  }
  if (rows.length > maxRows) {
    faults.unshift(
      `Row limit exceeded (max ${maxRows}): the sheet has ${rows.length} rows. Split it, or remove ${rows.length - maxRows}.`,
    );
  }
  return { columns, rows, faults, problems: faults.length ? [] : cellProblems(columns, rows) };
}

function columnsOf(names: string[]): Column[] {
  const seen = new Set<string>();
  return names.map((raw) => {
    const name = raw.trim();
    const key = name.toLowerCase();
    const repeated = seen.has(key);
    seen.add(key);
    return { name, known: (COLUMNS as readonly string[]).includes(key), repeated };
  });
}

function quoteFault(error: Papa.ParseError, rows: Row[]): string {
  const row = rows[error.row ?? -1]?.row;
  return `${row ? `Row ${row}: a` : "A"} quotation mark is not closed or stands in the wrong place.`;
}

function raggedFaults(rows: Row[], width: number): string[] {
  const ragged = rows.filter(({ cells }) => cells.length !== width);
  const shown = ragged
    .slice(0, 5)
    .map(
      ({ row, cells }) =>
        `Row ${row} has ${cells.length} ${cells.length === 1 ? "value" : "values"}, the header has ${width}.`,
    );
  return ragged.length > 5 ? [...shown, `${ragged.length - 5} more rows are like that.`] : shown;
}

function cellProblems(columns: Column[], rows: Row[]): CellProblem[] {
  const found: CellProblem[] = [];
  const ids = new Set<string>();
  for (const { row, cells } of rows) {
    columns.forEach((column, at) => {
      const key = column.name.toLowerCase();
      const value = (cells[at] ?? "").trim();
      if (!column.known || column.repeated || !value) return;
      const message = fault(key, value, ids);
      if (message) found.push({ row, column: key, value, message });
    });
  }
  return found;
}

function fault(key: string, value: string, ids: Set<string>): string | null {
  const allowed = ALLOWED[key];
  if (allowed && !allowed.includes(value.toLowerCase()))
    return `must be one of ${allowed.join(", ")}`;
  if (value.length > LONGEST) return `must be at most ${LONGEST} characters`;
  if (key !== "custom_id") return null;
  if (value.length > 64) return "must be at most 64 characters";
  if (ids.has(value)) return "is used by an earlier row; it must be unique";
  ids.add(value);
  return null;
}

/** The server decides which rows are not valid; what was found here says in which cell and why. */
export function withServerVerdict(problems: CellProblem[], quote: Quote): CellProblem[] {
  const refused = new Map(
    (quote.items ?? []).flatMap((item) =>
      item.code && item.row ? [[item.row, item.reason ?? ""]] : [],
    ),
  );
  const known = new Set(problems.map((problem) => problem.row));
  const more = [...refused].filter(([row]) => !known.has(row));
  return [
    ...problems.filter((problem) => refused.has(problem.row)),
    ...more.map(([row, message]) => ({ row, column: "", value: "", message })),
  ].sort((a, b) => a.row - b.row);
}
