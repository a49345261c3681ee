import type { CellProblem, Reading, ReadRow } from "./reading";

export const MAX_BYTES = 5_000_000;
export const CAR_COLUMNS = [
  "make",
  "model",
  "body_style",
  "trim",
  "year",
  "color",
  "background",
  "aspect_ratio",
  "custom_id",
  "seed",
  "reference",
  "reference_2",
  "reference_3",
  "reference_4",
] as const;

/** A cell by its row's number and its column's place. */
export interface Edit {
  row: number;
  place: number;
  value: string;
}

/** A problem in the cell where it stands; `place` is -1 for one of the whole row. */
export interface PlacedProblem extends CellProblem {
  row: number;
  place: number;
}

export const cellKey = (row: number, place: number): string => `${row}:${place}`;

export function problemsOf(reading: Reading, rows: Iterable<ReadRow>): PlacedProblem[] {
  const places = new Map(reading.readAs.map((name, place) => [name, place]));
  return [...rows].flatMap(({ row, problems }) =>
    problems.map((problem) => ({ ...problem, row, place: places.get(problem.column) ?? -1 })),
  );
}

/** The corrections that every suggestion stands for. */
export const suggested = (problems: readonly PlacedProblem[]): Edit[] =>
  problems.flatMap(({ row, place, suggestion }) =>
    suggestion !== null && place >= 0 ? [{ row, place, value: suggestion }] : [],
  );

/** Rows by their number, with the edits made in them. */
export function edited(rows: readonly ReadRow[], edits: readonly Edit[]): ReadRow[] {
  const byRow = new Map<number, Edit[]>();
  for (const edit of edits) byRow.set(edit.row, [...(byRow.get(edit.row) ?? []), edit]);
  return rows.map((row) => {
    const own = byRow.get(row.row);
    if (!own) return row;
    const cells = [...row.cells];
    for (const { place, value } of own) {
      while (cells.length <= place) cells.push("");
      cells[place] = value;
    }
    return { ...row, cells };
  });
}

/** Each row once, in the order of the sheet: pages overlap in the rows with problems. */
export function merged(pages: readonly ReadRow[]): ReadRow[] {
  const rows = new Map(pages.map((row) => [row.row, row]));
  return [...rows.values()].sort((a, b) => a.row - b.row);
}

/** The sheet as a CSV in which every row keeps its number: blank lines stay where they were. */
export function toCsv(
  header: readonly string[],
  rows: readonly Pick<ReadRow, "row" | "cells">[],
  delimiter: string,
): string {
  const lines = [line(header, delimiter)];
  for (const { row, cells } of rows) {
    while (lines.length < row - 1) lines.push("");
    lines.push(line(cells, delimiter));
  }
  return `\ufeff${lines.join("\r\n")}\r\n`;
}

function line(cells: readonly string[], delimiter: string): string {
  return cells.map((cell) => quoted(cell, delimiter)).join(delimiter);
}

const quoted = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell)
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;

/**
 * Problems that a workbook's cells have and their text has not, such as `#REF!`: they stay until
 * the cell is written anew.
 */
export function stillFaulty(
  problems: readonly PlacedProblem[],
  edits: readonly Edit[],
): PlacedProblem[] {
  const done = new Set(edits.map(({ row, place }) => cellKey(row, place)));
  return problems.filter(
    ({ row, place, column }) =>
      place >= 0 && column !== "custom_id" && !done.has(cellKey(row, place)),
  );
}

/** What those cells are worth beside a new reading, which may name some of them itself. */
export function withFaulty(
  found: readonly PlacedProblem[],
  faulty: readonly PlacedProblem[],
): PlacedProblem[] {
  const named = new Set(found.map(({ row, place }) => cellKey(row, place)));
  return [...found, ...faulty.filter(({ row, place }) => !named.has(cellKey(row, place)))].sort(
    (a, b) => a.row - b.row || a.place - b.place,
  );
}

const WORDS: Record<string, string> = {
  custom_id: "ID",
  aspect_ratio: "aspect ratio",
  body_style: "body style",
};

/** A column as people call it. */
export const columnWords = (name: string): string => WORDS[name] ?? name.replaceAll("_", " ");

/** A file's name without what says that it is a sheet. */
export const stemOf = (name: string): string =>
  name.replace(/(-corrected)?\.(csv|tsv|txt|xlsx)$/i, "");
