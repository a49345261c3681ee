import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { type PromptBatch, quotePrompts, submitPrompts, upload } from "../lib/api";
import { config } from "../lib/config";
import { plural } from "../lib/format";
import { chosenModel, type ModelChoice, NO_CHOICE, toChoice } from "../lib/models";
import { capOf } from "../ui/CapField";
import { useDraft } from "../ui/draft";
import { useAction, useQuote } from "../ui/hooks";
import { isKnown, ModelPicker, useModels } from "../ui/ModelPicker";
import { Offer } from "../ui/Offer";
import { Notice, Problem } from "../ui/Problem";
import { Title } from "../ui/Title";

interface PromptRow {
  id: number;
  prompt: string;
  ratio: string;
  file: { id: string; name: string; url: string } | null;
}
interface Form {
  rows: PromptRow[];
  choice: ModelChoice;
  pdf: boolean;
  name: string;
  cap: string;
}

const LONGEST = 4000;
const emptyRow = (id: number): PromptRow => ({ id, prompt: "", ratio: "1:1", file: null });
const EMPTY: Form = { rows: [emptyRow(1)], choice: NO_CHOICE, pdf: false, name: "", cap: "" };
const nextId = (rows: PromptRow[]): number => Math.max(0, ...rows.map((row) => row.id)) + 1;

function toBatch(form: Form): PromptBatch {
  return {
    name: form.name.trim(),
    items: form.rows
      .filter((row) => row.prompt.trim())
      .map(({ prompt, ratio, file }) => ({
        prompt: prompt.trim(),
        aspect_ratio: ratio,
        ...(file ? { file: file.id } : {}),
      })),
    options: { include_pdf: form.pdf },
    ...toChoice(form.choice),
  };
}

export function PromptsView() {
  const { route } = useLocation();
  const { maxRows } = config();
  const { value: form, change: setForm, finish } = useDraft("prompts", EMPTY);
  const [focus, setFocus] = useState<number | null>(null);
  const batch = toBatch(form);
  const asked = { ...batch, name: "" };
  const full = form.rows.length >= maxRows;
  const { quote, error, pending } = useQuote(
    batch.items.length ? (signal) => quotePrompts(asked, signal) : null,
    [JSON.stringify(asked)],
  );
  const models = useModels();
  const model = chosenModel(models.data ?? [], form.choice, quote?.model);
  const start = useAction(async () => {
    const cap = capOf(form.cap);
    const id = await submitPrompts({ ...batch, ...(cap && { max_cost: cap }) });
    finish();
    route(`/batches/${id}`);
  });
  const change = (id: number, fields: Partial<PromptRow>) =>
    setForm((old) => ({
      ...old,
      rows: old.rows.map((row) => (row.id === id ? { ...row, ...fields } : row)),
    }));
  const remove = (id: number) =>
    setForm((old) => ({ ...old, rows: old.rows.filter((row) => row.id !== id) }));
  const add = () => {
    const id = nextId(form.rows);
    setForm((old) => ({ ...old, rows: [...old.rows, emptyRow(id)] }));
    setFocus(id);
  };

  return (
    <div class="view">
      <Title text="Images from prompts" tab="Prompts" />
      <p class="lead">
        One image per prompt, up to {plural(maxRows, "prompt")}. A reference image is optional.
      </p>
      <div class="split">
        <div class="stack">
          <ol class="prompts" aria-label="Prompts">
            {form.rows.map((row, at) => (
              <PromptLine
                key={row.id}
                row={row}
                ratios={model?.aspectRatios ?? [row.ratio]}
                images={model?.maxImages ?? 1}
                number={at + 1}
                focused={row.id === focus}
                onChange={(fields) => change(row.id, fields)}
                onRemove={form.rows.length > 1 ? () => remove(row.id) : null}
              />
            ))}
          </ol>
          <p>
            <button class="button" disabled={full} onClick={add}>
              Add a prompt
            </button>
          </p>
          {full && <Notice kind="plain" title={`That is the limit of ${maxRows}.`} />}
          <Problem error={error} />
        </div>
        {isKnown(models) && (
          <Offer
            quote={quote}
            pending={pending}
            start={start}
            blocked={batch.items.length ? null : "Write at least one prompt."}
            name={form.name}
            onName={(name) => setForm((old) => ({ ...old, name }))}
            cap={form.cap}
            onCap={(cap) => setForm((old) => ({ ...old, cap }))}
          >
            <ModelPicker
              models={models}
              choice={form.choice}
              standard={quote?.model}
              onChange={(choice) => setForm((old) => ({ ...old, choice }))}
            />
            <label class="check">
              <input
                type="checkbox"
                checked={form.pdf}
                onChange={(event) => {
                  const pdf = event.currentTarget.checked;
                  setForm((old) => ({ ...old, pdf }));
                }}
              />
              <span>Include a PDF (one image per page)</span>
            </label>
          </Offer>
        )}
      </div>
    </div>
  );
}

interface LineProps {
  row: PromptRow;
  /** What the model can make. */
  ratios: readonly string[];
  images: number;
  number: number;
  focused: boolean;
  onChange: (fields: Partial<PromptRow>) => void;
  onRemove: (() => void) | null;
}

function PromptLine({ row, ratios, images, number, focused, onChange, onRemove }: LineProps) {
  const attach = useAction(async (file: File) => {
    const made = await upload(file, "product");
    onChange({ file: { id: made.id, name: made.originalName, url: made.url } });
  });
  const text = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focused) text.current?.focus();
  }, [focused]);
  return (
    <li class="prompt">
      <textarea
        aria-label={`Prompt ${number}`}
        rows={3}
        maxLength={LONGEST}
        value={row.prompt}
        ref={text}
        placeholder="What should the image show?"
        onInput={(event) => onChange({ prompt: event.currentTarget.value })}
      />
      <div class="prompt-foot">
        <label class="inline">
          <span class="sr">Aspect ratio of prompt {number}</span>
          <select
            value={row.ratio}
            onChange={(event) => onChange({ ratio: event.currentTarget.value })}
          >
            {[...new Set([...ratios, row.ratio])].map((ratio) => (
              <option key={ratio} value={ratio}>
                {ratios.includes(ratio) ? ratio : `${ratio} (not supported by the model)`}
              </option>
            ))}
          </select>
        </label>
        <Reference
          row={row}
          possible={images > 0}
          number={number}
          busy={attach.busy}
          attach={(file) => void attach.run(file)}
          remove={() => onChange({ file: null })}
        />
        {onRemove && (
          <button
            class="button quiet small push"
            aria-label={`Remove prompt ${number}`}
            onClick={onRemove}
          >
            Remove
          </button>
        )}
      </div>
      <Problem error={attach.error} />
    </li>
  );
}

interface ReferenceProps {
  row: PromptRow;
  /** Whether the model takes reference images. */
  possible: boolean;
  number: number;
  busy: boolean;
  attach: (file: File) => void;
  remove: () => void;
}

function Reference({ row, possible, number, busy, attach, remove }: ReferenceProps) {
  if (row.file) {
    return (
      <span class="attached">
        <img src={row.file.url} alt="" />
        <span>{row.file.name}</span>
        <button
          class="button quiet small"
          aria-label={`Remove image of prompt ${number}`}
          onClick={remove}
        >
          Remove image
        </button>
        {!possible && <span class="fault">The model accepts no reference images.</span>}
      </span>
    );
  }
  if (!possible) return null;
  return (
    <label class={`button quiet small file${busy ? " busy" : ""}`}>
      <input
        type="file"
        accept="image/png,image/jpeg,image/webp"
        disabled={busy}
        aria-label={`Image for prompt ${number}`}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) attach(file);
          event.currentTarget.value = "";
        }}
      />
      <span>{busy ? "Uploading…" : "Add an image"}</span>
    </label>
  );
}
