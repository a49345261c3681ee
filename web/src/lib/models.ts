import { money } from "./format";
import type { Schemas } from "./wire";

export type QualityName = Schemas["Quality"];
export type Offer = Schemas["QualityAnswer"];
export type Model = Schemas["ModelAnswer"];

/** What a batch asks of the registry; nothing of it is the server's choice. */
export type Choice = {
  [Name in "model" | "quality" | "fallback"]?: NonNullable<Schemas["RoundBody"][Name]>;
};

/** The same as a person chooses it; "" is the server's choice. */
export interface ModelChoice {
  model: string;
  quality: string;
  fallback: string[];
}
export const NO_CHOICE: ModelChoice = { model: "", quality: "standard", fallback: [] };

export const MAX_FALLBACKS = 3;
export const QUALITY_WORDS: Record<QualityName, string> = {
  standard: "Standard",
  hd: "HD",
  ultra: "Ultra",
};

/** Without what is not chosen, so that equal choices are equal requests. */
export function toChoice({ model, quality, fallback }: ModelChoice): Choice {
  return {
    ...(model && { model }),
    ...(quality && quality !== "standard" && { quality: quality as QualityName }),
    ...(fallback.length > 0 && { fallback }),
  };
}

export const priceOf = ({ price, unit }: Offer): string =>
  `${money(price)} ${unit === "image" ? "an image" : "a megapixel"}`;

/** What a model can make, in one line. */
export function abilities(model: Model): string {
  const references =
    model.maxImages === 0
      ? "no reference images"
      : `up to ${model.maxImages} reference ${model.maxImages === 1 ? "image" : "images"}`;
  return [
    `Ratios ${model.aspectRatios.join(", ")}`,
    references,
    ...(model.supportsSeed ? ["takes a seed"] : []),
    `about ${Math.round(model.typicalSeconds)} s an image`,
  ].join("; ");
}

/** The model that a batch would run on; `standard` is the server's answer where none is named. */
export function chosenModel(
  models: readonly Model[],
  { model }: ModelChoice,
  standard?: string,
): Model | undefined {
  const id = model || standard;
  return models.find((one) => (id ? one.id === id : one.default));
}
