import { call } from "./api";
import { at } from "./paths";
import type { Schemas } from "./wire";

export type ColumnRule = Schemas["TemplateColumn"];
export type Template = Schemas["TemplateAnswer"];
export type TemplateDraft = Pick<Template, "prompt" | "fileName" | "columns" | "aspectRatio">;
export const NO_TEMPLATE: TemplateDraft = {
  prompt: "",
  fileName: "",
  columns: {},
  aspectRatio: null,
};
export const NO_RULE: ColumnRule = { required: null, default: "", oneOf: [], maxLength: null };
export const TEMPLATE_NAME = "[a-z0-9][a-z0-9\\-]{0,63}";

export const listTemplates = async (signal?: AbortSignal): Promise<Template[]> =>
  (await call<Schemas["TemplateList"]>("GET", "/api/templates", { signal })).items;

export const putTemplate = (
  name: string,
  draft: TemplateDraft & Partial<Template>,
): Promise<Template> => {
  const { prompt, fileName, columns, aspectRatio, model, quality, fallback } = draft;
  const json: Schemas["TemplateRequest"] = {
    prompt,
    fileName,
    columns,
    aspectRatio,
    model,
    quality,
    fallback,
  };
  return call("PUT", `/api/templates/${at(name)}`, { json });
};

export const deleteTemplate = (name: string): Promise<void> =>
  call("DELETE", `/api/templates/${at(name)}`);

export const draftOf = ({ prompt, fileName, columns, aspectRatio }: Template): TemplateDraft => ({
  prompt,
  fileName,
  columns,
  aspectRatio,
});

export const sameDraft = (a: TemplateDraft, b: TemplateDraft): boolean =>
  JSON.stringify([a.prompt, a.fileName, a.columns, a.aspectRatio]) ===
  JSON.stringify([b.prompt, b.fileName, b.columns, b.aspectRatio]);

/** Where the tab keeps the template that is being written. */
export const DRAFT_SLOT = "template-draft";
