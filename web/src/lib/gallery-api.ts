/** What is asked of a batch once it is there: its items, rows, versions, archive and share links. */
import { call, toBatch } from "./api";
import { once } from "./idempotency";
import { at, inputPath, itemsPath, query } from "./paths";
import type { Batch, InputRow, Item, ItemDetail } from "./types";
import { camel, type Schemas } from "./wire";

export async function itemsFrom(id: string, start: number, signal: AbortSignal): Promise<Item[]> {
  const cursor = start ? String(start) : null;
  const path = itemsPath(id, cursor);
  return camel(await call<Schemas["BatchStatusAnswer"]>("GET", path, { signal })).items;
}

/** The addresses of a batch's first images. */
export async function firstThumbnails(
  id: string,
  limit: number,
  signal: AbortSignal,
): Promise<string[]> {
  const path = `/api/v1/batch/${at(id)}/status${query({ limit })}`;
  const { items } = await call<Schemas["BatchStatusAnswer"]>("GET", path, { signal });
  return items.flatMap((item) => item.thumbnail_url ?? []);
}

export type InputItem = Schemas["InputItem"];
type Input = Schemas["BatchInput"];

const inputPage = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Input> =>
  call("GET", inputPath(id, cursor), { signal });

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
export async function wholeInput(
  id: string,
): Promise<Pick<Input, "template" | "columns" | "items">> {
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
  camel(await call<Schemas["ItemDetail"]>("GET", itemPath(id, customId), { signal }));

export async function chooseVersion(
  id: string,
  customId: string,
  version: number,
): Promise<ItemDetail> {
  const json: Schemas["ChoiceBody"] = { version };
  const path = `${itemPath(id, customId)}/choice`;
  return camel(await call<Schemas["ItemDetail"]>("PUT", path, { json }));
}

/** The chosen image's address, as an attachment under its name. */
export async function downloadUrl(id: string, customId: string): Promise<string> {
  const answer = await call<Schemas["ArchiveUrl"]>("GET", `${itemPath(id, customId)}/download`);
  return answer.url;
}

export interface Redo {
  items: string[];
  note: string;
}

/** Pressed twice it is the same request: one more round, not two. */
export const redoItems = (batch: Batch, { items, note }: Redo): Promise<Batch> =>
  once(["redo", batch.id, String(batch.round), note, ...items], async (key) => {
    const json: Schemas["RedoBody"] = { items, note: note || undefined };
    const path = `/api/batches/${at(batch.id)}/redo`;
    return toBatch(await call<Schemas["BatchAnswer"]>("POST", path, { json, key }));
  });

/** Builds the ZIP anew, without making any image. */
export const buildArchive = async (id: string): Promise<Batch> =>
  toBatch(await call<Schemas["BatchAnswer"]>("POST", `/api/batches/${at(id)}/archive`));

export async function renameBatch(id: string, name: string): Promise<Batch> {
  const json: Schemas["RenameBody"] = { name };
  return toBatch(await call<Schemas["BatchAnswer"]>("PATCH", `/api/batches/${at(id)}`, { json }));
}

export const deleteBatch = (id: string): Promise<unknown> =>
  call("DELETE", `/api/batches/${at(id)}`);

export type ShareLink = Schemas["ShareAnswer"];

export const shareBatch = (id: string, hours: number): Promise<ShareLink> =>
  once(["share", id, String(hours)], (key) => {
    const json: Schemas["ShareBody"] = { hours };
    return call<ShareLink>("POST", `/api/batches/${at(id)}/share`, { json, key });
  });

export const listShares = async (id: string, signal?: AbortSignal): Promise<ShareLink[]> =>
  (await call<Schemas["ShareList"]>("GET", `/api/batches/${at(id)}/share`, { signal })).items;

export const revokeShare = (id: string, share: string): Promise<unknown> =>
  call("DELETE", `/api/batches/${at(id)}/share/${at(share)}`);
