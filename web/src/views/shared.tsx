import { useEffect, useMemo, useState } from "preact/hooks";
import { count, plural, time } from "../lib/format";
import { ItemStore } from "../lib/item-store";
import { linkIn, readShared, type SharedBatch, type SharedLink } from "../lib/shared-api";
import { useEvery, useLoad } from "../ui/hooks";
import { ImageGrid } from "../ui/ImageGrid";
import { type Large, Lightbox } from "../ui/Lightbox";
import { Notice, Problem } from "../ui/Problem";
import { Mark } from "../ui/Shell";
import { Title } from "../ui/Title";
import { tileOf } from "./batch-tiles";

/** Addresses for guests live for five minutes. */
const FRESH_MS = 4 * 60_000;
const NO_MARKS = { looked: new Set<number>(), marked: new Set<number>() };

/** One batch, read-only, for whoever has its link. */
export function SharedView() {
  const link = useMemo(() => linkIn(location), []);
  return (
    <>
      <header class="top">
        <span class="brand">
          <Mark />
          imagebatch
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {link ? (
          <Shared link={link} />
        ) : (
          <Notice kind="bad" title="This link is incomplete." text="Ask for a new link." />
        )}
      </main>
    </>
  );
}

function Shared({ link }: { link: SharedLink }) {
  const { data: batch, error, reload } = useLoad((signal) => readShared(link, 0, signal), []);
  useEvery(FRESH_MS, reload);
  if (!batch)
    return error ? (
      <Notice
        kind="bad"
        title="This link does not work."
        text="It has expired, was revoked, or is incomplete."
      />
    ) : (
      <p class="lead">Loading…</p>
    );
  return (
    <div class="view">
      <Head batch={batch} />
      <Problem error={error} />
      <BatchImages link={link} batch={batch} />
    </div>
  );
}

function Head({ batch }: { batch: SharedBatch }) {
  const made =
    batch.done === batch.total
      ? plural(batch.total, "image")
      : `${count(batch.done)} of ${plural(batch.total, "image")}`;
  return (
    <div class="head">
      <div>
        <Title text={batch.name || "Shared images"} />
        <p class="meta">
          <span>{made}</span>
          {batch.failed > 0 && <span>{count(batch.failed)} failed</span>}
          <span>{time(batch.createdAt)}</span>
          <span>shared until {time(batch.expiresAt)}</span>
        </p>
      </div>
      {batch.zipUrl && (
        <a class="button main" href={batch.zipUrl} download>
          Download ZIP
        </a>
      )}
    </div>
  );
}

function BatchImages({ link, batch }: { link: SharedLink; batch: SharedBatch }) {
  const [, setTick] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  const store = useMemo(
    () =>
      new ItemStore(
        {
          items: async (start, signal) => (await readShared(link, start, signal)).items,
          rows: async () => null,
        },
        { fresh: FRESH_MS },
      ),
    [link],
  );
  useEffect(() => {
    const leave = store.subscribe(() => setTick((n) => n + 1));
    return () => {
      leave();
      store.close();
    };
  }, [store]);
  const images = store.known().flatMap(({ index, url, thumbnailUrl }): Large[] => {
    const { label, place } = tileOf(batch, store, NO_MARKS, index);
    const large = url ?? thumbnailUrl;
    return large ? [{ id: String(index), label, place, url: large }] : [];
  });
  return (
    <>
      <ImageGrid
        count={batch.total}
        tileAt={(index) => tileOf(batch, store, NO_MARKS, index)}
        label="Images of this batch"
        onOpen={(index) => setOpen(String(index))}
        onView={(from, to) => {
          const places = Array.from({ length: to - from }, (_, offset) => from + offset);
          store.want(places).catch(() => {});
        }}
        onStale={() => void store.refresh().catch(() => {})}
      />
      {open && (
        <Lightbox images={images} at={open} onMove={setOpen} onClose={() => setOpen(null)} />
      )}
    </>
  );
}
