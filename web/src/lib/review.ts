/** What a person has looked at and marked in a batch, kept in this browser. */
export interface Marks {
  looked: ReadonlySet<number>;
  marked: ReadonlySet<number>;
}

const slot = (batchId: string): string => `review:${batchId}`;

export function readMarks(batchId: string): Marks {
  try {
    const kept = JSON.parse(localStorage.getItem(slot(batchId)) ?? "{}") as Partial<
      Record<keyof Marks, number[]>
    >;
    return { looked: new Set(kept.looked ?? []), marked: new Set(kept.marked ?? []) };
  } catch {
    return { looked: new Set(), marked: new Set() };
  }
}

export function keepMarks(batchId: string, { looked, marked }: Marks): void {
  try {
    const kept = JSON.stringify({ looked: [...looked], marked: [...marked] });
    localStorage.setItem(slot(batchId), kept);
  } catch {
    // A full or forbidden storage only means that the marks end with the tab.
  }
}

export const forgetMarks = (batchId: string): void => localStorage.removeItem(slot(batchId));

export function toggled(set: ReadonlySet<number>, index: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(index)) next.add(index);
  return next;
}

export const FILTERS = ["all", "failed", "redone", "marked", "unseen"] as const;
export type Filter = (typeof FILTERS)[number];

export const FILTER_WORDS: Record<Filter, string> = {
  all: "All",
  failed: "Failed",
  redone: "Made again",
  marked: "Marked",
  unseen: "Not reviewed",
};

export interface Looked {
  index: number;
  status: string;
  versionCount?: number;
}

export function passes(filter: Filter, item: Looked, marks: Marks): boolean {
  switch (filter) {
    case "all":
      return true;
    case "failed":
      return item.status === "failed";
    case "redone":
      return (item.versionCount ?? 1) > 1;
    case "marked":
      return marks.marked.has(item.index);
    case "unseen":
      return item.status === "succeeded" && !marks.looked.has(item.index);
  }
}

export interface FailureGroup {
  code: string;
  reason: string;
  retryable: boolean;
  rows: { row: number | null; customId: string }[];
}

/** One reason for many rows, the most frequent first. */
export function grouped(
  errors: {
    row: number | null;
    customId: string;
    code: string;
    reason: string;
    retryable: boolean;
  }[],
): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { row, customId, code, reason, retryable } of errors) {
    // Providers put a support code of their own into each text.
    const key = `${code} ${reason.replace(/[0-9a-f]{6,}/gi, "#")}`;
    const group = groups.get(key) ?? { code, reason, retryable, rows: [] };
    group.rows.push({ row, customId });
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.rows.length - a.rows.length);
}

/** “7, 9 and 12”; many are cut short. */
export function listed(names: string[], shown = 8): string {
  const more = names.length - shown;
  if (more > 0) return `${names.slice(0, shown).join(", ")} and ${more.toLocaleString("en")} more`;
  return names.length > 1
    ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
    : (names[0] ?? "");
}
