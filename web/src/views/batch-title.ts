import type { Batch } from "../lib/types";

const KINDS = { cars: "Cars", prompts: "Prompts", variants: "Variants", sheet: "Sheet" } as const;

export const kindOf = (batch: Batch): string => KINDS[batch.kind];

/** What a person called it, or the least that tells it from others. */
export const titleOf = (batch: Batch): string =>
  batch.name || `${kindOf(batch)} ${batch.id.slice(0, 8)}`;
