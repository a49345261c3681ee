import { type ColumnRule, NO_RULE } from "../../lib/templates";

interface Props {
  /** The columns that the template names. */
  names: readonly string[];
  rules: Record<string, ColumnRule>;
  change: (rules: Record<string, ColumnRule>) => void;
}

/** What a template says of its columns: whether they are needed, and what may be in them. */
export function ColumnRules({ names, rules, change }: Props) {
  if (!names.length) return null;
  const set = (name: string, fields: Partial<ColumnRule>) => {
    const { [name]: old = NO_RULE, ...rest } = rules;
    const rule = { ...old, ...fields };
    const says = JSON.stringify(rule) !== JSON.stringify(NO_RULE);
    change(says ? { ...rest, [name]: rule } : rest);
  };
  return (
    <>
      {names.map((name) => {
        const rule = rules[name] ?? NO_RULE;
        return (
          <fieldset class="rule" key={name}>
            <legend>{name}</legend>
            <label class="field">
              <span>Used if a cell is empty</span>
              <input
                type="text"
                value={rule.default}
                onChange={(event) => set(name, { default: event.currentTarget.value.trim() })}
              />
            </label>
            <label class="field">
              <span>Allowed values, separated by commas</span>
              <input
                type="text"
                value={rule.oneOf.join(", ")}
                onChange={(event) => set(name, { oneOf: listOf(event.currentTarget.value) })}
              />
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={rule.required === true}
                onChange={(event) => set(name, { required: event.currentTarget.checked || null })}
              />
              <span>Every row needs a value</span>
            </label>
          </fieldset>
        );
      })}
    </>
  );
}

const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
