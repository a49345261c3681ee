import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

export interface Tab {
  name: string;
  panel: ComponentChildren;
}

/** Tabs as ARIA has them: one of them in the tab order, the arrow keys between them. */
export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (to: number) => {
    const next = (to + tabs.length) % tabs.length;
    setAt(next);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={keys}>
        {tabs.map(({ name }, place) => (
          <button
            key={name}
            role="tab"
            id={`${id}-tab-${place}`}
            aria-selected={place === at}
            aria-controls={`${id}-panel`}
            tabIndex={place === at ? 0 : -1}
            onClick={() => setAt(place)}
          >
            {name}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${at}`}>
        {tabs[at]?.panel}
      </div>
    </>
  );
}
