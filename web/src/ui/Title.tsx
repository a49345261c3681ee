import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

let first = true;

/** The view's heading. After a move within the page it takes the focus, so that it is read out. */
export function Title({
  text,
  tab = text,
  children,
}: {
  text: string;
  tab?: string;
  children?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  // As it appears: later it would take the focus from where somebody has gone in the meantime.
  useLayoutEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  useEffect(() => {
    document.title = `${tab} · imagebatch`;
  }, [tab]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {text}
      {children}
    </h1>
  );
}
