import { call, upload } from "./api";
import { once } from "./idempotency";
import type { Choice } from "./models";
import type { Schemas } from "./wire";

type Preview = Schemas["Preview"];
type PreviewItem = Schemas["PreviewItem"];
export type CellProblem = Schemas["CellProblem"];

/** How the server reads a sheet: its dry run. The page has no reading of its own. */
export type Reading = Omit<Preview, "items"> &
  Required<Pick<Preview, "columns" | "readAs" | "delimiter" | "nextCursor">> & {
    items: ReadRow[];
  };

/** `row` is the number a spreadsheet shows: the header is 1 and blank lines count. */
export type ReadRow = PreviewItem &
  Required<Pick<PreviewItem, "cells" | "problems">> & { row: number };

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

type Cars = Schemas["CarUpload"];
type Sheet = Schemas["SheetUpload"];
/** What both routes take, and what a template is. */
type Asked = Pick<Cars, keyof Cars & keyof Sheet> & Pick<Sheet, "template" | "prompt">;

function request(recipe: Recipe, source: Source, choice: Choice): Asked {
  return {
    uploadId: source.uploadId,
    encoding: source.encoding || undefined,
    sheet: source.sheet || undefined,
    unknownColumns: source.ignoreUnknown ? "ignore" : undefined,
    template: recipe.kind === "template" ? recipe.name : undefined,
    prompt: recipe.kind === "prompt" ? recipe.text : undefined,
    ...choice,
  };
}

/** The totals, the first rows and every row with a problem, as if such rows were skipped. */
export const readSheet = (
  recipe: Recipe,
  source: Source,
  choice: Choice,
  signal?: AbortSignal,
): Promise<Reading> => preview(recipe, source, choice, {}, signal);

/** The rows from a cursor on. */
export const readRows = (
  recipe: Recipe,
  source: Source,
  choice: Choice,
  cursor: string,
  limit = PAGE,
): Promise<Reading> => preview(recipe, source, choice, { cursor, limit });

function preview(
  recipe: Recipe,
  source: Source,
  choice: Choice,
  page: Pick<Asked, "cursor" | "limit">,
  signal?: AbortSignal,
): Promise<Reading> {
  const asked = request(recipe, source, choice);
  const json: Asked = { ...asked, ...page, dryRun: true, invalidRows: "skip" };
  return call("POST", route(recipe), { json, signal });
}

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
): Promise<string> {
  const json: Asked = {
    ...request(recipe, source, choice),
    name: name || undefined,
    maxCost: maxCost || undefined,
    invalidRows: skipInvalid ? "skip" : undefined,
  };
  return once([route(recipe), JSON.stringify(json)], async (key) => {
    const made = await call<Schemas["CarBatchAccepted"]>("POST", route(recipe), { json, key });
    return made.jobId;
  });
}

const uploads = new WeakMap<File, Promise<string>>();

/** A sheet goes to the server once, for its reading, its price and its batch. */
export function uploadSheet(file: File): Promise<string> {
  const known = uploads.get(file) ?? upload(file, "csv").then((made) => made.id);
  uploads.set(file, known);
  known.catch(() => uploads.delete(file));
  return known;
}
