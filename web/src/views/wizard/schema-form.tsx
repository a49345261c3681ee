import type { SchemaField, SettingsSchema } from "../../lib/types";

interface FormProps {
  schema: SettingsSchema;
  input: Record<string, unknown>;
  change: (input: Record<string, unknown>) => void;
}

/** A form for the settings a schema names; the product images are chosen elsewhere. */
export function SchemaForm({ schema, input, change }: FormProps) {
  const fields = Object.entries(schema.properties).filter(([name]) => name !== "product_images");
  const set = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = input;
    change(value === undefined ? rest : { ...rest, [name]: value });
  };
  return (
    <>
      {fields.map(([name, field]) => (
        <label class="field" key={name}>
          <span>
            {field.title ?? words(name)}
            {!schema.required?.includes(name) && field.default === undefined && <em> optional</em>}
          </span>
          <Control
            field={plain(field)}
            value={input[name] ?? field.default}
            set={(value) => set(name, value)}
          />
          {field.description && <small>{field.description}</small>}
        </label>
      ))}
    </>
  );
}

export const words = (name: string): string => {
  const text = name.replaceAll("_", " ").replace(/ url$/, " address");
  return text.charAt(0).toUpperCase() + text.slice(1);
};

/** A field that may be null, as the one it is otherwise. */
export function plain(field: SchemaField): SchemaField {
  const inner = field.anyOf?.find((one) => one.type !== "null");
  const type = Array.isArray(field.type) ? field.type.find((one) => one !== "null") : field.type;
  return inner ? { ...field, ...inner } : { ...field, type };
}

interface ControlProps {
  field: SchemaField;
  value: unknown;
  set: (value: unknown) => void;
}

function Control({ field, value, set }: ControlProps) {
  if (field.enum) {
    const options = field.enum.filter((one) => one !== null);
    return (
      <select
        value={String(value ?? "")}
        onChange={(event) => set(event.currentTarget.value || undefined)}
      >
        {value === undefined && <option value="" />}
        {options.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    );
  }
  if (field.type === "integer" || field.type === "number") {
    return (
      <input
        type="number"
        min={field.minimum}
        max={field.maximum}
        step={field.type === "integer" ? 1 : "any"}
        value={value == null ? "" : String(value)}
        onInput={(event) =>
          set(event.currentTarget.value === "" ? undefined : event.currentTarget.valueAsNumber)
        }
      />
    );
  }
  if (field.type === "array") {
    const lines = Array.isArray(value) ? value.join("\n") : "";
    return (
      <textarea
        rows={4}
        value={lines}
        placeholder={field.maxItems ? `One per line, up to ${field.maxItems}` : "One per line"}
        onChange={(event) => set(linesOf(event.currentTarget.value, field.maxItems))}
      />
    );
  }
  const text = {
    maxLength: field.maxLength,
    value: String(value ?? ""),
    onInput: (event: { currentTarget: HTMLInputElement }) =>
      set(event.currentTarget.value.trim() || undefined),
  };
  return field.format === "uri" ? (
    <input type="url" placeholder="https://" {...text} />
  ) : (
    <input type="text" {...text} />
  );
}

export function linesOf(text: string, most = Infinity): string[] | undefined {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, most);
  return lines.length ? lines : undefined;
}
