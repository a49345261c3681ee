import { useState } from "preact/hooks";
import { imageCandidates, shown, upload } from "../../lib/api";
import type { Candidates, LibraryImage, ReadyUpload } from "../../lib/types";
import { DropZone } from "../../ui/DropZone";
import { useAction, useLoad } from "../../ui/hooks";
import { Notice, Problem } from "../../ui/Problem";
import { Tabs } from "../../ui/Tabs";
import { Thumb } from "../../ui/Thumb";
import type { StepProps } from "../variants";
import { type Chosen, holds, MAX_IMAGES, toggled, variantOfFile, withImage } from "./choices";

export function ImagesStep({ choices, change, update }: StepProps) {
  const ids = choices.variants.map((one) => one.variantId);
  const candidates = useLoad((signal) => imageCandidates(ids, signal), [ids.join()]);
  const [at, setAt] = useState(0);
  const current = choices.variants[Math.min(at, choices.variants.length - 1)];
  const set = (variantId: number, images: string[]) =>
    change({
      variants: choices.variants.map((one) =>
        one.variantId === variantId ? { ...one, images } : one,
      ),
    });
  if (!current) return null;
  const forAll = () =>
    change({ variants: choices.variants.map((one) => ({ ...one, images: current.images })) });
  return (
    <div class="pick">
      <ul class="pick-list" aria-label="Variants">
        {choices.variants.map((one, place) => (
          <li key={one.variantId}>
            <button
              aria-current={one === current ? "true" : undefined}
              onClick={() => setAt(place)}
            >
              <Strip images={one.images} />
              <span>{one.title}</span>
              <small class={one.images.length ? "" : "lacking"}>
                {one.images.length || "no"} of {MAX_IMAGES}
              </small>
            </button>
          </li>
        ))}
      </ul>
      <div class="pick-panel">
        <Problem error={candidates.error}>
          <button class="button quiet small" onClick={candidates.reload}>
            Try again
          </button>
        </Problem>
        <Picker
          key={current.variantId}
          variant={current}
          candidates={candidates.data}
          set={(images) => set(current.variantId, images)}
          forAll={choices.variants.length > 1 ? forAll : null}
          find={(file) => variantOfFile(file, choices.variants) ?? current}
          uploaded={(uploads) => {
            if (candidates.data) {
              const added = uploads.map(({ file }) => file);
              candidates.set({
                ...candidates.data,
                uploads: [...added, ...candidates.data.uploads],
              });
            }
            update((old) => ({
              ...old,
              variants: uploads.reduce(
                (variants, { file, to }) => withImage(variants, to.variantId, file.url),
                old.variants,
              ),
            }));
          }}
        />
      </div>
    </div>
  );
}

export function Strip({ images }: { images: string[] }) {
  return (
    <span class="strip">
      {images.length ? (
        images.map((url) => <Thumb key={url} url={url} alt="" />)
      ) : (
        <span class="strip-none" />
      )}
    </span>
  );
}

interface PickerProps {
  variant: Chosen;
  candidates: Candidates | undefined;
  set: (images: string[]) => void;
  /** Gives every variant the images of this one; null where there is no other. */
  forAll: (() => void) | null;
  /** The variant that a file is for, by its name. */
  find: (file: string) => Chosen;
  uploaded: (uploads: { file: ReadyUpload; to: Chosen }[]) => void;
}

function Picker({ variant, candidates, set, forAll, find, uploaded }: PickerProps) {
  const own = candidates?.variants.find((one) => one.variantId === variant.variantId);
  const ownImage = own?.variantImageUrl
    ? [
        {
          id: "own",
          url: own.variantImageUrl,
          createdAt: "",
          originalName: "The variant's own image",
        },
      ]
    : [];
  const [matched, setMatched] = useState<string[]>([]);
  const add = useAction(async (files: File[]) => {
    setMatched([]);
    const made = await Promise.all(
      files.map(async (file) => ({ file: await upload(file, "product"), to: find(file.name) })),
    );
    uploaded(made);
    const others = made.filter(({ to }) => to.variantId !== variant.variantId);
    setMatched(others.map(({ file, to }) => `${file.originalName} was assigned to ${to.title}.`));
  });
  const grid = (offered: LibraryImage[] | undefined, none: string) => (
    <Choice
      offered={offered}
      none={none}
      images={variant.images}
      toggle={(url) => set(toggled(variant.images, url))}
    />
  );
  return (
    <section aria-label={`Images for ${variant.title}`}>
      <div class="pick-head">
        <h3>
          {variant.title} <span class="muted">{variant.product}</span>
        </h3>
        <p class="row muted">
          <span>
            {variant.images.length} of {MAX_IMAGES} chosen
          </span>
          {forAll && variant.images.length > 0 && (
            <button class="button small" onClick={forAll}>
              Use for all variants
            </button>
          )}
        </p>
      </div>
      <Tabs
        label="Image source"
        tabs={[
          {
            name: "Variant",
            panel: grid(candidates && ownImage, "This variant has no image of its own."),
          },
          {
            name: "Generated",
            panel: grid(
              own?.generatedImages ?? (candidates && []),
              "No images for this variant yet.",
            ),
          },
          { name: "Uploads", panel: grid(candidates?.uploads, "No uploads yet.") },
          {
            name: "Upload new",
            panel: (
              <div class="stack">
                <DropZone
                  accept="image/png,image/jpeg,image/webp"
                  label={add.busy ? "Uploading…" : "Drop images here, or choose them"}
                  hint="PNG, JPEG or WebP, up to 20 MB each. Files named after a variant are assigned to it"
                  onFiles={(files) => void add.run(files)}
                />
                {matched.length > 0 && (
                  <Notice kind="plain" title="Matched by name" lines={matched} />
                )}
                <Problem error={add.error} />
              </div>
            ),
          },
        ]}
      />
    </section>
  );
}

interface ChoiceProps {
  offered: LibraryImage[] | undefined;
  none: string;
  images: string[];
  toggle: (url: string) => void;
}

function Choice({ offered, none, images, toggle }: ChoiceProps) {
  if (!offered) return <p class="lead">Loading…</p>;
  if (!offered.length) return <p class="lead">{none}</p>;
  const full = images.length >= MAX_IMAGES;
  return (
    <ul class="choices">
      {offered.map((image) => {
        const on = holds(images, image.url);
        return (
          <li key={image.id}>
            <label class="choice-image">
              <Thumb url={image.url} alt={shown(image)} />
              <input
                type="checkbox"
                aria-label={shown(image)}
                checked={on}
                disabled={full && !on}
                onChange={() => toggle(image.url)}
              />
            </label>
          </li>
        );
      })}
    </ul>
  );
}
