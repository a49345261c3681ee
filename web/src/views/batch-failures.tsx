import { useEffect, useState } from "preact/hooks";
import { plural } from "../lib/format";
import { type FailureGroup, grouped } from "../lib/review";
import type { Batch, RowError } from "../lib/types";
import { camel, type Schemas } from "../lib/wire";
import { running } from "../ui/Progress";

interface Props {
  batch: Batch;
  open: boolean;
  onRow: (customId: string) => void;
}

/** Everything that failed, one reason for many, and what can be done about it. */
export function Failures({ batch, open, onRow }: Props) {
  const [shown, setShown] = useState(open);
  const errors = useErrors(batch, shown);
  const words = `${plural(batch.failed, fromSheet(batch) ? "row" : "image")} failed`;
  return (
    <>
      {batch.failedRowsUrl ? (
        <a href={batch.failedRowsUrl} target="_blank" rel="noreferrer" title="failed_rows.json">
          {words}
        </a>
      ) : (
        <span>{words}</span>
      )}
      {!running(batch) && <FailedCsv batch={batch} />}
      {errors.length > 0 && (
        <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
          <summary>Reasons</summary>
          <ul>
            {grouped(errors).map((group) => (
              <Group key={`${group.code} ${group.reason}`} group={group} onRow={onRow} />
            ))}
            {batch.failed > errors.length && (
              <li class="muted">and {plural(batch.failed - errors.length, "more", "more")}</li>
            )}
          </ul>
        </details>
      )}
    </>
  );
}

export const fromSheet = (batch: Batch): boolean => batch.kind === "cars" || batch.kind === "sheet";

const ROWS_SHOWN = 12;

function Group({ group, onRow }: { group: FailureGroup; onRow: (customId: string) => void }) {
  const { rows, reason, retryable } = group;
  const more = rows.length - ROWS_SHOWN;
  return (
    <li>
      <p>
        {rows.length > 1 && <b>{plural(rows.length, "time")}</b>} {reason}{" "}
        {!retryable && <span class="muted">Retrying does not help; change the row.</span>}
      </p>
      <p class="failure-rows">
        {rows.slice(0, ROWS_SHOWN).map(({ row, customId }) => (
          <button key={customId} class="link" onClick={() => onRow(customId)}>
            {row ? `Row ${row}` : customId}
          </button>
        ))}
        {more > 0 && <span class="muted">and {plural(more, "more", "more")}</span>}
      </p>
    </li>
  );
}

/** The status names the first 20; the rest is in the file that comes with the ZIP. */
function useErrors(batch: Batch, wanted: boolean): RowError[] {
  const few = batch.errors;
  const [all, setAll] = useState<{ round: number; errors: RowError[] } | null>(null);
  const url = batch.failed > few.length ? batch.failedRowsUrl : null;
  const stale = all?.round !== batch.round;
  useEffect(() => {
    if (!wanted || !url || !stale) return;
    const stop = new AbortController();
    fetch(url, { signal: stop.signal, referrerPolicy: "no-referrer" })
      .then((answer) => answer.json())
      .then((rows: Schemas["RowErrorV1"][]) => setAll({ round: batch.round, errors: camel(rows) }))
      .catch(() => {});
    return () => stop.abort();
  }, [wanted, stale, url?.split("?")[0]]);
  return all && !stale && url ? all.errors : few;
}

function FailedCsv({ batch }: { batch: Batch }) {
  if (!fromSheet(batch)) return null;
  if (!batch.failedRowsCsvUrl) return <span class="muted">failed_rows.csv is in the ZIP</span>;
  return (
    <a href={batch.failedRowsCsvUrl} download>
      Download failed rows (CSV)
    </a>
  );
}
