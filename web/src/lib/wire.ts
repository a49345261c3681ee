import type { components } from "../generated/openapi";

/** What the API takes and answers, generated from its OpenAPI document by `make generate`. */
export type Schemas = components["schemas"];

/** Fields that hold a client's own names. */
const OPAQUE = ["metadata", "input", "properties"] as const;
type Opaque = (typeof OPAQUE)[number];
const opaque: ReadonlySet<string> = new Set(OPAQUE);

type CamelName<Name> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

/** The type of what `camel` makes of an answer. */
export type Camel<T> = T extends readonly (infer One)[]
  ? Camel<One>[]
  : T extends object
    ? { [Name in keyof T as CamelName<Name>]: Name extends Opaque ? T[Name] : Camel<T[Name]> }
    : T;

/** The v1 API's names in this page's manner; what a client put in itself is left alone. */
export const camel = <T>(answer: T): Camel<T> => renamed(answer) as Camel<T>;

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      opaque.has(name) ? inner : renamed(inner),
    ]),
  );
}
