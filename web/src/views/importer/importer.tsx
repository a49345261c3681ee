import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { takeHandedSheet } from "../../lib/handover";
import { ApiError } from "../../lib/problems";
import { type Recipe, startSheet } from "../../lib/reading";
import { saveAs } from "../../lib/save-as";
import { stemOf } from "../../lib/sheet";
import type { Address } from "../../ui/address";
import { capOf } from "../../ui/CapField";
import { useAction } from "../../ui/hooks";
import { isKnown, ModelPicker, useModels } from "../../ui/ModelPicker";
import { Offer } from "../../ui/Offer";
import { Problem } from "../../ui/Problem";
import { modelFields, modelOf, type SheetFields } from "./fields";
import { SheetGrid } from "./grid";
import { Notices } from "./notices";
import { Refusal } from "./refusal";
import { Repairs } from "./repairs";
import { SheetDrop } from "./sheet-drop";
import { UnusedColumns } from "./unused-columns";
import { useSheet } from "./use-sheet";

interface Props {
  recipe: Recipe | null;
  address: Address<SheetFields>;
  /** The columns that a person can choose for one that is not known. */
  columns: readonly string[];
  /** What stands in the way besides the sheet. */
  blocked?: string | null;
  /** Whether the rows have prompts already. */
  prompts?: boolean;
  /** Told the sheet's columns. */
  onReading?: (columns: readonly string[]) => void;
  /** Between the sheet and its rows. */
  children?: ComponentChildren;
}

/** From a sheet to the batch of its rows: read, corrected, priced, started. */
export function Importer(props: Props) {
  const { recipe, address, columns, blocked = null, prompts = true, onReading } = props;
  const { route } = useLocation();
  const { fields, change, finish } = address;
  const state = useSheet(recipe, address);
  const { source, reading, choice } = state;
  const models = useModels();
  const skip = fields.skip === "1";
  useEffect(() => {
    const handed = takeHandedSheet();
    if (handed) void state.take.run(handed);
  }, []);
  const header = reading?.columns;
  useEffect(() => {
    if (header) onReading?.(header);
  }, [header]);
  const start = useAction(async () => {
    if (!recipe || !source) return;
    const id = await startSheet(recipe, source, choice, {
      name: fields.name.trim() || stemOf(fields.file),
      maxCost: capOf(fields.cap),
      skipInvalid: skip && state.problems.length > 0,
    });
    finish();
    route(`/batches/${id}`);
  });
  const save = useAction(async () => {
    const file = await state.toFile();
    saveAs(`${stemOf(fields.file) || "sheet"}-corrected.csv`, await file.text(), "text/csv");
  });
  const stop = () => {
    if (blocked) return blocked;
    if (state.faulty.length) return "Correct the marked cells.";
    return state.problems.length && !skip ? "Correct the marked cells, or skip those rows." : null;
  };

  return (
    <>
      <SheetDrop state={state} file={fields.file} />
      {props.children}
      <Refusal state={state} columns={columns} address={address} />
      {reading && (
        <>
          <Notices notices={reading.notices} sheet={fields.tab} change={change} />
          {recipe?.kind === "cars" && reading.readAs.includes(null) && (
            <UnusedColumns
              key={source?.uploadId}
              state={state}
              reading={reading}
              columns={columns}
            />
          )}
          <Repairs
            state={state}
            reading={reading}
            skip={skip}
            onSkip={(on) => change({ skip: on ? "1" : "" })}
          />
        </>
      )}
      {source && !reading && !state.error && <p class="lead">Reading the sheet…</p>}
      <Problem error={state.saving.error}>
        <button class="button quiet small" onClick={() => state.edit([])}>
          Try again
        </button>
      </Problem>
      <Problem error={state.more.error} />
      {source && recipe && isKnown(models) && (reading || isModelProblem(state.error)) && (
        <Offer
          wide
          quote={reading}
          pending={state.pending}
          blocked={stop()}
          name={fields.name}
          unnamed={stemOf(fields.file)}
          onName={(name) => change({ name })}
          cap={fields.cap}
          onCap={(cap) => change({ cap })}
          start={start}
        >
          <ModelPicker
            models={models}
            choice={modelOf(fields)}
            standard={reading?.model}
            onChange={(next) => change(modelFields(next))}
          />
        </Offer>
      )}
      {reading && (
        <>
          <SheetGrid state={state} reading={reading} prompts={prompts} />
          <p>
            <button class="button" disabled={save.busy} onClick={() => void save.run()}>
              {isCorrected(fields.file) ? "Download the corrected sheet" : "Download the sheet"}
            </button>
          </p>
          <Problem error={save.error} />
        </>
      )}
    </>
  );
}

const isCorrected = (file: string): boolean => file.endsWith("-corrected.csv");

/** What another model, or another quality, may mend. */
const isModelProblem = (error: unknown): boolean =>
  error instanceof ApiError && /^model-|^unknown-model$/.test(error.kind);
