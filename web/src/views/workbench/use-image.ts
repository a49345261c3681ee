import { useEffect, useState } from "preact/hooks";
import { captionOf, placeOf } from "../../lib/captions";
import { chooseVersion, downloadUrl } from "../../lib/gallery-api";
import type { Batch, Version } from "../../lib/types";
import { useAction } from "../../ui/hooks";
import { save } from "../batch-archive";
import type { BatchWatch } from "../use-batch";
import { useDetail } from "./use-detail";

/** The image that is looked at: what is known of it, and what can be done with it. */
export function useImage(batch: Batch, watch: BatchWatch, index: number) {
  const item = watch.store.get(index);
  const row = watch.store.row(index);
  const detail = useDetail(batch.id, item);
  const versions = detail.data?.versions ?? [];
  const [looked, setLooked] = useState<number | null>(null);
  useEffect(() => setLooked(null), [index, versions.length]);
  const shown =
    versions.find((one) => one.version === looked) ?? versions.find((one) => one.chosen);
  const choose = useAction(async (wanted: Version) => {
    if (!item) return;
    const answer = await chooseVersion(batch.id, item.customId, wanted.version);
    const { versions: _, prompt: __, ...chosen } = answer;
    watch.store.apply(chosen);
    detail.reload();
    await watch.reload();
  });
  const download = useAction(async () => {
    if (item) save(await downloadUrl(batch.id, item.customId));
  });
  const place = placeOf(batch, index, item?.customId ? item : row);
  return {
    item,
    row,
    place,
    caption: captionOf(batch, index, item, row) || place || `${index + 1}`,
    versions,
    shown,
    show: setLooked,
    /** The version after the shown one, or before it. */
    step: (by: number) => setLooked(neighbour(versions, shown, by)),
    choose,
    download,
    error: choose.error ?? download.error ?? detail.error,
  };
}

export type Looked = ReturnType<typeof useImage>;

function neighbour(versions: Version[], shown: Version | undefined, by: number): number | null {
  const at = versions.findIndex((one) => one.version === shown?.version);
  return versions[at + by]?.version ?? shown?.version ?? null;
}
