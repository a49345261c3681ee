import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  title: string;
  text: string;
  children: ComponentChildren;
}

/** Something that only a person can decide before the sheet is read. */
export function Question({ title, text, children }: Props) {
  const id = useId();
  return (
    <section class="notice notice-warn" aria-labelledby={id}>
      <div role="alert">
        <h2 id={id}>{title}</h2>
        <p>{text}</p>
      </div>
      {children}
    </section>
  );
}
