import { useCallback, useEffect, useState } from "preact/hooks";

type Fields = Record<string, string>;

/** What a view is working on, in the tab's memory, for when it is opened anew without it. */
const slot = (path: string): string => `last:${path}`;
const HOME = /^\/$/;
const pathOf = (): string => location.pathname.replace(HOME, "/csv");

function read<T extends Fields>(initial: T): T {
  const given = location.search || (sessionStorage.getItem(slot(pathOf())) ?? "");
  const query = new URLSearchParams(given);
  return Object.fromEntries(
    Object.entries(initial).map(([name, value]) => [name, query.get(name) ?? value]),
  ) as T;
}

function write<T extends Fields>(fields: T, initial: T, push: boolean): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(fields)) {
    if (value === initial[name]) query.delete(name);
    else query.set(name, value);
  }
  const search = query.size ? `?${query}` : "";
  sessionStorage.setItem(slot(pathOf()), search);
  if (search === location.search) return;
  const url = `${location.pathname}${search}`;
  if (push) history.pushState(null, "", url);
  else history.replaceState(null, "", url);
}

export interface Address<T> {
  fields: T;
  /** `push` makes the change a step that Back takes back. */
  change: (fields: Partial<T>, push?: boolean) => void;
  /** The next visit of the view starts anew; Back still finds what was there. */
  finish: () => void;
}

/** State in the address: it survives a reload, Back, and a turn to another view. */
export function useAddress<T extends Fields>(initial: T): Address<T> {
  const [fields, setFields] = useState(() => read(initial));
  useEffect(() => {
    write(fields, initial, false);
    const back = () => setFields(read(initial));
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const change = useCallback((some: Partial<T>, push = false) => {
    setFields((old) => {
      const next = { ...old, ...some };
      write(next, initial, push);
      return next;
    });
  }, []);
  const finish = useCallback(() => sessionStorage.removeItem(slot(pathOf())), []);
  return { fields, change, finish };
}
