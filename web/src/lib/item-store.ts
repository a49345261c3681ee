import type { InputRow, Item } from "./types";

export const PAGE = 100;
/** Signed addresses live for 15 minutes; a page is read again before they end. */
const FRESH_MS = 10 * 60_000;
const NOTIFY_MS = 60;
const AT_ONCE = 3;

export interface ItemSource {
  items(start: number, signal: AbortSignal): Promise<Item[]>;
  /** The rows as submitted. Null where the server does not tell them. */
  rows(start: number, signal: AbortSignal): Promise<InputRow[] | null>;
}

/**
 * The items of one batch as far as they are known: a page is read when it comes into view, events
 * change what is there. Ten thousand items cost one object each, never a copy of all of them.
 */
export class ItemStore {
  private readonly items = new Map<number, Item>();
  private readonly rows = new Map<number, InputRow>();
  private readonly readAt = new Map<number, number>();
  private readonly reading = new Map<number, Promise<void>>();
  private readonly rowsRead = new Set<number>();
  private readonly listeners = new Set<() => void>();
  private readonly stop = new AbortController();
  private hasRows = true;
  private inView: readonly number[] = [0];
  private timer: ReturnType<typeof setTimeout> | undefined;
  error: unknown = null;

  private readonly now: () => number;
  private readonly fresh: number;

  constructor(
    private readonly source: ItemSource,
    { now = Date.now, fresh = FRESH_MS }: { now?: () => number; fresh?: number } = {},
  ) {
    this.now = now;
    this.fresh = fresh;
  }

  get = (index: number): Item | undefined => this.items.get(index);
  row = (index: number): InputRow | undefined => this.rows.get(index);

  known(): Item[] {
    return [...this.items.values()].sort((a, b) => a.index - b.index);
  }

  find(customId: string): Item | undefined {
    for (const item of this.items.values()) if (item.customId === customId) return item;
    return undefined;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.timer);
    this.listeners.clear();
  }

  /** What an event, or an answer to an action, says of an item, over what was known. */
  apply(change: Partial<Item> & { index: number }): void {
    this.items.set(change.index, merged(this.items.get(change.index), change));
    this.changed();
  }

  /** Reads the pages of these items, unless they are there and fresh. */
  want(indices: Iterable<number>): Promise<unknown> {
    this.inView = [...new Set([...indices].map((index) => Math.floor(index / PAGE)))];
    return Promise.all(this.inView.map((page) => this.page(page)));
  }

  /** Reads what is in view again; everything else when it comes into view. */
  refresh(): Promise<unknown> {
    this.readAt.clear();
    return Promise.all(this.inView.map((page) => this.page(page)));
  }

  /** Reads every page that is missing, for what has to know all items. */
  async all(total: number): Promise<void> {
    const missing = pagesOf(total).filter((page) => !this.readAt.has(page));
    const readNext = async (): Promise<void> => {
      for (let page = missing.shift(); page !== undefined; page = missing.shift())
        await this.page(page);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, readNext));
  }

  complete(total: number): boolean {
    return pagesOf(total).every((page) => this.readAt.has(page));
  }

  private page(page: number): Promise<void> {
    const read = this.readAt.get(page);
    if (read !== undefined && this.now() - read < this.fresh) return Promise.resolve();
    const under = this.reading.get(page) ?? this.read(page);
    this.reading.set(page, under);
    return under;
  }

  /** Ends with the items. Their rows may come later: no image waits for them. */
  private read(page: number): Promise<void> {
    const items = this.readItems(page);
    Promise.all([items, this.readRows(page)])
      .then(() => {
        this.readAt.set(page, this.now());
        this.error = null;
      })
      .catch((error: unknown) => {
        if (!this.stop.signal.aborted) this.error = error;
      })
      .finally(() => {
        this.reading.delete(page);
        this.changed();
      });
    return items;
  }

  private async readItems(page: number): Promise<void> {
    const items = await this.source.items(page * PAGE, this.stop.signal);
    for (const item of items) this.items.set(item.index, item);
    this.changed();
  }

  private async readRows(page: number): Promise<void> {
    if (!this.hasRows || this.rowsRead.has(page)) return;
    const rows = await this.source.rows(page * PAGE, this.stop.signal);
    this.hasRows = rows !== null;
    this.rowsRead.add(page);
    for (const row of rows ?? []) this.rows.set(row.index, row);
  }

  private changed(): void {
    this.timer ??= setTimeout(() => this.tell(), NOTIFY_MS);
  }

  /** Tells of the changes until now at once, as a part of what is shown anew anyway. */
  tell(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const listener of this.listeners) listener();
  }
}

const pagesOf = (total: number): number[] =>
  Array.from({ length: Math.ceil(total / PAGE) }, (_, page) => page);

const unknown = (index: number): Item => ({
  index,
  customId: "",
  row: null,
  status: "pending",
  file: null,
  thumbnailUrl: null,
  code: null,
  reason: null,
});

/** An image that was there stays in view while another is made, and when none comes of it. */
export function merged(known: Item | undefined, change: Partial<Item> & { index: number }): Item {
  const next = { ...(known ?? unknown(change.index)), ...change };
  const thumbnailUrl = change.thumbnailUrl ?? known?.thumbnailUrl ?? null;
  return { ...next, thumbnailUrl, file: change.file ?? known?.file ?? null };
}
