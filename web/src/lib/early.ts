/**
 * What a batch's view shows is requested before the page's code has arrived: on a slow line the
 * answers and the first images come meanwhile. This module is loaded first, so it imports little.
 */
import { toldConfig } from "./config";
import { batchPath, inputPath, itemsPath } from "./paths";
import type { AuthConfig } from "./types";
import type { Schemas } from "./wire";

/** Enough to fill a slow line. More at once would share it, and all be complete late. */
export const FIRST_IMAGES = 2;
const BATCH = /^\/batches\/([\w-]+)$/;
/** A token that is about to expire is renewed first. */
const TOKEN_SECONDS = 10;

const answers = new Map<string, Promise<Response>>();
const images: HTMLImageElement[] = [];

export function askEarly(): void {
  const id = BATCH.exec(location.pathname)?.[1];
  const config = toldConfig();
  if (config?.auth && !location.pathname.startsWith("/shared/"))
    import("oidc-client-ts").catch(() => {});
  const headers = config && authorizationOf(config.auth);
  if (!id || !headers) return;
  ask(itemsPath(id, null), headers, loadFirst);
  ask(batchPath(id), headers);
  ask(inputPath(id, null), headers);
}

/** The answer to this request if it is under way already; once. */
export function takeEarly(path: string): Promise<Response> | undefined {
  const answer = answers.get(path);
  answers.delete(path);
  return answer;
}

type Use = (response: Response) => Promise<Response>;

function ask(path: string, headers: HeadersInit, use: Use = async (same) => same): void {
  const answer = fetch(path, { headers: { Accept: "application/json", ...headers } }).then(use);
  answer.catch(() => {}); // whoever takes it is told
  answers.set(path, answer);
}

/** The view gets the answer only then: it keeps the processor busy while these images load. */
async function loadFirst(response: Response): Promise<Response> {
  const urls = await thumbnailsIn(response.clone()).catch(() => []);
  for (const url of urls.slice(0, FIRST_IMAGES)) {
    const image = new Image();
    image.fetchPriority = "high";
    image.src = url;
    images.push(image); // a view that shows the same address does not load it again
  }
  return response;
}

async function thumbnailsIn(response: Response): Promise<string[]> {
  if (!response.ok) return [];
  const answer: Schemas["BatchStatusAnswer"] = await response.json();
  return answer.items.flatMap((item) => item.thumbnail_url ?? []);
}

/** The headers that authorize, without the sign-in's own code. Null if nobody is signed in. */
function authorizationOf(auth: AuthConfig | null): Record<string, string> | null {
  if (!auth) return {};
  const kept = sessionStorage.getItem(`oidc.user:${auth.issuer}:${auth.clientId}`);
  if (!kept) return null;
  const user = JSON.parse(kept) as { access_token?: string; expires_at?: number };
  const lives = (user.expires_at ?? 0) > Date.now() / 1000 + TOKEN_SECONDS;
  return user.access_token && lives ? { Authorization: `Bearer ${user.access_token}` } : null;
}
