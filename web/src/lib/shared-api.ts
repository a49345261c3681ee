/** What whoever has a share link may read. The token is in a header, never in an address. */
import { debug } from "./debug";
import { at, query } from "./paths";
import { OfflineError, problem } from "./problems";
import type { Schemas } from "./wire";

export interface SharedLink {
  id: string;
  token: string;
}

export type SharedBatch = Schemas["SharedBatch"];

/** `/shared/{id}#{token}`: a fragment stays in the browser. */
export function linkIn(address: { pathname: string; hash: string }): SharedLink | null {
  const id = /^\/shared\/([^/]+)$/.exec(address.pathname)?.[1];
  const token = address.hash.slice(1);
  return id && token ? { id, token } : null;
}

export async function readShared(
  { id, token }: SharedLink,
  start: number,
  signal?: AbortSignal,
): Promise<SharedBatch> {
  const path = `/api/shared/${at(id)}${query({ limit: 100, cursor: start || null })}`;
  const response = await fetch(path, {
    headers: { Accept: "application/json", "Share-Token": token },
    cache: "no-store",
    referrerPolicy: "no-referrer",
    signal,
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new OfflineError();
  });
  const answer: unknown = await response.json().catch(() => null);
  debug(`${response.status} GET /api/shared`);
  if (!response.ok) throw problem(response.status, answer, response.headers.get("Retry-After"));
  return answer as SharedBatch;
}
