import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Loaded<T> {
  data: T | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
  set: (data: T) => void;
}

/** Loads when `keys` change; an answer that is overtaken by a later one is dropped. */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: unknown; loading: boolean }>({
    loading: true,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((old) => ({ ...old, loading: true }));
    load(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ data, loading: false }),
      (error: unknown) =>
        !stop.signal.aborted && setState((old) => ({ ...old, error, loading: false })),
    );
    return () => stop.abort();
  }, [...keys, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const set = useCallback((data: T) => setState({ data, loading: false }), []);
  return { data: state.data, error: state.error, loading: state.loading, reload, set };
}

export interface Quoted<T> {
  quote: T | undefined;
  error: unknown;
  pending: boolean;
  again: () => void;
}

/** Asks for a price shortly after `keys` stop changing; `ask` null means there is nothing to ask. */
export function useQuote<T>(
  ask: ((signal: AbortSignal) => Promise<T>) | null,
  keys: readonly unknown[],
): Quoted<T> {
  const [state, setState] = useState<{ quote?: T; error?: unknown; pending: boolean }>({
    pending: false,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!ask) {
      setState({ pending: false });
      return;
    }
    const stop = new AbortController();
    setState((old) => ({ quote: old.quote, pending: true }));
    const timer = setTimeout(() => {
      ask(stop.signal).then(
        (quote) => !stop.signal.aborted && setState({ quote, pending: false }),
        (error: unknown) => !stop.signal.aborted && setState({ error, pending: false }),
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [...keys, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);
  return { quote: state.quote, error: state.error, pending: state.pending, again };
}

/** State that survives a reload of the tab. */
export function useKept<T>(name: string, initial: T): [T, (next: T | ((old: T) => T)) => void] {
  const [value, setValue] = useState<T>(() => {
    const kept = sessionStorage.getItem(name);
    return kept === null ? initial : (JSON.parse(kept) as T);
  });
  const keep = useCallback(
    (next: T | ((old: T) => T)) => {
      setValue((old) => {
        const made = typeof next === "function" ? (next as (old: T) => T)(old) : next;
        sessionStorage.setItem(name, JSON.stringify(made));
        return made;
      });
    },
    [name],
  );
  return [value, keep];
}

/** Runs what a person asked for; `busy` while it is under way, `error` when it did not work. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(act);
  latest.current = act;
  const run = useCallback(async (...args: A) => {
    setBusy(true);
    setError(null);
    try {
      await latest.current(...args);
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }, []);
  return { run, busy, error, clear: useCallback(() => setError(null), []) };
}

export function useEvery(ms: number | null, then: () => void): void {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (ms === null) return;
    const timer = setInterval(() => document.visibilityState === "visible" && latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
