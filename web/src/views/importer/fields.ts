import { type Choice, type ModelChoice, toChoice } from "../../lib/models";
import type { Source } from "../../lib/reading";

/** What the address of a view with a sheet holds; a flag is "" or "1". */
export const SHEET_FIELDS = {
  sheet: "",
  file: "",
  encoding: "",
  tab: "",
  ignore: "",
  skip: "",
  name: "",
  cap: "",
  model: "",
  quality: "standard",
  fallback: "",
  template: "",
};
export type SheetFields = typeof SHEET_FIELDS;

/** What is about one sheet alone, and goes with it. */
export const NO_SHEET = {
  sheet: "",
  file: "",
  encoding: "",
  tab: "",
  ignore: "",
  skip: "",
  name: "",
};

export const sourceOf = (fields: SheetFields): Source | null =>
  fields.sheet
    ? {
        uploadId: fields.sheet,
        encoding: fields.encoding,
        sheet: fields.tab,
        ignoreUnknown: fields.ignore === "1",
      }
    : null;

export const modelOf = ({ model, quality, fallback }: SheetFields): ModelChoice => ({
  model,
  quality,
  fallback: fallback ? fallback.split(",") : [],
});

export const modelFields = ({ model, quality, fallback }: ModelChoice): Partial<SheetFields> => ({
  model,
  quality,
  fallback: fallback.join(","),
});

export const choiceOf = (fields: SheetFields): Choice => toChoice(modelOf(fields));
