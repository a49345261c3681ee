/** What the API answers, as the page names it: the v1 API's snake_case names are turned by `camel`. */
import type { Camel, Schemas } from "./wire";

export type Mode = Schemas["Mode"];
export type Kind = Schemas["Kind"];
export type BatchStatus = Schemas["BatchStatus"];
export type ItemStatus = Schemas["ItemStatus"];
export type WaitingFor = Schemas["WaitingFor"];
export type RowError = Schemas["RowError"];
export type BatchVariant = Schemas["BatchVariant"];
/** What was noticed when the sheet was read. A notice lost nothing; a warning wants a look. */
export type SheetNotice = Schemas["NoticeAnswer"];

/** A batch of either API; its folders are there once it was read in full. */
export type Batch = Omit<Schemas["BatchAnswer"], "jobId"> &
  Partial<Pick<Schemas["FullBatch"], "folderId" | "variants">> & { id: string };

type ItemFields = Camel<Schemas["ItemAnswer"]>;
type Told =
  | "url"
  | "versionCount"
  | "model"
  | "note"
  | "lastRedo"
  | "attempts"
  | "cost"
  | "seconds";

/** An item as far as it is known: events and share links tell less than its list does. */
export type Item = Pick<
  ItemFields,
  "index" | "customId" | "row" | "status" | "file" | "thumbnailUrl" | "code" | "reason"
> &
  Partial<Pick<ItemFields, Told>> &
  Partial<Pick<Schemas["SharedItem"], "caption">>;

export type ItemDetail = Camel<Schemas["ItemDetail"]>;
/** One image of an item; the newest is the chosen one until a person chooses another. */
export type Version = ItemDetail["versions"][number];

/** A row as it was submitted. */
export type InputRow = Pick<Schemas["InputItem"], "index" | "row" | "customId" | "prompt"> & {
  fields: [string, string][];
};

/** The `item` event of live progress. */
export type ItemChange = Camel<Schemas["ItemEvent"]>;
/** The `progress` event. */
export type Progress = Camel<Schemas["ProgressEvent"]>;

export type Upload = Schemas["UploadedFile"];
/** An upload that has been checked. */
export type ReadyUpload = Upload & { url: string };

export type Variant = Schemas["CatalogVariant"];
export type Product = Schemas["Product"];
export type Candidates = Schemas["CandidatesAnswer"];
export type Folder = Schemas["FolderAnswer"];

/** An image to look at or to choose: an upload, a generated one, or one in a folder. */
export type LibraryImage = Pick<Schemas["ImageAnswer"], "id" | "url" | "createdAt"> &
  Partial<Pick<Schemas["ImageAnswer"], "thumbnailUrl">> &
  Partial<Pick<Schemas["FolderImageAnswer"], "file">> &
  Partial<Pick<Schemas["UploadedImage"], "originalName">>;

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Config {
  maxRows: number;
  workerConcurrency: number;
  mode: Mode;
  /** Where images may come from, besides the page's own origin. */
  imageOrigins: string[];
  /** Whether the catalog's views show images from any https origin. */
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
