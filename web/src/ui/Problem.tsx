import type { ComponentChildren } from "preact";
import { sentences } from "../lib/problems";

const SHOWN = 12;

export function Problem({ error, children }: { error: unknown; children?: ComponentChildren }) {
  if (!error) return null;
  const { title, text, lines } = sentences(error);
  return (
    <Notice kind="bad" title={title} text={text} lines={lines}>
      {children}
    </Notice>
  );
}

interface NoticeProps {
  kind: "bad" | "warn" | "plain";
  title: string;
  text?: string;
  lines?: string[];
  children?: ComponentChildren;
}

export function Notice({ kind, title, text = "", lines = [], children }: NoticeProps) {
  return (
    <div class={`notice notice-${kind}`} role={kind === "bad" ? "alert" : "status"}>
      <p>
        <strong>{title}</strong>
        {text && (
          <>
            {" "}
            <span>{text}</span>
          </>
        )}
      </p>
      {lines.length > 0 && (
        <ul>
          {lines.slice(0, SHOWN).map((line) => (
            <li key={line}>{line}</li>
          ))}
          {lines.length > SHOWN && <li>and {lines.length - SHOWN} more</li>}
        </ul>
      )}
      {children}
    </div>
  );
}
