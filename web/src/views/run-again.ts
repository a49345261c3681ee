import { imageCandidates } from "../lib/api";
import { type InputItem, wholeInput } from "../lib/gallery-api";
import { handOver } from "../lib/handover";
import { at } from "../lib/paths";
import { toCsv } from "../lib/sheet";
import { DRAFT_SLOT, draftOf, listTemplates } from "../lib/templates";
import type { Batch } from "../lib/types";
import { leaveDraft } from "../ui/draft";
import { titleOf } from "./batch-title";
import type { Choices } from "./wizard/choices";

const VIEWS = { cars: "/csv", prompts: "/prompts", variants: "/variants?step=2" } as const;

/** Puts a batch's rows where a new one is made of them; answers with that view's address. */
export async function runAgain(batch: Batch): Promise<string> {
  const { template, columns, items } = await wholeInput(batch.id);
  if (batch.kind === "prompts") {
    leaveDraft("prompts", { rows: items.map(promptOf), name: batch.name });
  } else if (batch.kind === "variants") {
    leaveDraft("variants", { ...(await choicesOf(items)), name: batch.name });
  } else {
    const rows = items.map(({ index, row, cells }) => ({ row: row ?? index + 2, cells }));
    handOver({ name: `${titleOf(batch)}.csv`, text: toCsv(columns, rows, ",") });
  }
  return batch.kind === "sheet" ? sheetsWith(template) : VIEWS[batch.kind];
}

/** The view of sheets with the template as it is now, unless it was deleted. */
async function sheetsWith(name: string | null): Promise<string> {
  const stored =
    name === null ? undefined : (await listTemplates()).find((one) => one.name === name);
  if (!stored) return "/sheets";
  sessionStorage.setItem(DRAFT_SLOT, JSON.stringify(draftOf(stored)));
  return `/sheets?template=${at(stored.name)}`;
}

function promptOf({ prompt, aspectRatio, images }: InputItem, place: number) {
  const [image] = images;
  const file = image && {
    id: image.uploadId ?? image.url,
    name: "Reference image",
    url: image.url,
  };
  return { id: place + 1, prompt, ratio: aspectRatio ?? "1:1", file: file ?? null };
}

/** What the wizard holds for these images: each variant once, with the settings of all. */
async function choicesOf(items: readonly InputItem[]): Promise<Partial<Choices>> {
  const firsts = new Map(items.map((item) => [item.variantId ?? 0, item]));
  const { variants } = await imageCandidates([...firsts.keys()]);
  const { product_images: _, ...input } = items[0]?.settings ?? {};
  return {
    variants: variants.map(({ variantId, variantTitle, productTitle }) => ({
      variantId,
      title: variantTitle,
      product: productTitle,
      images: imagesOf(firsts.get(variantId)),
    })),
    variations: Math.max(1, Math.round(items.length / firsts.size)),
    input,
  };
}

const imagesOf = (item: InputItem | undefined): string[] =>
  Array.isArray(item?.settings.product_images) ? item.settings.product_images.map(String) : [];
