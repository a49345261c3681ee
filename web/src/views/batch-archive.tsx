import { useEffect, useRef } from "preact/hooks";
import { getBatch } from "../lib/api";
import { buildArchive } from "../lib/gallery-api";
import { pause } from "../lib/pause";
import { ApiError } from "../lib/problems";
import type { Batch } from "../lib/types";
import { useAction } from "../ui/hooks";
import { running } from "../ui/Progress";

const LOOK_EVERY = 1500;
const LOOKS = 400;

/** What stands between a person and the ZIP. */
export type ArchiveNeed = "nothing" | "wait" | "build";

export function archiveNeed(batch: Batch): ArchiveNeed {
  if (running(batch) || batch.archive.state === "building") return "wait";
  if (batch.archive.outdated || batch.status === "expired") return "build";
  return batch.zipUrl ? "nothing" : "wait";
}

const words = (batch: Batch): string =>
  batch.status === "expired" ? "Build the ZIP again" : "Rebuild and download ZIP";

interface Props {
  batch: Batch;
  onBatch: (batch: Batch) => void;
  small?: boolean;
}

/** Downloads the ZIP; builds it first where it expired, or where other images were chosen. */
export function Download({ batch, onBatch, small = false }: Props) {
  const { build, building } = useBuild(batch, onBatch);
  const size = small ? " small quiet" : " main";
  const need = archiveNeed(batch);
  if (need === "nothing" && batch.zipUrl)
    return (
      <a class={`button${size}`} href={batch.zipUrl} download>
        Download ZIP
      </a>
    );
  if (need === "build")
    return (
      <button class={`button${size}`} disabled={building.busy} onClick={() => void build()}>
        {building.busy ? "Building the ZIP…" : words(batch)}
      </button>
    );
  if (small) return null;
  return (
    <button class={`button${size}`} disabled>
      {batch.archive.state === "building" ? "Building the ZIP…" : "Download ZIP"}
    </button>
  );
}

function useBuild(batch: Batch, onBatch: (batch: Batch) => void) {
  const left = useRef(new AbortController());
  useEffect(() => () => left.current.abort(), []);
  const building = useAction(async () => {
    onBatch(await buildArchive(batch.id));
    const built = await whenBuilt(batch.id, left.current.signal);
    onBatch(built);
    if (built.zipUrl) save(built.zipUrl);
  });
  return { build: building.run, building };
}

async function whenBuilt(id: string, signal: AbortSignal): Promise<Batch> {
  for (let look = 0; look < LOOKS; look += 1) {
    const batch = await getBatch(id, signal);
    if (archiveNeed(batch) === "nothing") return batch;
    if (batch.archive.state === "failed") break;
    await pause(LOOK_EVERY, signal);
  }
  throw new ApiError(503, "The ZIP could not be built", "Try again in a moment.");
}

/** The address answers with an attachment, so that the page stays. */
export function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
