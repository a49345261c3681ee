import { count, money, plural, time, until } from "../lib/format";
import type { Batch, BatchStatus } from "../lib/types";

const STATUS: Record<BatchStatus, { word: string; tone: string }> = {
  queued: { word: "Queued", tone: "wait" },
  processing: { word: "Processing", tone: "run" },
  cancelling: { word: "Cancelling", tone: "wait" },
  archiving: { word: "Archiving", tone: "run" },
  completed: { word: "Completed", tone: "good" },
  cancelled: { word: "Cancelled", tone: "wait" },
  failed: { word: "Failed", tone: "bad" },
  expired: { word: "Expired", tone: "wait" },
};
export const RUNNING: readonly BatchStatus[] = ["queued", "processing", "cancelling", "archiving"];

export const running = (batch: Batch): boolean => RUNNING.includes(batch.status);

export function Status({ status }: { status: BatchStatus }) {
  const { word, tone } = STATUS[status];
  return <span class={`pill pill-${tone}`}>{word}</span>;
}

export function Bar({ batch, label }: { batch: Batch; label: string }) {
  const share = (n: number) => ({ width: `${batch.total ? (n / batch.total) * 100 : 0}%` });
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={batch.percent}
    >
      <span class="bar-done" style={share(batch.done)} />
      <span class="bar-failed" style={share(batch.failed)} />
      <span class="bar-cancelled" style={share(batch.cancelled)} />
    </div>
  );
}

export function Counts({ batch }: { batch: Batch }) {
  const parts: [string, number, string][] = [
    ["done", batch.done, "made"],
    ["processing", batch.processing, "in progress"],
    ["pending", batch.pending, "waiting"],
    ["failed", batch.failed, "failed"],
    ["cancelled", batch.cancelled, "cancelled"],
  ];
  return (
    <dl class="counts">
      {parts
        .filter(([name, n]) => n > 0 || name !== "cancelled")
        .map(([name, n, word]) => (
          <div key={name} class={`count${n ? ` count-${name}` : ""}`}>
            <dt>{word}</dt>
            <dd>{count(n)}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Placeholders of the development mode have a price, and nobody pays it. */
export function spent(batch: Batch): string {
  if (batch.mode === "development") return "Nothing charged";
  const { actual, estimated } = batch.cost;
  return running(batch) ? `${money(actual)} of about ${money(estimated)}` : money(actual);
}

const kept = (batch: Batch): string =>
  batch.zipUrl && batch.expiresAt ? `The ZIP is available until ${time(batch.expiresAt)}.` : "";

/** Something failed, or the ZIP could not be packed. */
export const retriable = (batch: Batch): boolean =>
  !running(batch) && (batch.retriable > 0 || (batch.status === "failed" && !batch.zipUrl));

const WAITS: Record<string, string> = {
  provider_rate_limit: "rate-limited by the image provider",
  provider_unavailable: "the image provider does not respond",
};

/** What came of the batch, in one sentence. */
export function made({ done, total }: Batch): string {
  if (done < total) return `${count(done)} of ${plural(total, "image")} made.`;
  return total === 1 ? "The image is made." : `All ${count(total)} images made.`;
}

/** What the batch is doing, in one line. */
export function doing(batch: Batch): string {
  if (batch.waitingFor) {
    const wait = until(batch.waitingFor.until);
    const { reason } = batch.waitingFor;
    const why = WAITS[reason] ?? reason.replaceAll("_", " ");
    return `Waiting: ${why}${wait && `; resuming in ${wait}`}.`;
  }
  const left = until(batch.eta);
  switch (batch.status) {
    case "queued":
      return "Queued; starting soon.";
    case "processing":
      return left ? `About ${left} left.` : "Generating the first images.";
    case "cancelling":
      return "Cancelling: stopping the images in progress.";
    case "archiving":
      return "All images are done; the ZIP is being built.";
    case "completed":
      return `${made(batch)} ${kept(batch)}`;
    case "cancelled":
      return `${plural(batch.done, "image")} kept. ${kept(batch)}`;
    case "failed":
      return batch.done
        ? "The ZIP could not be built; a retry builds it again."
        : "No image could be generated.";
    case "expired":
      return "The ZIP expired and was deleted.";
  }
}
