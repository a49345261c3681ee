import { useState } from "preact/hooks";
import { importCatalog, listVariants } from "../../lib/api";
import { plural } from "../../lib/format";
import { ApiError } from "../../lib/problems";
import type { Product, Variant } from "../../lib/types";
import { DropZone } from "../../ui/DropZone";
import { useAction, useLoad } from "../../ui/hooks";
import { Notice, Problem } from "../../ui/Problem";
import { Thumb } from "../../ui/Thumb";
import { EncodingChoice } from "../importer/encodings";
import { SHEET_TYPES } from "../importer/sheet-drop";
import type { StepProps } from "../variants";
import { type Chosen, MAX_VARIANTS } from "./choices";

const chosen = (product: Product, variant: Variant): Chosen => ({
  variantId: variant.variantId,
  title: variant.variantTitle,
  product: product.productTitle,
  images: variant.imageUrl ? [variant.imageUrl] : [],
});

export function SelectStep({ choices, change }: StepProps) {
  const [search, setSearch] = useState("");
  const [extra, setExtra] = useState<{ products: Product[]; cursor: string | null } | null>(null);
  const catalog = useLoad(
    async (signal) => {
      const page = await listVariants(search.trim(), null, signal);
      setExtra(null);
      return page;
    },
    [search.trim()],
  );
  const cursor = extra ? extra.cursor : (catalog.data?.nextCursor ?? null);
  const more = useAction(async () => {
    const page = await listVariants(search.trim(), cursor);
    setExtra((old) => ({
      products: [...(old?.products ?? []), ...page.items],
      cursor: page.nextCursor,
    }));
  });
  const products = merged([...(catalog.data?.items ?? []), ...(extra?.products ?? [])]);
  const picked = new Set(choices.variants.map((one) => one.variantId));
  const set = (product: Product, variants: Variant[], on: boolean) => {
    const ids = new Set(variants.map((variant) => variant.variantId));
    const rest = choices.variants.filter((one) => !ids.has(one.variantId));
    const kept = choices.variants.filter((one) => ids.has(one.variantId));
    const added = variants
      .filter((variant) => !picked.has(variant.variantId))
      .map((variant) => chosen(product, variant));
    change({ variants: on ? [...rest, ...kept, ...added] : rest });
  };

  const empty = catalog.data && !products.length && !search.trim();
  if (!catalog.data && !catalog.error) return <p class="lead">Loading…</p>;
  return (
    <div class="stack">
      <CatalogImport first={Boolean(empty)} done={catalog.reload} />
      {!empty && (
        <label class="field search">
          <span>Search products and variants</span>
          <input
            type="search"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
      )}
      {choices.variants.length > MAX_VARIANTS && (
        <Notice
          kind="bad"
          title={`${choices.variants.length} variants are selected; a batch can have at most ${MAX_VARIANTS}.`}
        />
      )}
      <Problem error={catalog.error} />
      {catalog.data && !products.length && search.trim() && (
        <p class="lead">Nothing in the catalog matches “{search.trim()}”.</p>
      )}
      <ul class="products">
        {products.map((product) => (
          <ProductGroup
            key={product.productId}
            product={product}
            picked={picked}
            set={(variants, on) => set(product, variants, on)}
          />
        ))}
      </ul>
      {cursor && (
        <p class="more">
          <button class="button" disabled={more.busy} onClick={() => void more.run()}>
            Show more
          </button>
        </p>
      )}
    </div>
  );
}

/** A product that goes over the edge of a page comes in parts. */
function merged(parts: Product[]): Product[] {
  const products = new Map<number, Product>();
  for (const part of parts) {
    const known = products.get(part.productId);
    products.set(
      part.productId,
      known ? { ...known, variants: [...known.variants, ...part.variants] } : part,
    );
  }
  return [...products.values()];
}

interface GroupProps {
  product: Product;
  picked: Set<number>;
  set: (variants: Variant[], on: boolean) => void;
}

function ProductGroup({ product, picked, set }: GroupProps) {
  const on = product.variants.filter((variant) => picked.has(variant.variantId)).length;
  const all = on === product.variants.length;
  return (
    <li class="product">
      <label class="check product-title">
        <input
          type="checkbox"
          checked={all}
          ref={(box) => {
            if (box) box.indeterminate = on > 0 && !all;
          }}
          onChange={() => set(product.variants, !all)}
        />
        <span>
          <b>{product.productTitle}</b>{" "}
          <span class="muted">{plural(product.variants.length, "variant")}</span>
        </span>
      </label>
      <ul class="cards">
        {product.variants.map((variant) => (
          <li key={variant.variantId} class="card">
            <label>
              <span class="card-image">
                <Thumb url={variant.imageUrl} alt="" />
              </span>
              <input
                type="checkbox"
                checked={picked.has(variant.variantId)}
                onChange={(event) => set([variant], event.currentTarget.checked)}
              />
              <span>{variant.variantTitle}</span>
            </label>
            <a
              href={`/variants/${variant.variantId}`}
              aria-label={`Folders of ${variant.variantTitle}`}
            >
              Folders
            </a>
          </li>
        ))}
      </ul>
    </li>
  );
}

function CatalogImport({ first, done }: { first: boolean; done: () => void }) {
  const [imported, setImported] = useState<string | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const take = useAction(async (chosen: File, encoding: string) => {
    setFile(chosen);
    setImported(null);
    await importCatalog(chosen, encoding);
    setImported(chosen.name);
    done();
  });
  const unclear = take.error instanceof ApiError && take.error.kind === "encoding";
  return (
    <div class="stack">
      <DropZone
        accept={`${SHEET_TYPES},.json,application/json`}
        compact={!first}
        label={
          take.busy
            ? "Importing…"
            : first
              ? "Drop your catalog here, or choose it"
              : "Import a catalog"
        }
        hint="CSV, Excel or JSON, up to 1,000 variants: variantId, variantTitle, productId, productTitle, imageUrl"
        onFile={(chosen) => void take.run(chosen, "")}
      />
      {first && (
        <p>
          <a href="/catalog-template.csv" download>
            Download a template
          </a>
        </p>
      )}
      {imported && <Notice kind="plain" title={`${imported} is imported.`} />}
      {unclear ? (
        <EncodingChoice
          error={take.error as ApiError}
          choose={(encoding) => file && void take.run(file, encoding)}
        />
      ) : (
        <Problem error={take.error} />
      )}
    </div>
  );
}
