import { useCallback, useEffect, useState } from "preact/hooks";

/**
 * What a person is putting together, kept in the tab under an id that the address holds: it
 * survives a reload and Back, after a start as well. `finish` makes the next visit start anew.
 */
export function useDraft<T>(name: string, initial: T) {
  const [id, setId] = useState(() => currentId(name));
  const [value, setValue] = useState(() => kept(name, id, initial));
  useEffect(() => {
    hold(name, id);
    const back = () => {
      const now = currentId(name);
      setId(now);
      setValue(kept(name, now, initial));
    };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const change = useCallback(
    (next: (old: T) => T) =>
      setValue((old) => {
        const made = next(old);
        sessionStorage.setItem(slot(name, id), JSON.stringify(made));
        return made;
      }),
    [name, id],
  );
  const finish = useCallback(() => sessionStorage.removeItem(`draft:${name}`), [name]);
  return { value, change, finish };
}

/** Puts something together elsewhere, for the next visit of the view that keeps it. */
export function leaveDraft(name: string, value: unknown): void {
  const id = crypto.randomUUID().slice(0, 8);
  sessionStorage.setItem(slot(name, id), JSON.stringify(value));
  sessionStorage.setItem(`draft:${name}`, id);
}

const slot = (name: string, id: string): string => `draft:${name}:${id}`;

function kept<T>(name: string, id: string, initial: T): T {
  const found = sessionStorage.getItem(slot(name, id));
  return found === null ? initial : { ...initial, ...(JSON.parse(found) as T) };
}

const currentId = (name: string): string =>
  new URLSearchParams(location.search).get("draft") ??
  sessionStorage.getItem(`draft:${name}`) ??
  crypto.randomUUID().slice(0, 8);

function hold(name: string, id: string): void {
  const query = new URLSearchParams(location.search);
  sessionStorage.setItem(`draft:${name}`, id);
  if (query.get("draft") === id) return;
  query.set("draft", id);
  history.replaceState(null, "", `${location.pathname}?${query}`);
}
