import { call } from "./api";
import type { Model } from "./models";

let known: Promise<Model[]> | undefined;

/** The registry, asked once a visit. */
export function listModels(): Promise<Model[]> {
  known ??= call<{ items: Model[] }>("GET", "/api/models").then(({ items }) => items);
  known.catch(() => {
    known = undefined;
  });
  return known;
}
