import { call } from "./api";
import type { Model } from "./models";
import type { Schemas } from "./wire";

let known: Promise<Model[]> | undefined;

/** The registry, asked once a visit. */
export function listModels(): Promise<Model[]> {
  known ??= call<Schemas["ModelList"]>("GET", "/api/models").then(({ items }) => items);
  known.catch(() => {
    known = undefined;
  });
  return known;
}
