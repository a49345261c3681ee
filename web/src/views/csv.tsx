import { useEffect, useMemo, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { quoteSheet, type SheetOptions, submitSheet } from "../lib/api";
import { config } from "../lib/config";
import { bytes, count, plural } from "../lib/format";
import { takeHandedSheet } from "../lib/handover";
import { keepSheet } from "../lib/kept-sheet";
import {
  type CellProblem,
  decode,
  MAX_BYTES,
  readSheet,
  type Sheet,
  withServerVerdict,
} from "../lib/sheet";
import { DropZone } from "../ui/DropZone";
import { useAction, useQuote } from "../ui/hooks";
import { Offer } from "../ui/Offer";
import { Notice, Problem } from "../ui/Problem";
import { Title } from "../ui/Title";
import { SheetPreview } from "./csv-preview";

interface Chosen {
  file: File;
  sheet: Sheet;
}
const NOTHING_SKIPPED: SheetOptions = { name: "", maxCost: "", skipInvalid: false };

export function CsvView() {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [rejected, setRejected] = useState<string | null>(null);
  const { maxRows, workerConcurrency } = config();

  const take = async (file: File) => {
    const wrong = unfit(file);
    setRejected(wrong);
    if (wrong) return setChosen(null);
    setChosen({
      file,
      sheet: readSheet(decode(new Uint8Array(await file.arrayBuffer())), maxRows),
    });
  };
  useEffect(() => {
    const handed = takeHandedSheet();
    if (handed) void take(handed);
  }, []);

  return (
    <div class="view">
      <Title text="Images from a sheet" tab="CSV" />
      <p class="lead">
        Upload CSV (max {count(maxRows)} rows) with columns: make, model, body_style, trim, year,
        color, background (white/hub), aspect_ratio (1:1,16:9,9:16,4:3,3:4). The batch runs{" "}
        {workerConcurrency} images in parallel. You'll receive a ZIP when finished. Failed rows
        recorded in failed_rows.json.{" "}
        <a href="/cars-template.csv" download>
          Download a template
        </a>
      </p>
      <DropZone
        accept=".csv,text/csv"
        compact={chosen !== null}
        label={chosen ? chosen.file.name : "Drop a CSV here, or choose one"}
        hint={
          chosen
            ? `${bytes(chosen.file.size)}, ${plural(chosen.sheet.rows.length, "row")}. Choose another`
            : "Up to 5 MB, comma, semicolon or tab"
        }
        onFile={(file) => void take(file)}
      />
      {rejected && <Notice kind="bad" title="This file cannot be used." text={rejected} />}
      {chosen && (
        <Check
          key={`${chosen.file.name} ${chosen.file.lastModified} ${chosen.file.size}`}
          {...chosen}
        />
      )}
    </div>
  );
}

function unfit(file: File): string | null {
  if (!/\.csv$/i.test(file.name))
    return `${file.name} is not a .csv file. Save the sheet as CSV first.`;
  if (file.size > MAX_BYTES) return `${file.name} is ${bytes(file.size)}; the limit is 5 MB.`;
  if (file.size === 0) return `${file.name} is empty.`;
  return null;
}

/** The price is asked as if invalid rows were skipped, so that it is there while they are looked at. */
function Check({ file, sheet }: Chosen) {
  const { route } = useLocation();
  const [options, setOptions] = useState<SheetOptions>(NOTHING_SKIPPED);
  const fit = sheet.faults.length === 0;
  const { quote, error, pending, again } = useQuote(
    fit ? (signal) => quoteSheet(file, { ...options, skipInvalid: true }, signal) : null,
    [file, options.maxCost],
  );
  const problems = useMemo(
    () => (quote ? withServerVerdict(sheet.problems, quote) : sheet.problems),
    [sheet, quote],
  );
  const bad = new Set(problems.map((problem) => problem.row)).size;
  const start = useAction(async () => {
    const batch = await submitSheet(file, options);
    keepSheet(batch.id, sheet);
    route(`/batches/${batch.id}`);
  });

  return (
    <div class="split">
      <div class="stack">
        {!fit && <Notice kind="bad" title="This sheet cannot be sent." lines={sheet.faults} />}
        <Columns sheet={sheet} warnings={quote?.warnings ?? []} />
        {bad > 0 && (
          <BadRows
            bad={bad}
            problems={problems}
            skip={options.skipInvalid}
            onSkip={(skipInvalid) => setOptions({ ...options, skipInvalid })}
          />
        )}
        <Problem error={error}>
          <button class="button quiet small" onClick={again}>
            Try again
          </button>
        </Problem>
        <SheetPreview sheet={sheet} problems={problems} />
      </div>
      {fit && (
        <Offer
          quote={quote}
          pending={pending}
          blocked={
            bad > 0 && !options.skipInvalid ? "Correct the marked cells, or skip those rows." : null
          }
          name={options.name}
          onName={(name) => setOptions({ ...options, name })}
          maxCost={options.maxCost}
          onMaxCost={(maxCost) => setOptions({ ...options, maxCost })}
          start={start}
        />
      )}
    </div>
  );
}

function Columns({ sheet, warnings }: { sheet: Sheet; warnings: string[] }) {
  const unknown = sheet.columns
    .filter((column) => !column.known)
    .map((column) => column.name || "(no name)");
  const others = warnings.filter((text) => !unknown.some((name) => text.includes(name)));
  if (!unknown.length && !others.length) return null;
  const title = unknown.length
    ? `${unknown.length === 1 ? "One column is" : `${unknown.length} columns are`} not known and will be ignored: ${unknown.join(", ")}.`
    : "Please note:";
  return <Notice kind="warn" title={title} lines={others} />;
}

interface BadRowsProps {
  bad: number;
  problems: CellProblem[];
  skip: boolean;
  onSkip: (skip: boolean) => void;
}

function BadRows({ bad, problems, skip, onSkip }: BadRowsProps) {
  const lines = problems.map(({ row, column, value, message }) =>
    column ? `Row ${row}, ${column}: “${value.slice(0, 60)}” ${message}` : `Row ${row}: ${message}`,
  );
  return (
    <Notice
      kind={skip ? "warn" : "bad"}
      title={`${plural(bad, "row has", "rows have")} a value that is not allowed.`}
      lines={lines}
    >
      <label class="check">
        <input
          type="checkbox"
          checked={skip}
          onChange={(event) => onSkip(event.currentTarget.checked)}
        />
        <span>
          Skip {bad === 1 ? "this row" : `these ${bad} rows`}: recorded as failed, the rest is made
        </span>
      </label>
    </Notice>
  );
}
