import { call, toBatch, upload } from "./api";
import { once } from "./idempotency";
import type { Choice } from "./models";
import type { Batch, Mode } from "./types";

/** How the server reads a sheet: its dry run. The page has no reading of its own. */
export interface Reading {
  total: number;
  estimatedCost: string;
  mode: Mode;
  model: string;
  notices: SheetNotice[];
  columns: string[];
  /** What each of `columns` is read as; null is not read. */
  readAs: (string | null)[];
  delimiter: string | null;
  items: ReadRow[];
  nextCursor: string | null;
}

export interface SheetNotice {
  code: string;
  level: "notice" | "warning";
  message: string;
  row: number | null;
  column: string | null;
}

export interface CellProblem {
  column: string;
  value: string;
  message: string;
  suggestion: string | null;
}

/** `row` is the number a spreadsheet shows: the header is 1 and blank lines count. */
export interface ReadRow {
  row: number;
  customId: string;
  prompt: string;
  file: string | null;
  price: string;
  code?: string | null;
  reason?: string | null;
  cells: string[];
  problems: CellProblem[];
}

/** A sheet that was uploaded, and what a person said about reading it. */
export interface Source {
  uploadId: string;
  encoding: string;
  /** The sheet of a workbook. */
  sheet: string;
  ignoreUnknown: boolean;
}

/** What the rows are: cars, or whatever a template says. */
export type Recipe =
  | { kind: "cars" }
  | { kind: "template"; name: string }
  | { kind: "prompt"; text: string };

/** Reads any table, whatever its columns are. */
export const ANY_TABLE: Recipe = { kind: "prompt", text: "row" };

const PAGE = 1000;

const route = (recipe: Recipe): string =>
  recipe.kind === "cars" ? "/api/car-batch" : "/api/sheet-batch";

function request(recipe: Recipe, source: Source, choice: Choice): Record<string, unknown> {
  return {
    uploadId: source.uploadId,
    ...(source.encoding && { encoding: source.encoding }),
    ...(source.sheet && { sheet: source.sheet }),
    ...(source.ignoreUnknown && { unknownColumns: "ignore" }),
    ...(recipe.kind === "template" && { template: recipe.name }),
    ...(recipe.kind === "prompt" && { prompt: recipe.text }),
    ...choice,
  };
}

/** The totals, the first rows and every row with a problem, as if such rows were skipped. */
export const readSheet = (
  recipe: Recipe,
  source: Source,
  choice: Choice,
  signal?: AbortSignal,
): Promise<Reading> =>
  call("POST", route(recipe), {
    json: { ...request(recipe, source, choice), dryRun: true, invalidRows: "skip" },
    signal,
  });

/** The rows from a cursor on. */
export const readRows = (
  recipe: Recipe,
  source: Source,
  choice: Choice,
  cursor: string,
  limit = PAGE,
): Promise<Reading> =>
  call("POST", route(recipe), {
    json: { ...request(recipe, source, choice), dryRun: true, invalidRows: "skip", cursor, limit },
  });

export interface Start {
  name: string;
  maxCost: string;
  skipInvalid: boolean;
}

export function startSheet(
  recipe: Recipe,
  source: Source,
  choice: Choice,
  { name, maxCost, skipInvalid }: Start,
): Promise<Batch> {
  const json = {
    ...request(recipe, source, choice),
    ...(name && { name }),
    ...(maxCost && { maxCost }),
    ...(skipInvalid && { invalidRows: "skip" }),
  };
  return once([route(recipe), JSON.stringify(json)], async (key) =>
    toBatch(await call("POST", route(recipe), { json, key })),
  );
}

const uploads = new WeakMap<File, Promise<string>>();

/** A sheet goes to the server once, for its reading, its price and its batch. */
export function uploadSheet(file: File): Promise<string> {
  const known = uploads.get(file) ?? upload(file, "csv").then((made) => made.id);
  uploads.set(file, known);
  known.catch(() => uploads.delete(file));
  return known;
}
