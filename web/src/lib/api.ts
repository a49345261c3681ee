import { token } from "./auth";
import { debug } from "./debug";
import { time } from "./format";
import { once } from "./idempotency";
import type { Choice } from "./models";
import { pause } from "./pause";
import { ApiError, OfflineError, problem } from "./problems";
import type {
  Batch,
  Candidates,
  Folder,
  Item,
  Page,
  Picture,
  Product,
  Quote,
  ReadyUpload,
  SettingsSchema,
  Upload,
} from "./types";

interface Options {
  body?: BodyInit;
  json?: unknown;
  type?: string;
  key?: string;
  signal?: AbortSignal;
}

let refused: () => void = () => {};
/** `then` is called when the server says that nobody is signed in (any more). */
export function onSignedOut(then: () => void): void {
  refused = then;
}

export function authorization(): Record<string, string> {
  const access = token();
  return access ? { Authorization: `Bearer ${access}` } : {};
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...authorization() };
  if (options.key) headers["Idempotency-Key"] = options.key;
  if (options.json !== undefined) headers["Content-Type"] = "application/json";
  else if (options.type) headers["Content-Type"] = options.type;
  const body = options.json !== undefined ? JSON.stringify(options.json) : options.body;
  debug(`${method} ${path}`, options.key ? { key: options.key } : undefined);
  const response = await reach(path, { method, headers, body, signal: options.signal });
  const answer = await readJson(response);
  debug(`${response.status} ${method} ${path}`, answer);
  if (response.status === 401) refused();
  if (!response.ok) throw problem(response.status, answer, response.headers.get("Retry-After"));
  return answer as T;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new OfflineError();
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

const OPAQUE = new Set(["metadata", "input", "properties"]);

/** The v1 API's names in this page's manner; what a client put in itself is left alone. */
export function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      OPAQUE.has(name) ? inner : camel(inner),
    ]),
  );
}

type Wire = Partial<Batch> & { jobId?: string; batchId?: string };

export function toBatch(wire: unknown): Batch {
  const batch = camel(wire) as Wire;
  return { ...batch, id: batch.jobId ?? batch.batchId ?? batch.id } as Batch;
}

export const at = (id: string): string => encodeURIComponent(id);

export function query(fields: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

// --- batches of every kind -------------------------------------------------------------------------

export const getBatch = async (id: string, signal?: AbortSignal): Promise<Batch> =>
  toBatch(await call("GET", `/api/batch/${at(id)}`, { signal }));

/** The same with its shared folder and, for a batch of variants, each variant's own. */
export const getFullBatch = async (id: string, signal?: AbortSignal): Promise<Batch> =>
  toBatch(await call("GET", `/api/batches/${at(id)}`, { signal }));

export async function getItems(
  id: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Item>> {
  const answer = await call(
    "GET",
    `/api/v1/batch/${at(id)}/status${query({ limit: 100, cursor })}`,
    { signal },
  );
  return camel(answer) as Page<Item>;
}

export async function listBatches(
  cursor: string | null,
  signal?: AbortSignal,
  asked: { q?: string; kind?: string; status?: string; thumbnails?: number } = {},
): Promise<Page<Batch>> {
  const page = camel(
    await call("GET", `/api/v1/batch${query({ limit: 20, cursor, ...asked })}`, { signal }),
  ) as Page<unknown>;
  return { items: page.items.map(toBatch), nextCursor: page.nextCursor };
}

export const cancelBatch = async (id: string): Promise<Batch> =>
  toBatch(await call("POST", `/api/v1/batch/${at(id)}/cancel`));

/** A second press after a lost answer is the same request: it cannot open a third round. */
export const retryBatch = (id: string, round: number): Promise<Batch> =>
  once(["retry", id, String(round)], async (key) =>
    toBatch(await call("POST", `/api/batches/${at(id)}/retry`, { key })),
  );

const INLINE_BYTES = 4 * 1024 * 1024;

// --- prompt batches --------------------------------------------------------------------------------

export interface PromptBatch extends Choice {
  name: string;
  items: { prompt: string; file?: string; aspect_ratio?: string }[];
  options: { include_pdf: boolean };
  max_cost?: string;
}

export async function quotePrompts(batch: PromptBatch, signal?: AbortSignal): Promise<Quote> {
  return camel(
    await call("POST", "/api/v1/batch/generate", { json: { ...batch, dry_run: true }, signal }),
  ) as Quote;
}

export const submitPrompts = (batch: PromptBatch): Promise<Batch> =>
  once(["generate", JSON.stringify(batch)], async (key) =>
    toBatch(await call("POST", "/api/v1/batch/generate", { json: batch, key })),
  );

// --- uploads ---------------------------------------------------------------------------------------

const CHECK_EVERY = 1000;
const CHECKS = 30;

type UploadKind = "product" | "csv";
interface Uploaded {
  file: Upload;
  upload: { url: string; fields: Record<string, string> } | null;
}

/** A small file goes with its request; a large one straight into the bucket, where it is checked. */
export async function upload(
  file: File,
  kind: UploadKind,
  signal?: AbortSignal,
): Promise<ReadyUpload> {
  const body = file.size > INLINE_BYTES ? announcement(file, kind) : uploadForm(file, kind);
  const made = await once([`upload ${kind}`, file], (key) =>
    call<Uploaded>("POST", "/api/uploads", { ...body, key, signal }),
  );
  if (made.upload) await toBucket(made.upload.url, made.upload.fields, file, signal);
  return checked(made.file, signal);
}

function announcement(file: File, kind: UploadKind): Options {
  const contentType = kind === "csv" ? "text/csv" : file.type || "application/octet-stream";
  return { json: { kind, filename: file.name, contentType, size: file.size } };
}

function uploadForm(file: File, kind: UploadKind): Options {
  const form = new FormData();
  form.append("kind", kind);
  form.append("file", file, file.name);
  return { body: form };
}

async function toBucket(
  url: string,
  fields: Record<string, string>,
  file: File,
  signal?: AbortSignal,
): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  const response = await reach(url, { method: "POST", body: form, signal });
  debug(`${response.status} upload ${file.name}`);
  if (!response.ok) {
    throw new ApiError(
      response.status,
      `${file.name} was not accepted`,
      "It may be too large, or not what its name says.",
    );
  }
}

async function checked(file: Upload, signal?: AbortSignal): Promise<ReadyUpload> {
  let state = file;
  for (let look = 0; state.status === "checking" && look < CHECKS; look += 1) {
    await pause(look < 5 ? CHECK_EVERY / 4 : CHECK_EVERY, signal);
    state =
      (await listUploads(state.kind, signal)).items.find((one) => one.id === file.id) ?? state;
  }
  if (state.status === "rejected") {
    throw new ApiError(
      415,
      `${file.originalName} was not accepted`,
      state.reason ?? "It is not a PNG, JPEG or WebP image.",
    );
  }
  if (!state.url)
    throw new ApiError(
      503,
      `${file.originalName} is still being validated`,
      "Try again in a moment.",
    );
  return { ...state, url: state.url };
}

export const listUploads = (kind: string, signal?: AbortSignal): Promise<Page<Upload>> =>
  call("GET", `/api/uploads${query({ kind, limit: 100 })}`, { signal });

export const deleteUpload = (id: string): Promise<unknown> =>
  call("DELETE", `/api/uploads/${at(id)}`);

// --- variants --------------------------------------------------------------------------------------

/** As bytes, which alone may be in any encoding, or a workbook. */
export const importCatalog = (file: File, encoding = ""): Promise<unknown> => {
  const type = /\.json$/i.test(file.name) ? "application/json" : "application/octet-stream";
  return call("PUT", `/api/variants${query({ encoding })}`, { body: file, type });
};

export const listVariants = (
  q: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Product>> =>
  call("GET", `/api/variants${query({ q, limit: 100, cursor })}`, { signal });

export const imageCandidates = (variantIds: number[], signal?: AbortSignal): Promise<Candidates> =>
  call("POST", "/api/batches/image-candidates", { json: { variantIds }, signal });

export const settingsSchema = (key: string, signal?: AbortSignal): Promise<unknown> =>
  call("GET", `/api/schemas/${at(key)}`, { signal });

/** The schema itself, whether or not the answer wraps it. */
export function schemaIn(answer: unknown): SettingsSchema {
  const wrapped = answer as { schema?: SettingsSchema };
  return wrapped.schema ?? (answer as SettingsSchema);
}

export interface VariantBatch extends Choice {
  name: string;
  maxCost?: string;
  variants: { variantId: number; productImageUrls: string[] }[];
  settings: { schemaKey: string; numberOfVariations: number; input: Record<string, unknown> };
}

export const quoteVariants = (batch: VariantBatch, signal?: AbortSignal): Promise<Quote> =>
  call("POST", "/api/batches", { json: { ...batch, dryRun: true }, signal });

/** Signed addresses differ on every answer; the objects they name do not. */
const unsigned = (url: string): string => url.replace(/\?.*(X-Amz-|Signature=).*$/, "");

export const submitVariants = (batch: VariantBatch): Promise<Batch> => {
  const stable = batch.variants.map((v) => ({
    ...v,
    productImageUrls: v.productImageUrls.map(unsigned),
  }));
  return once(["variants", JSON.stringify({ ...batch, variants: stable })], async (key) =>
    toBatch(await call("POST", "/api/batches", { json: batch, key })),
  );
};

export const variantFolders = (id: number, signal?: AbortSignal): Promise<Page<Folder>> =>
  call("GET", `/api/variants/${id}/folders`, { signal });

export const folder = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Folder> =>
  call("GET", `/api/folders/${at(id)}${query({ cursor, limit: 50 })}`, { signal });

export const shown = (picture: Picture): string =>
  picture.originalName ?? picture.file ?? `Made ${time(picture.createdAt)}`;
