import { useCallback, useEffect, useState } from "preact/hooks";
import { FIRST_IMAGES } from "../lib/early-answers";

const PATIENCE_MS = 3000;
const MANY = 8;

/**
 * How many images may load: a few at first, which are complete early even on a slow line, and
 * twice as many with each one that has arrived. None waits long for another.
 */
export function useRamp(): { allowed: number; arrived: () => void } {
  const [allowed, setAllowed] = useState(FIRST_IMAGES);
  useEffect(() => {
    const timer = setTimeout(() => setAllowed(Number.POSITIVE_INFINITY), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  const arrived = useCallback(() => afterFrame(() => setAllowed(more)), []);
  return { allowed, arrived };
}

/** What has arrived is painted first. */
const afterFrame = (then: () => void): void => {
  requestAnimationFrame(() => setTimeout(then));
};

export const more = (allowed: number): number =>
  allowed >= MANY ? Number.POSITIVE_INFINITY : 2 * allowed;
