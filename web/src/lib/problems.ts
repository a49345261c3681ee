/** Turns whatever went wrong into sentences a person can act on. */
import type { Schemas } from "./wire";

export interface Detail {
  row?: number | null;
  column?: string | null;
  value?: unknown;
  message?: string;
  suggestion?: string | null;
  field?: string;
  loc?: (string | number)[];
  variantId?: number;
  encoding?: string;
  sample?: string;
  model?: string;
  reason?: string;
  alternatives?: string[];
}

export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly error: string,
    readonly detail = "",
    readonly details: Detail[] = [],
    readonly retryAfter: number | null = null,
    /** Which problem it is: the last part of the problem document's `type`. */
    readonly kind: string = "",
  ) {
    super(error);
  }
}

/** No answer at all: the connection, not the request. */
export class OfflineError extends Error {
  override name = "OfflineError";
  constructor() {
    super("The server cannot be reached");
  }
}

const GATEWAY: Record<number, [string, string]> = {
  401: ["You are signed out", "Sign in again to continue."],
  403: ["You do not have access", "Ask the operator of this service for access."],
  404: ["Not found", "It may have been deleted, or it belongs to someone else."],
  413: ["The file is too large", "Send a smaller one."],
  429: ["Too many requests at the moment", "Wait a moment and try again."],
};
const FAILED: [string, string] = [
  "The server returned an error",
  "Try again in a moment. Nothing is lost or submitted twice.",
];

/** `body` is a problem document, or the gateway's own `{message}`, or nothing readable. */
export function problem(status: number, body: unknown, retryAfter: string | null): ApiError {
  const document = (body ?? {}) as Partial<Omit<Schemas["Problem"], "details">> & {
    details?: Detail[] | null;
  };
  const seconds = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const [error, detail] = GATEWAY[status] ?? FAILED;
  const said = document.error ?? document.title;
  if (!said) return new ApiError(status, error, detail, [], seconds);
  const more = document.detail && document.detail !== said ? document.detail : "";
  const kind = document.type?.split("/").at(-1) ?? "";
  return new ApiError(status, said, more, document.details ?? [], seconds, kind);
}

export interface Sentences {
  title: string;
  text: string;
  lines: string[];
}

export function sentences(error: unknown): Sentences {
  if (error instanceof OfflineError) {
    return {
      title: "The server cannot be reached",
      text: "Check your connection and try again. Nothing is submitted twice.",
      lines: [],
    };
  }
  if (error instanceof ApiError) {
    const wait = error.retryAfter ? `Try again in ${error.retryAfter} seconds.` : "";
    return {
      title: error.error,
      text: [sentence(error.detail), wait].filter(Boolean).join(" "),
      lines: error.details.map(line),
    };
  }
  return {
    title: "An error occurred on this page",
    text: sentence(String((error as Error)?.message ?? error)),
    lines: [],
  };
}

function sentence(text: string): string {
  return text && !/[.!?…]$/.test(text) ? `${text}.` : text;
}

export function line(detail: Detail): string {
  const field = detail.field ?? detail.loc?.filter((part) => part !== "body").join(" › ");
  const place = [
    detail.row != null ? `Row ${detail.row}` : "",
    detail.variantId != null ? `Variant ${detail.variantId}` : "",
    detail.column ?? field ?? "",
  ]
    .filter(Boolean)
    .join(", ");
  const value = typeof detail.value === "string" && detail.value ? `“${clip(detail.value)}” ` : "";
  const hint = detail.suggestion ? ` Did you mean ${detail.suggestion}?` : "";
  const message = detail.message ?? detail.reason ?? "is not valid";
  return `${place ? `${place}: ` : ""}${value}${sentence(message)}${hint}`;
}

const clip = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
