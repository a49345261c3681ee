import type { VariantBatch } from "../../lib/api";

/** What a person has chosen so far on the way to a batch of variants. */
export interface Chosen {
  variantId: number;
  title: string;
  product: string;
  images: string[];
}

export interface Choices {
  step: number;
  variants: Chosen[];
  name: string;
  variations: number;
  input: Record<string, unknown>;
}

export const STEPS = ["Select variants", "Choose images", "Settings", "Review"] as const;
export const MAX_VARIANTS = 100;
export const MAX_IMAGES = 4;
export const MAX_VARIATIONS = 8;
export const SCHEMA = "product-shot";
export const NOTHING: Choices = { step: 0, variants: [], name: "", variations: 1, input: {} };

/** Two signed addresses of one object are the same image. */
export const sameImage = (a: string, b: string): boolean => a.split("?")[0] === b.split("?")[0];

export const holds = (images: string[], url: string): boolean =>
  images.some((one) => sameImage(one, url));

export function toggled(images: string[], url: string): string[] {
  if (holds(images, url)) return images.filter((one) => !sameImage(one, url));
  return images.length < MAX_IMAGES ? [...images, url] : images;
}

export const withoutImages = (choices: Choices): Chosen[] =>
  choices.variants.filter(({ images }) => images.length < 1 || images.length > MAX_IMAGES);

/** Why the step cannot be left yet; null when it can. */
export function obstacle(choices: Choices): string | null {
  if (choices.step === 0) {
    if (!choices.variants.length) return "Select at least one variant.";
    return choices.variants.length > MAX_VARIANTS
      ? `At most ${MAX_VARIANTS} variants make one batch.`
      : null;
  }
  const missing = choices.step === 1 ? withoutImages(choices) : [];
  if (missing.length === 1) return `${missing[0]?.title} needs 1 to ${MAX_IMAGES} images.`;
  return missing.length ? `${missing.length} variants need 1 to ${MAX_IMAGES} images.` : null;
}

export const credits = (choices: Choices): number => choices.variants.length * choices.variations;

export function toRequest(choices: Choices): VariantBatch {
  return {
    name: choices.name,
    variants: choices.variants.map(({ variantId, images }) => ({
      variantId,
      productImageUrls: images,
    })),
    settings: { schemaKey: SCHEMA, numberOfVariations: choices.variations, input: choices.input },
  };
}
