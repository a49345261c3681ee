const KEYS = [
  { action: "next", keys: ["ArrowRight", "j"], shown: "→ or J", words: "Next image" },
  { action: "previous", keys: ["ArrowLeft", "k"], shown: "← or K", words: "Previous image" },
  { action: "unseen", keys: ["u"], shown: "U", words: "Next image not reviewed" },
  { action: "newer", keys: ["ArrowUp"], shown: "↑", words: "Newer version" },
  { action: "older", keys: ["ArrowDown"], shown: "↓", words: "Older version" },
  { action: "choose", keys: ["c"], shown: "C", words: "Choose this version" },
  { action: "redo", keys: ["r"], shown: "R", words: "Make again, with a note" },
  { action: "mark", keys: ["m"], shown: "M", words: "Mark" },
  { action: "download", keys: ["d"], shown: "D", words: "Download this image" },
  { action: "help", keys: ["?"], shown: "?", words: "Show these keys" },
] as const;

export type Action = (typeof KEYS)[number]["action"];

/** What a key means here; nothing while somebody writes or a system key is held. */
export function actionOf(event: KeyboardEvent): Action | null {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (target.matches("textarea, input, select")) return null;
  const found = KEYS.find(({ keys }) =>
    (keys as readonly string[]).includes(
      event.key.length === 1 ? event.key.toLowerCase() : event.key,
    ),
  );
  return found?.action ?? null;
}

export const Keys = () => (
  <dl class="bench-keys" aria-label="Keys">
    {KEYS.map(({ action, shown, words }) => (
      <div key={action}>
        <dt>
          <kbd>{shown}</kbd>
        </dt>
        <dd>{words}</dd>
      </div>
    ))}
    <div>
      <dt>
        <kbd>Esc</kbd>
      </dt>
      <dd>Close</dd>
    </div>
  </dl>
);
