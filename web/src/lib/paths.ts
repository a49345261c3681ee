/** Addresses of the API that the page's start and its first view share. */
export const at = (id: string): string => encodeURIComponent(id);

export function query(fields: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

export const batchPath = (id: string): string => `/api/batches/${at(id)}`;

export const itemsPath = (id: string, cursor: string | null): string =>
  `/api/v1/batch/${at(id)}/status${query({ limit: 100, cursor })}`;

export const inputPath = (id: string, cursor: string | null): string =>
  `${batchPath(id)}/input${query({ limit: 100, cursor })}`;
