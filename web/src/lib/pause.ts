/** Waits; ends early with the signal's reason. Leaves no listener on a signal that lives on. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });

/** A signal that aborts with another one or after a time, until it is released. */
export function limited(
  signal: AbortSignal,
  ms: number,
): { signal: AbortSignal; release: () => void } {
  const own = new AbortController();
  const stop = () => own.abort(signal.reason);
  if (signal.aborted) stop();
  const timer = setTimeout(() => own.abort(new DOMException("Timed out", "TimeoutError")), ms);
  signal.addEventListener("abort", stop, { once: true });
  return {
    signal: own.signal,
    release: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    },
  };
}
