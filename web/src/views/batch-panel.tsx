import { useState } from "preact/hooks";
import { money, plural, time } from "../lib/format";
import type { Batch, SheetNotice } from "../lib/types";
import { Bar, Counts, doing, running, spent } from "../ui/Progress";
import { Failures } from "./batch-failures";

interface Props {
  batch: Batch;
  onRow: (customId: string) => void;
}

/**
 * The progress of a batch. One that was already finished is one line, and opens; one that is
 * followed to its end stays as it is, so that nothing below it moves.
 */
export function Panel({ batch, onRow }: Props) {
  const [followed, setFollowed] = useState(running(batch));
  if (!followed && running(batch)) setFollowed(true);
  return (
    <section class="panel" aria-label="Progress">
      {followed ? (
        <Details batch={batch} />
      ) : (
        <details class="panel-done">
          <summary>
            <span role="status">{doing(batch)}</span> <span class="muted">{summary(batch)}</span>
          </summary>
          <Details batch={batch} />
        </details>
      )}
      <Notes notices={batch.notices} />
      {(followed || batch.failed > 0) && (
        <div class="failures">
          {batch.failed > 0 && <Failures batch={batch} open={!followed} onRow={onRow} />}
        </div>
      )}
    </section>
  );
}

/** What was noticed when the sheet was read: there from the start, and open where it wants a look. */
function Notes({ notices }: { notices: SheetNotice[] }) {
  if (!notices.length) return null;
  return (
    <details class="notes" open={notices.some((notice) => notice.level === "warning")}>
      <summary>{plural(notices.length, "note about the sheet", "notes about the sheet")}</summary>
      <ul>
        {notices.map(({ code, message, row, column }) => (
          <li key={`${code} ${row} ${column} ${message}`}>{message}</li>
        ))}
      </ul>
    </details>
  );
}

/** Everything that can appear later has its place from the start. */
function Details({ batch }: { batch: Batch }) {
  return (
    <div class="panel-body">
      <div class="panel-top">
        <p class="percent">
          {batch.percent}
          <small>%</small>
        </p>
        <Counts batch={batch} />
      </div>
      <Bar batch={batch} label="Images done" />
      <div class="panel-foot">
        <p role="status">{doing(batch)}</p>
        <p>
          {spent(batch)}
          {batch.cost.max && <span class="muted"> (at most {money(batch.cost.max)})</span>}
        </p>
      </div>
    </div>
  );
}

function summary(batch: Batch): string {
  const ended = batch.finishedAt ? `finished ${time(batch.finishedAt)}` : "";
  return [spent(batch), ended].filter(Boolean).join(" · ");
}
