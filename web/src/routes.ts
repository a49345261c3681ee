/** Which view each address shows; `:id` is one segment. The build tells the web function. */
export const ROUTES = {
  "/": "csv",
  "/csv": "csv",
  "/sheets": "sheets",
  "/prompts": "prompts",
  "/variants": "variants",
  "/variants/:id": "variant",
  "/batches": "batches",
  "/batches/:id": "batch",
  "/folders/:id": "folder",
  "/shared/:id": "shared",
} as const;

export type ViewName = (typeof ROUTES)[keyof typeof ROUTES];

export function viewAt(path: string): ViewName | undefined {
  const [first = "", ...rest] = path.split("/").filter(Boolean);
  const route = `/${first}${rest.length ? "/:id" : ""}`;
  return (ROUTES as Partial<Record<string, ViewName>>)[route];
}
