import type { ComponentChildren, RefObject } from "preact";
import { useState } from "preact/hooks";
import { filled } from "../../lib/captions";
import { money, plural, time } from "../../lib/format";
import type { Batch, InputRow, Item, Version } from "../../lib/types";
import { Problem } from "../../ui/Problem";
import { SignedImage } from "../../ui/SignedImage";
import { priceOf } from "../redo-marked";
import type { RedoQueue } from "../use-redo";
import type { Looked } from "./use-image";

interface Props {
  batch: Batch;
  image: Looked;
  redo: RedoQueue;
  note: RefObject<HTMLTextAreaElement | null>;
  done: () => void;
  children: ComponentChildren;
}

export function Side(props: Props) {
  const { batch, image } = props;
  const { item, row, shown } = image;
  const prompt = shown?.prompt ?? row?.prompt ?? "";
  return (
    <div class="bench-side">
      {props.children}
      <Versions image={image} />
      {item && <RedoForm key={item.customId} {...props} item={item} />}
      {prompt && <Prompt text={prompt} />}
      <Row row={row} />
      <dl class="bench-facts">
        {facts(batch, item, shown).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function facts(
  batch: Batch,
  item: Item | undefined,
  shown: Version | undefined,
): [string, string][] {
  const cost = shown?.cost ?? item?.cost;
  const found: [string, string | null | undefined][] = [
    ["File", item?.file],
    ["Model", shown?.model ?? item?.model ?? batch.model],
    ["Made", shown?.createdAt && time(shown.createdAt)],
    ["Cost", batch.mode === "live" && cost ? money(cost) : null],
  ];
  return found.filter((one): one is [string, string] => Boolean(one[1]));
}

function Versions({ image }: { image: Looked }) {
  const { versions, shown, show, choose } = image;
  if (versions.length < 2) return null;
  return (
    <section aria-label="Versions">
      <h3>{plural(versions.length, "version")}</h3>
      <ul class="bench-versions">
        {versions.map((one) => (
          <li key={one.version}>
            <button
              aria-pressed={one.version === shown?.version}
              aria-label={`Version ${one.version}${one.chosen ? ", chosen" : ""}`}
              onClick={() => show(one.version)}
            >
              {one.thumbnailUrl && <SignedImage url={one.thumbnailUrl} alt="" />}
              <span>
                {one.version}
                {one.chosen && " ✓"}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {shown && (
        <button
          class="button small"
          disabled={shown.chosen || !shown.url || choose.busy}
          onClick={() => void choose.run(shown)}
        >
          {shown.chosen ? `Version ${shown.version} is chosen` : `Choose version ${shown.version}`}
        </button>
      )}
    </section>
  );
}

function RedoForm({ batch, item, redo, note, done }: Props & { item: Item }) {
  const [text, setText] = useState("");
  const waiting = redo.waiting.some((one) => one.customId === item.customId);
  const send = () => {
    redo.add([item.customId], text);
    setText("");
    done();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      done();
    }
  };
  return (
    <form
      class="bench-redo"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="field">
        <span>
          Make again with a note <em>optional</em>
        </span>
        <textarea
          ref={note}
          rows={2}
          maxLength={500}
          placeholder="For example: wheels straight"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={keys}
        />
      </label>
      <button class="button small" disabled={waiting}>
        {waiting ? "Waiting for the next round" : `Make again${priceOf(batch, 1)}`}
      </button>
      <Problem error={redo.error}>
        <button type="button" class="button quiet small" onClick={redo.drop}>
          Cancel
        </button>
      </Problem>
    </form>
  );
}

function Prompt({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(text).then(() => setCopied(true));
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <section aria-label="Prompt">
      <h3>
        Prompt{" "}
        <button class="link" onClick={copy}>
          {copied ? "Copied" : "Copy"}
        </button>
      </h3>
      <p class="bench-prompt">{text}</p>
    </section>
  );
}

function Row({ row }: { row: InputRow | undefined }) {
  const fields = filled(row);
  if (!fields.length) return null;
  return (
    <section aria-label="Row">
      <h3>{row?.row ? `Row ${row.row}` : "Row"}</h3>
      <dl class="bench-facts">
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
