import { useEffect, useRef } from "preact/hooks";

export interface MenuEntry {
  label: string;
  run: () => void;
  disabled?: boolean;
}

/** What is done more rarely, behind one button. */
export function Menu({ label, entries }: { label: string; entries: MenuEntry[] }) {
  const box = useRef<HTMLDetailsElement>(null);
  const close = (focus: boolean) => {
    if (!box.current?.open) return;
    box.current.open = false;
    if (focus) box.current.querySelector("summary")?.focus();
  };
  useEffect(() => {
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node | null)) close(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, []);
  return (
    <details ref={box} class="menu" onKeyDown={(event) => event.key === "Escape" && close(true)}>
      <summary class="button small quiet" aria-label={label}>
        More
      </summary>
      <div class="menu-list">
        {entries.map((entry) => (
          <button
            key={entry.label}
            disabled={entry.disabled}
            onClick={() => {
              close(true);
              entry.run();
            }}
          >
            {entry.label}
          </button>
        ))}
      </div>
    </details>
  );
}
