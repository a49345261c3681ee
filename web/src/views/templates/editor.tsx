import { useRef, useState } from "preact/hooks";
import type { Choice } from "../../lib/models";
import { foldedName, nameOutOf, variablesOf } from "../../lib/template-text";
import {
  deleteTemplate,
  putTemplate,
  TEMPLATE_NAME,
  type Template,
  type TemplateDraft,
} from "../../lib/templates";
import { useAction } from "../../ui/hooks";
import { Problem } from "../../ui/Problem";
import { ColumnRules } from "./column-rules";

interface Props {
  templates: readonly Template[];
  stored: Template | undefined;
  /** Whether the draft differs from what is stored. */
  edited: boolean;
  /** Why the prompt cannot be tried yet. */
  fault: string | null;
  draft: TemplateDraft;
  /** The sheet's. */
  columns: readonly string[];
  /** What the model can make. */
  ratios: readonly string[];
  /** The model that is saved with the template, where one is chosen. */
  choice: Choice;
  choose: (template: Template | undefined) => void;
  change: (fields: Partial<TemplateDraft>) => void;
  saved: (template: Template) => void;
  removed: (name: string) => void;
}

/** The prompt of all rows, with the sheet's columns in it. */
export function TemplateEditor(props: Props) {
  const { templates, stored, fault, draft, columns, choose, change } = props;
  const text = useRef<HTMLTextAreaElement>(null);
  const insert = (column: string) => {
    const area = text.current;
    const placeholder = `{{${foldedName(column)}}}`;
    const at = area?.selectionStart ?? draft.prompt.length;
    const to = area?.selectionEnd ?? at;
    change({ prompt: draft.prompt.slice(0, at) + placeholder + draft.prompt.slice(to) });
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(at + placeholder.length, at + placeholder.length);
    });
  };
  return (
    <section class="panel template" aria-labelledby="template">
      <h2 id="template">Prompt</h2>
      <label class="field">
        <span>Template</span>
        <select
          value={stored?.name ?? ""}
          onChange={(event) => {
            const name = event.currentTarget.value;
            choose(templates.find((one) => one.name === name));
          }}
        >
          <option value="">New template</option>
          {templates.map(({ name, builtIn }) => (
            <option key={name} value={name}>
              {name}
              {builtIn && " (built in)"}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Prompt for every row</span>
        <textarea
          ref={text}
          rows={4}
          maxLength={8000}
          value={draft.prompt}
          placeholder="A {{colour}} chair in a bright room"
          aria-invalid={fault !== null}
          aria-describedby="prompt-fault"
          onInput={(event) => change({ prompt: event.currentTarget.value })}
        />
        <small id="prompt-fault" class={fault ? "fault" : ""} role="status">
          {fault ?? "Select a column to insert it into the prompt."}
        </small>
      </label>
      {columns.length > 0 && (
        <div class="row inserts" role="group" aria-label="Insert a column">
          {columns.filter(Boolean).map((column) => (
            <button key={column} class="insert" onClick={() => insert(column)}>
              {column}
            </button>
          ))}
        </div>
      )}
      <details class="more-settings">
        <summary>File names, ratio, rules for columns</summary>
        <div class="form">
          <label class="field">
            <span>
              File name <em>optional</em>
            </span>
            <input
              type="text"
              maxLength={400}
              value={draft.fileName}
              placeholder="{{colour}}-chair"
              onInput={(event) => change({ fileName: event.currentTarget.value })}
            />
          </label>
          <label class="field">
            <span>Aspect ratio of rows without one</span>
            <select
              value={draft.aspectRatio ?? "1:1"}
              onChange={(event) => change({ aspectRatio: event.currentTarget.value })}
            >
              {[...new Set([...props.ratios, draft.aspectRatio ?? "1:1"])].map((ratio) => (
                <option key={ratio}>{ratio}</option>
              ))}
            </select>
          </label>
          <ColumnRules
            names={variablesOf(draft.prompt, draft.fileName)}
            rules={draft.columns}
            change={(rules) => change({ columns: rules })}
          />
        </div>
      </details>
      <Keep {...props} />
    </section>
  );
}

/** Stores the draft under a name, or removes a template. */
function Keep({ stored, edited, draft, choice, saved, removed }: Props) {
  const own = stored && !stored.builtIn ? stored.name : "";
  const [name, setName] = useState<string | null>(null);
  const wanted = name ?? own;
  const otherModel = choice.model !== undefined && choice.model !== stored?.model;
  const save = useAction(async () => {
    saved(await putTemplate(wanted, { ...stored, ...choice, ...draft }));
    setName(null);
  });
  const remove = useAction(async () => {
    await deleteTemplate(own);
    removed(own);
  });
  return (
    <form
      class="row keep"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      <label class="field">
        <span>Save as</span>
        <input
          type="text"
          required
          pattern={TEMPLATE_NAME}
          maxLength={64}
          title="Lower-case letters, digits and hyphens"
          value={wanted}
          placeholder="chairs"
          onInput={(event) => setName(event.currentTarget.value)}
          onChange={(event) => setName(nameOutOf(event.currentTarget.value))}
        />
      </label>
      <button
        class="button"
        disabled={
          save.busy || !draft.prompt.trim() || !wanted || (!edited && !otherModel && wanted === own)
        }
      >
        {save.busy ? "Saving…" : "Save template"}
      </button>
      {own && (
        <button
          type="button"
          class="button quiet"
          disabled={remove.busy}
          onClick={() => void remove.run()}
        >
          Delete template
        </button>
      )}
      {stored && !edited && <span role="status">Saved.</span>}
      <Problem error={save.error ?? remove.error} />
    </form>
  );
}
