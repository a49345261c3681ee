import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { debug } from "../lib/debug";
import { Notice } from "./Problem";

const RELOADED = "reloaded";
const RELOAD_AGAIN_MS = 60_000;

export interface Later<P> {
  (props: P): JSX.Element | null;
  /** Loads its code before it is shown. */
  load: () => Promise<void>;
}

/** A component whose code is loaded when it is needed, not with the page's. */
export function later<P extends object>(fetchCode: () => Promise<ComponentType<P>>): Later<P> {
  let Loaded: ComponentType<P> | undefined;
  const load = async () => {
    Loaded ??= await fetchCode();
  };
  function Shown(props: P) {
    const [error, setError] = useState<unknown>(null);
    const [, setReady] = useState(Loaded !== undefined);
    useEffect(() => {
      if (!Loaded)
        load()
          .then(() => setReady(true), orReload)
          .catch(setError);
    }, []);
    if (error) return <NotLoaded />;
    return Loaded ? <Loaded {...props} /> : null;
  }
  return Object.assign(Shown, { load });
}

/**
 * A page that was opened before a deployment refers to files that are gone: it is loaded anew.
 * Not offline, and not a second time soon, because the cause is another; the error is thrown then.
 */
export async function orReload(error: unknown): Promise<never> {
  debug("a part of the page could not be loaded", error);
  const before = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (!navigator.onLine || Date.now() - before < RELOAD_AGAIN_MS) throw error;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
  return new Promise(() => {});
}

function NotLoaded() {
  return (
    <Notice
      kind="bad"
      title="A part of the page could not be loaded."
      text="Check your connection."
    >
      <button class="button quiet small" onClick={() => location.reload()}>
        Try again
      </button>
    </Notice>
  );
}
