import { wholeInput } from "../lib/gallery-api";
import { handOver } from "../lib/handover";
import { toCsv } from "../lib/sheet";
import type { Batch } from "../lib/types";
import { leaveDraft } from "../ui/draft";
import { titleOf } from "./batch-title";

const VIEWS = { cars: "/csv", sheet: "/sheets", prompts: "/prompts" } as const;

export const canRunAgain = (batch: Batch): boolean => batch.kind in VIEWS;

/** Puts a batch's rows where a new one is made of them; answers with that view's address. */
export async function runAgain(batch: Batch): Promise<string> {
  if (batch.kind === "variants") throw new Error("Variants are chosen anew in the catalog.");
  const { columns, items } = await wholeInput(batch.id);
  if (batch.kind === "prompts") {
    const rows = items.map(({ prompt, aspectRatio }, at) => ({
      id: at + 1,
      prompt,
      ratio: aspectRatio ?? "1:1",
      file: null,
    }));
    leaveDraft("prompts", { rows, name: batch.name });
  } else {
    const rows = items.map(({ index, row, cells }) => ({ row: row ?? index + 2, cells }));
    handOver({ name: `${titleOf(batch)}.csv`, text: toCsv(columns, rows, ",") });
  }
  return VIEWS[batch.kind];
}
