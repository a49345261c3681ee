import { useLocation } from "preact-iso";
import { ApiError } from "../../lib/problems";
import { startSheet } from "../../lib/reading";
import { saveAs } from "../../lib/save-as";
import { stemOf } from "../../lib/sheet";
import { capOf } from "../../ui/CapField";
import { useAction } from "../../ui/hooks";
import { isKnown, ModelPicker, useModels } from "../../ui/ModelPicker";
import { Offer } from "../../ui/Offer";
import { Problem } from "../../ui/Problem";
import { modelFields, modelOf } from "./fields";
import { SheetGrid } from "./grid";
import type { ImporterProps } from "./importer";
import { Notices } from "./notices";
import { Refusal } from "./refusal";
import { Repairs } from "./repairs";
import { UnusedColumns } from "./unused-columns";
import type { SheetState } from "./use-sheet";

/** The sheet as the server reads it, with what is to be corrected, its price and its start. */
export function ReadSheet(props: ImporterProps & { state: SheetState }) {
  const { recipe, address, columns, blocked = null, prompts = true, state } = props;
  const { route } = useLocation();
  const { fields, change, finish } = address;
  const { source, reading, choice } = state;
  const models = useModels();
  const skip = fields.skip === "1";
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
