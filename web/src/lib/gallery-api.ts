/** What is asked of a batch once it is there: its items, rows, versions, archive and share links. */
import { at, call, camel, query, toBatch } from "./api";
import { once } from "./idempotency";
import type { Batch, InputRow, Item, ItemDetail, Page } from "./types";

export async function itemsFrom(id: string, start: number, signal: AbortSignal): Promise<Item[]> {
  const cursor = start ? String(start) : null;
  const path = `/api/v1/batch/${at(id)}/status${query({ limit: 100, cursor })}`;
  return (camel(await call("GET", path, { signal })) as Page<Item>).items;
}

/** The addresses of a batch's first pictures. */
export async function firstPictures(
  id: string,
  limit: number,
  signal: AbortSignal,
): Promise<string[]> {
  const path = `/api/v1/batch/${at(id)}/status${query({ limit })}`;
  const { items } = camel(await call("GET", path, { signal })) as Page<Item>;
  return items.flatMap((item) => item.thumbnailUrl ?? []);
}

export interface InputItem extends Omit<InputRow, "fields"> {
  aspectRatio: string | null;
  cells: string[];
  images: { url: string; uploadId: string | null }[];
  variantId: number | null;
  settings: Record<string, unknown>;
}

interface Input {
  template: string | null;
  columns: string[];
  items: InputItem[];
  nextCursor: string | null;
}

const inputPage = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Input> =>
  call("GET", `/api/batches/${at(id)}/input${query({ limit: 100, cursor })}`, { signal });

export async function rowsFrom(
  id: string,
  start: number,
  signal: AbortSignal,
): Promise<InputRow[]> {
  const { columns, items } = await inputPage(id, start ? String(start) : null, signal);
  return items.map(({ index, row, customId, prompt, cells }) => ({
    index,
    row,
    customId,
    prompt,
    fields: columns.map((name, column) => [name, cells[column] ?? ""]),
  }));
}

/** The whole batch as it was submitted. */
export async function wholeInput(id: string): Promise<Omit<Input, "nextCursor">> {
  const first = await inputPage(id, null);
  const items = [...first.items];
  for (let cursor = first.nextCursor; cursor; ) {
    const page = await inputPage(id, cursor);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return { template: first.template, columns: first.columns, items };
}

const itemPath = (id: string, customId: string): string =>
  `/api/v1/batch/${at(id)}/items/${at(customId)}`;

export const getItem = async (
  id: string,
  customId: string,
  signal?: AbortSignal,
): Promise<ItemDetail> =>
  camel(await call("GET", itemPath(id, customId), { signal })) as ItemDetail;

export const chooseVersion = async (
  id: string,
  customId: string,
  version: number,
): Promise<ItemDetail> =>
  camel(await call("PUT", `${itemPath(id, customId)}/choice`, { json: { version } })) as ItemDetail;

/** The chosen image's address, as an attachment under its name. */
export async function downloadUrl(id: string, customId: string): Promise<string> {
  const answer = await call<{ url: string }>("GET", `${itemPath(id, customId)}/download`);
  return answer.url;
}

export interface Redo {
  items: string[];
  note: string;
}

/** Pressed twice it is the same request: one more round, not two. */
export const redoItems = (batch: Batch, { items, note }: Redo): Promise<Batch> =>
  once(["redo", batch.id, String(batch.round), note, ...items], async (key) =>
    toBatch(
      await call("POST", `/api/batches/${at(batch.id)}/redo`, {
        json: { items, ...(note ? { note } : {}) },
        key,
      }),
    ),
  );

/** Builds the ZIP anew, without making any image. */
export const buildArchive = async (id: string): Promise<Batch> =>
  toBatch(await call("POST", `/api/batches/${at(id)}/archive`));

export const renameBatch = async (id: string, name: string): Promise<Batch> =>
  toBatch(await call("PATCH", `/api/batches/${at(id)}`, { json: { name } }));

export const deleteBatch = (id: string): Promise<unknown> =>
  call("DELETE", `/api/batches/${at(id)}`);

export interface ShareLink {
  id: string;
  url: string;
  createdAt: string;
  expiresAt: string;
}

export const shareBatch = (id: string, hours: number): Promise<ShareLink> =>
  once(["share", id, String(hours)], (key) =>
    call<ShareLink>("POST", `/api/batches/${at(id)}/share`, { json: { hours }, key }),
  );

export const listShares = async (id: string, signal?: AbortSignal): Promise<ShareLink[]> =>
  (await call<Page<ShareLink>>("GET", `/api/batches/${at(id)}/share`, { signal })).items;

export const revokeShare = (id: string, share: string): Promise<unknown> =>
  call("DELETE", `/api/batches/${at(id)}/share/${at(share)}`);
