/** The name that a template has for a column, as the server folds it. */
export const foldedName = (name: string): string =>
  name
    .normalize("NFKC")
    .replace(/[\u200b-\u200d\u2060\ufeff\u00ad]/g, "")
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");

/** The columns that a template's text names. */
export const variablesOf = (...texts: string[]): string[] => [
  ...new Set(
    texts
      .flatMap((text) => [...text.matchAll(/\{\{#?\s*([^\s{}#/]+)\s*\}\}/g)])
      .map(([, name]) => name ?? ""),
  ),
];

/** The columns that a sheet must have: those without a section of their own. */
export const neededBy = (prompt: string): string[] =>
  variablesOf(prompt).filter((name) => !prompt.includes(`{{#${name}}}`));

/** Whether every brace belongs to a placeholder or a section. */
export const isWellFormed = (prompt: string): boolean =>
  !/\{\{|\}\}/.test(prompt.replace(/\{\{[#/]?\s*[^\s{}#/]+\s*\}\}/g, ""));

/** A name as templates are called, out of words. */
export const nameOutOf = (words: string): string =>
  words
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .replace(/^car-/, "my-car-")
    .slice(0, 64);
