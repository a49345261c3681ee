/**
 * What a batch's view shows is requested before the page's code has arrived: on a slow line the
 * answers and the first images come meanwhile. This is a script in the page itself, built apart
 * from the other modules, so it imports little and leaves what it requested in a global variable.
 */
import { toldConfig } from "./config";
import { type Answer, type Early, FIRST_IMAGES, read } from "./early-answers";
import { batchPath, inputPath, itemsPath } from "./paths";
import type { AuthConfig } from "./types";
import type { Schemas } from "./wire";

const BATCH = /^\/batches\/([\w-]+)$/;
/** A token that is about to expire is renewed first. */
const TOKEN_SECONDS = 10;

export function askEarly(): void {
  const id = BATCH.exec(location.pathname)?.[1];
  const config = toldConfig();
  const headers = config && authorizationOf(config.auth);
  if (!id || !headers) return;
  const images: HTMLImageElement[] = [];
  globalThis.early = {
    images,
    answers: new Map([
      ask(itemsPath(id, null), headers, (items) => loadFirst(items, images)),
      ask(batchPath(id), headers),
      ask(inputPath(id, null), headers),
    ]),
  };
}

type Use = (answer: Answer) => void;

/** The body is read at once: a view that finds all answers there shows them in its first frame. */
function ask(path: string, headers: HeadersInit, use: Use = () => {}): [string, Promise<Answer>] {
  const answer = fetch(path, { headers: { Accept: "application/json", ...headers } }).then(read);
  answer.then(use).catch(() => {}); // whoever takes it is told
  return [path, answer];
}

function loadFirst({ response, body }: Answer, images: Early["images"]): void {
  if (!response.ok) return;
  const { items } = body as Schemas["BatchStatusAnswer"];
  const urls = items.flatMap((item) => item.thumbnail_url ?? []);
  loadInTurn(urls.slice(0, FIRST_IMAGES), images);
}

/** Together they would share the line, and the first be complete later. */
function loadInTurn([url, ...others]: string[], images: Early["images"]): void {
  if (!url) return;
  const image = new Image();
  image.onload = () => loadInTurn(others, images);
  image.fetchPriority = "high";
  image.src = url;
  images.push(image);
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
