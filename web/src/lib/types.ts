/** What the API answers. The v1 API's snake_case names are turned into these by `api.ts`. */

export type Mode = "live" | "development";
export type Kind = "cars" | "prompts" | "variants" | "sheet";
export type BatchStatus =
  | "queued"
  | "processing"
  | "cancelling"
  | "archiving"
  | "completed"
  | "cancelled"
  | "failed"
  | "expired";
export type ItemStatus = "pending" | "processing" | "succeeded" | "failed" | "cancelled";

export interface WaitingFor {
  reason: string;
  until: string | null;
}

export interface Counts {
  total: number;
  pending: number;
  processing: number;
  done: number;
  failed: number;
  cancelled: number;
}

export interface Batch extends Counts {
  id: string;
  kind: Kind;
  name: string;
  status: BatchStatus;
  outcome: "all_succeeded" | "partial" | "none_succeeded" | null;
  mode: Mode;
  round: number;
  percent: number;
  zipUrl: string | null;
  failedRowsUrl: string | null;
  failedRowsCsvUrl: string | null;
  retriable: number;
  errors?: RowError[];
  cost: { estimated: string; committed: string; actual: string; max: string | null };
  eta: string | null;
  waitingFor: WaitingFor | null;
  createdAt: string;
  finishedAt: string | null;
  expiresAt: string | null;
  model?: string;
  archive?: Archive;
  notices?: BatchNotice[];
  /** The first pictures, in lists that ask for them. */
  thumbnails?: string[];
  folderId?: string | null;
  variants?: BatchVariant[];
}

/** What was noticed when the sheet was read. A notice lost nothing; a warning wants a look. */
export interface BatchNotice {
  code: string;
  level: "notice" | "warning";
  message: string;
  row: number | null;
  column: string | null;
}

export interface Archive {
  state: string;
  /** A choice or a new version was made since it was built. */
  outdated: boolean;
  builtAt: string | null;
  expiresAt: string | null;
}

export interface RowError {
  row: number | null;
  customId: string;
  code: string;
  reason: string;
  retryable: boolean;
}

export interface BatchVariant {
  variantId: number;
  name: string;
  total: number;
  done: number;
  failed: number;
  folderId: string;
  images: Picture[];
}

export interface Picture {
  id: string;
  url: string;
  thumbnailUrl?: string | null;
  createdAt: string;
  file?: string;
  originalName?: string;
}

export interface Item {
  index: number;
  customId: string;
  row: number | null;
  status: ItemStatus;
  file: string | null;
  thumbnailUrl: string | null;
  /** The full image, for when it is looked at large. */
  url?: string | null;
  /** How many pictures were made of it. */
  versionCount?: number;
  /** The model that made the picture: a fallback's, where it had to. */
  model?: string | null;
  note?: string | null;
  lastRedo?: { round: number; code: string | null; reason: string } | null;
  code: string | null;
  reason: string | null;
  attempts?: number;
  cost?: string;
  seconds?: number | null;
}

/** One picture of an item; the newest is the chosen one until a person chooses another. */
export interface Version {
  version: number;
  round: number;
  url: string | null;
  thumbnailUrl: string | null;
  model: string | null;
  prompt: string | null;
  cost: string | null;
  createdAt: string | null;
  chosen: boolean;
}

export interface ItemDetail extends Item {
  prompt: string;
  versions: Version[];
}

/** A row as it was submitted. */
export interface InputRow {
  index: number;
  row: number | null;
  customId: string;
  prompt: string;
  fields: [string, string][];
}

export interface Progress {
  status: BatchStatus;
  total: number;
  pending: number;
  processing: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  percent: number;
  cost: string;
  eta: string | null;
  waitingFor: WaitingFor | null;
}

export interface Quote {
  total: number;
  estimatedCost: string;
  mode: Mode;
  model: string;
  warnings: string[];
  credits?: number;
  items?: {
    row: number | null;
    customId: string;
    prompt: string;
    file: string | null;
    price: string;
    code?: string;
    reason?: string;
  }[];
}

export interface Upload {
  id: string;
  /** Null until the file has been checked. */
  url: string | null;
  originalName: string;
  kind: string;
  status: string;
  reason?: string | null;
  createdAt: string;
}

export type ReadyUpload = Upload & { url: string };

export interface Variant {
  variantId: number;
  variantTitle: string;
  imageUrl: string | null;
}
export interface Product {
  productId: number;
  productTitle: string;
  variants: Variant[];
}
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Candidates {
  variants: {
    variantId: number;
    productId: number;
    productTitle: string;
    variantTitle: string;
    variantImageUrl: string | null;
    generatedImages: Picture[];
  }[];
  uploads: Picture[];
}

export interface Folder {
  id: string;
  name: string;
  batchId: string;
  variantId: number | null;
  items: Picture[];
  nextCursor: string | null;
}

export interface Config {
  maxRows: number;
  workerConcurrency: number;
  mode: Mode;
  /** Where images may come from, besides the page's own origin. */
  imageOrigins: string[];
  /** Whether the catalog's views show pictures from any https origin. */
  anyCatalogImage: boolean;
  auth: AuthConfig | null;
}

export interface AuthConfig {
  issuer: string;
  clientId: string;
  audience?: string | null;
  scope?: string | null;
  /** Cognito's page that ends its session. */
  logoutUrl?: string | null;
}

/** A property of a settings schema, as far as the form understands JSON Schema. */
export interface SchemaField {
  type?: string | string[];
  title?: string;
  description?: string;
  enum?: (string | null)[];
  anyOf?: SchemaField[];
  items?: SchemaField;
  maxItems?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  format?: string;
  default?: unknown;
}
export interface SettingsSchema {
  title?: string;
  properties: Record<string, SchemaField>;
  required?: string[];
}
