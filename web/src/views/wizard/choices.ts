import type { VariantBatch } from "../../lib/api";
import { type ModelChoice, NO_CHOICE, toChoice } from "../../lib/models";

/** What a person has chosen so far on the way to a batch of variants. */
export interface Chosen {
  variantId: number;
  title: string;
  product: string;
  images: string[];
}

export interface Choices {
  variants: Chosen[];
  name: string;
  cap: string;
  choice: ModelChoice;
  variations: number;
  input: Record<string, unknown>;
}

export const STEPS = ["Select variants", "Choose images", "Settings", "Review"] as const;
export const MAX_VARIANTS = 100;
export const MAX_IMAGES = 4;
export const MAX_VARIATIONS = 8;
export const SCHEMA = "product-shot";
export const NOTHING: Choices = {
  variants: [],
  name: "",
  cap: "",
  choice: NO_CHOICE,
  variations: 1,
  input: {},
};

/** Two signed addresses of one object are the same image. */
export const sameImage = (a: string, b: string): boolean => a.split("?")[0] === b.split("?")[0];

export const holds = (images: string[], url: string): boolean =>
  images.some((one) => sameImage(one, url));

export function toggled(images: string[], url: string): string[] {
  if (holds(images, url)) return images.filter((one) => !sameImage(one, url));
  return images.length < MAX_IMAGES ? [...images, url] : images;
}

/** The variants with one more image for one of them. */
export const withImage = (variants: Chosen[], variantId: number, url: string): Chosen[] =>
  variants.map((one) =>
    one.variantId === variantId && !holds(one.images, url)
      ? { ...one, images: toggled(one.images, url) }
      : one,
  );

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter(Boolean);

/** The variant that a file's name means: by its id, or by all words of its title; null if unclear. */
export function variantOfFile(file: string, variants: readonly Chosen[]): Chosen | null {
  const words = new Set(wordsOf(file.replace(/\.\w+$/, "")));
  const byId = variants.filter((one) => words.has(String(one.variantId)));
  if (byId.length === 1) return byId[0] ?? null;
  const scored = variants
    .filter((one) => wordsOf(one.title).every((word) => words.has(word)))
    .map((one) => ({
      one,
      score: wordsOf(`${one.title} ${one.product}`).filter((word) => words.has(word)).length,
    }))
    .sort((a, b) => b.score - a.score);
  const [first, second] = scored;
  return first && first.score > (second?.score ?? 0) ? first.one : null;
}

export const withoutImages = (choices: Choices): Chosen[] =>
  choices.variants.filter(({ images }) => images.length < 1 || images.length > MAX_IMAGES);

/** Why the step cannot be left yet; null when it can. */
export function obstacle(choices: Choices, step: number): string | null {
  if (step === 0) {
    if (!choices.variants.length) return "Select at least one variant.";
    return choices.variants.length > MAX_VARIANTS
      ? `At most ${MAX_VARIANTS} variants make one batch.`
      : null;
  }
  const missing = step === 1 ? withoutImages(choices) : [];
  if (missing.length === 1) return `${missing[0]?.title} needs 1 to ${MAX_IMAGES} images.`;
  return missing.length ? `${missing.length} variants need 1 to ${MAX_IMAGES} images.` : null;
}

export const credits = (choices: Choices): number => choices.variants.length * choices.variations;

export function toRequest(choices: Choices): VariantBatch {
  return {
    name: choices.name.trim(),
    ...toChoice(choices.choice),
    variants: choices.variants.map(({ variantId, images }) => ({
      variantId,
      productImageUrls: images,
    })),
    settings: { schemaKey: SCHEMA, numberOfVariations: choices.variations, input: choices.input },
  };
}
