import { useState } from "preact/hooks";
import { chosenModel, NO_CHOICE } from "../lib/models";
import type { Recipe } from "../lib/reading";
import { foldedName, isWellFormed, neededBy } from "../lib/template-text";
import {
  DRAFT_SLOT,
  draftOf,
  listTemplates,
  NO_TEMPLATE,
  sameDraft,
  type Template,
  type TemplateDraft,
} from "../lib/templates";
import { useAddress } from "../ui/address";
import { useKept, useLoad } from "../ui/hooks";
import { useModels } from "../ui/ModelPicker";
import { Problem } from "../ui/Problem";
import { Title } from "../ui/Title";
import { choiceOf, SHEET_FIELDS } from "./importer/fields";
import { Importer } from "./importer/importer";
import { TemplateEditor } from "./templates/editor";

/** Columns that mean something whatever the template says. */
const MEANINGS = [
  "aspect_ratio",
  "custom_id",
  "seed",
  "reference",
  "reference_2",
  "reference_3",
  "reference_4",
];
const ANY: Recipe = { kind: "prompt", text: "row" };

export function SheetsView() {
  const address = useAddress(SHEET_FIELDS);
  const templates = useLoad(listTemplates, []);
  const [draft, setDraft] = useKept(DRAFT_SLOT, NO_TEMPLATE);
  const [columns, setColumns] = useState<readonly string[]>([]);
  const { template: name, sheet } = address.fields;
  const stored = templates.data?.find((one) => one.name === name);
  const edited = !stored || !sameDraft(draft, draftOf(stored));
  const fault = edited ? draftFault(draft.prompt, columns) : null;
  const named = address.fields.model || stored?.model || "";
  const model = chosenModel(useModels().data ?? [], { ...NO_CHOICE, model: named });
  const recipe = recipeOf(stored, edited, fault ? "" : draft.prompt);
  const choose = (one: Template | undefined) => {
    setDraft(one ? draftOf(one) : NO_TEMPLATE);
    address.change({ template: one?.name ?? "" }, true);
  };
  return (
    <div class="view">
      <Title text="Images from any sheet" tab="Sheets" />
      {!sheet && (
        <p class="lead">
          One image per row, from a sheet with your own columns. Write the prompt once, with the
          columns in it.
        </p>
      )}
      <Problem error={templates.error}>
        <button class="button quiet small" onClick={templates.reload}>
          Try again
        </button>
      </Problem>
      <Importer
        recipe={templates.data ? (recipe ?? ANY) : null}
        address={address}
        columns={MEANINGS}
        blocked={fault ?? blockedBy(recipe, edited && needsStore(draft))}
        prompts={recipe !== null}
        onReading={setColumns}
      >
        {sheet && templates.data && (
          <TemplateEditor
            templates={templates.data}
            stored={stored}
            edited={edited}
            fault={draft.prompt.trim() ? fault : null}
            draft={draft}
            columns={columns}
            ratios={model?.aspectRatios ?? ["1:1"]}
            choice={choiceOf(address.fields)}
            choose={choose}
            change={(fields) => setDraft((old) => ({ ...old, ...fields }))}
            saved={(one) => {
              templates.set(withTemplate(templates.data ?? [], one));
              setDraft(draftOf(one));
              address.change({ template: one.name });
            }}
            removed={(one) => {
              templates.set((templates.data ?? []).filter((other) => other.name !== one));
              choose(undefined);
            }}
          />
        )}
      </Importer>
    </div>
  );
}

/** A file name, a ratio and rules for columns belong to a stored template. */
const needsStore = ({ fileName, aspectRatio, columns }: TemplateDraft): boolean =>
  fileName !== "" || (aspectRatio ?? "1:1") !== "1:1" || Object.keys(columns).length > 0;

/** Why a prompt that is being written cannot be tried yet. */
function draftFault(prompt: string, columns: readonly string[]): string | null {
  if (!prompt.trim()) return "Write the prompt, or choose a template.";
  if (!isWellFormed(prompt)) return "Close every {{column}} with two braces.";
  const there = new Set(columns.map(foldedName));
  const missing = neededBy(prompt).find((one) => !there.has(one));
  return missing === undefined ? null : `The sheet has no column “${missing}”.`;
}

function recipeOf(stored: Template | undefined, edited: boolean, prompt: string): Recipe | null {
  if (stored && !edited) return { kind: "template", name: stored.name };
  return prompt.trim() ? { kind: "prompt", text: prompt } : null;
}

function blockedBy(recipe: Recipe | null, unsaved: boolean): string | null {
  if (!recipe) return "Write the prompt, or choose a template.";
  return unsaved ? "Save the template to apply its file names and rules." : null;
}

const withTemplate = (all: readonly Template[], one: Template): Template[] => [
  ...all.filter(({ name }) => name !== one.name),
  one,
];
