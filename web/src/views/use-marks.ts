import { useCallback, useState } from "preact/hooks";
import { keepMarks, type Marks, readMarks, toggled } from "../lib/review";

export interface MarkBook {
  marks: Marks;
  look: (index: number) => void;
  mark: (index: number) => void;
  unmark: (indices: readonly number[]) => void;
}

/** What was looked at and marked; kept in this browser. */
export function useMarks(batchId: string): MarkBook {
  const [marks, setMarks] = useState(() => readMarks(batchId));
  const change = useCallback(
    (next: (old: Marks) => Marks) =>
      setMarks((old) => {
        const made = next(old);
        if (made !== old) keepMarks(batchId, made);
        return made;
      }),
    [batchId],
  );
  const look = useCallback(
    (index: number) =>
      change((old) =>
        old.looked.has(index) ? old : { ...old, looked: new Set([...old.looked, index]) },
      ),
    [change],
  );
  const mark = useCallback(
    (index: number) => change((old) => ({ ...old, marked: toggled(old.marked, index) })),
    [change],
  );
  const unmark = useCallback(
    (indices: readonly number[]) =>
      change((old) => {
        const gone = new Set(indices);
        return { ...old, marked: new Set([...old.marked].filter((index) => !gone.has(index))) };
      }),
    [change],
  );
  return { marks, look, mark, unmark };
}
