import { token } from "./auth";
import { debug } from "./debug";
import { type Answer, read, takeEarly } from "./early-answers";
import { time } from "./format";
import { once } from "./idempotency";
import type { Choice } from "./models";
import { at, batchPath, query } from "./paths";
import { pause } from "./pause";
import { ApiError, OfflineError, problem } from "./problems";
import type {
  Batch,
  Candidates,
  Folder,
  LibraryImage,
  Page,
  Product,
  ReadyUpload,
  SettingsSchema,
  Upload,
} from "./types";
import { type Camel, camel, type Schemas } from "./wire";

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
  const init = { method, headers, body, signal: options.signal };
  const { response, body: answer } = await reach(path, init);
  debug(`${response.status} ${method} ${path}`, answer);
  if (response.status === 401) refused();
  if (!response.ok) throw problem(response.status, answer, response.headers.get("Retry-After"));
  return answer as T;
}

async function reach(path: string, init: RequestInit): Promise<Answer> {
  try {
    const early = init.method === "GET" ? takeEarly(path) : undefined;
    const answer = await (early ?? fetch(path, init).then(read));
    init.signal?.throwIfAborted(); // an early request does not end with it
    return answer;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new OfflineError();
  }
}

type BatchAnswer = Schemas["BatchAnswer"] | Schemas["BatchAnswerV1"];

export function toBatch(answer: BatchAnswer): Batch {
  const batch = camel(answer);
  return { ...batch, id: "jobId" in batch ? batch.jobId : batch.batchId };
}

// --- batches of every kind -------------------------------------------------------------------------

export const getBatch = async (id: string, signal?: AbortSignal): Promise<Batch> =>
  toBatch(await call<Schemas["BatchAnswer"]>("GET", `/api/batch/${at(id)}`, { signal }));

/** The same with its shared folder and, for a batch of variants, each variant's own. */
export const getFullBatch = async (id: string, signal?: AbortSignal): Promise<Batch> =>
  toBatch(await call<Schemas["FullBatch"]>("GET", batchPath(id), { signal }));

export async function listBatches(
  cursor: string | null,
  signal?: AbortSignal,
  asked: { q?: string; kind?: string; status?: string; thumbnails?: number } = {},
): Promise<Page<Batch>> {
  const path = `/api/v1/batch${query({ limit: 20, cursor, ...asked })}`;
  const { items, next_cursor } = await call<Schemas["BatchPage"]>("GET", path, { signal });
  return { items: items.map(toBatch), nextCursor: next_cursor };
}

export const cancelBatch = async (id: string): Promise<Batch> =>
  toBatch(await call<Schemas["BatchAnswerV1"]>("POST", `/api/v1/batch/${at(id)}/cancel`));

/** A second press after a lost answer is the same request: it cannot open a third round. */
export const retryBatch = (id: string, round: number): Promise<Batch> =>
  once(["retry", id, String(round)], async (key) =>
    toBatch(await call<Schemas["BatchAnswer"]>("POST", `/api/batches/${at(id)}/retry`, { key })),
  );

const INLINE_BYTES = 4 * 1024 * 1024;

// --- prompt batches --------------------------------------------------------------------------------

export type PromptBatch = Choice &
  Pick<Schemas["PromptBatch"], "name" | "items" | "options" | "max_cost">;

const PROMPTS = "/api/v1/batch/generate";

export async function quotePrompts(
  batch: PromptBatch,
  signal?: AbortSignal,
): Promise<Camel<Schemas["PreviewV1"]>> {
  const json: Schemas["PromptBatch"] = { ...batch, dry_run: true };
  return camel(await call<Schemas["PreviewV1"]>("POST", PROMPTS, { json, signal }));
}

/** Returns the ID of the batch, as every submission does. */
export const submitPrompts = (batch: PromptBatch): Promise<string> =>
  once(["generate", JSON.stringify(batch)], async (key) => {
    const json: Schemas["PromptBatch"] = batch;
    return (await call<Schemas["PromptBatchAccepted"]>("POST", PROMPTS, { json, key })).batch_id;
  });

// --- uploads ---------------------------------------------------------------------------------------

const CHECK_EVERY = 1000;
const CHECKS = 30;

type UploadKind = Schemas["UploadKind"];

/** A small file goes with its request; a large one straight into the bucket, where it is checked. */
export async function upload(
  file: File,
  kind: UploadKind,
  signal?: AbortSignal,
): Promise<ReadyUpload> {
  const body = file.size > INLINE_BYTES ? announcement(file, kind) : uploadForm(file, kind);
  const made = await once([`upload ${kind}`, file], (key) =>
    call<Schemas["UploadAnswer"]>("POST", "/api/uploads", { ...body, key, signal }),
  );
  if (made.upload) await toBucket(made.upload.url, made.upload.fields, file, signal);
  return checked(made.file, signal);
}

function announcement(file: File, kind: UploadKind): Options {
  const contentType = kind === "csv" ? "text/csv" : file.type || "application/octet-stream";
  const { name: filename, size } = file;
  // The file's type is the browser's word; whether it may be uploaded is the server's.
  const json: Record<keyof Schemas["UploadRequest"], unknown> = {
    kind,
    filename,
    contentType,
    size,
  };
  return { json };
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
  const { response } = await reach(url, { method: "POST", body: form, signal });
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

export const imageCandidates = (
  variantIds: number[],
  signal?: AbortSignal,
): Promise<Candidates> => {
  const json: Schemas["CandidatesRequest"] = { variantIds };
  return call("POST", "/api/batches/image-candidates", { json, signal });
};

export const settingsSchema = (key: string, signal?: AbortSignal): Promise<unknown> =>
  call("GET", `/api/schemas/${at(key)}`, { signal });

/** The schema itself, whether or not the answer wraps it. */
export function schemaIn(answer: unknown): SettingsSchema {
  const wrapped = answer as { schema?: SettingsSchema };
  return wrapped.schema ?? (answer as SettingsSchema);
}

export type VariantBatch = Choice &
  Pick<Schemas["VariantBatchRequest"], "name" | "maxCost" | "variants" | "settings">;

export const quoteVariants = (
  batch: VariantBatch,
  signal?: AbortSignal,
): Promise<Schemas["VariantPreview"]> => {
  const json: Schemas["VariantBatchRequest"] = { ...batch, dryRun: true };
  return call("POST", "/api/batches", { json, signal });
};

/** Signed addresses differ on every answer; the objects they name do not. */
const unsigned = (url: string): string => url.replace(/\?.*(X-Amz-|Signature=).*$/, "");

export const submitVariants = (batch: VariantBatch): Promise<string> => {
  const stable = batch.variants.map((v) => ({
    ...v,
    productImageUrls: v.productImageUrls.map(unsigned),
  }));
  return once(["variants", JSON.stringify({ ...batch, variants: stable })], async (key) => {
    const json: Schemas["VariantBatchRequest"] = batch;
    return (await call<Schemas["VariantBatchAccepted"]>("POST", "/api/batches", { json, key }))
      .jobId;
  });
};

export const variantFolders = (id: number, signal?: AbortSignal): Promise<Page<Folder>> =>
  call("GET", `/api/variants/${id}/folders`, { signal });

export const folder = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Folder> =>
  call("GET", `/api/folders/${at(id)}${query({ cursor, limit: 50 })}`, { signal });

export const shown = (image: LibraryImage): string =>
  image.originalName ?? image.file ?? `Made ${time(image.createdAt)}`;
