import { type ViewName, viewAt } from "./routes";
import { type Later, later } from "./ui/later";

/** Every view is a file of its own: an address loads only what it shows. */
export const VIEWS: Record<ViewName, Later<object>> = {
  csv: later(async () => (await import("./views/csv")).CsvView),
  sheets: later(async () => (await import("./views/sheets")).SheetsView),
  prompts: later(async () => (await import("./views/prompts")).PromptsView),
  variants: later(async () => (await import("./views/variants")).VariantsView),
  variant: later(async () => (await import("./views/variant")).VariantView),
  batches: later(async () => (await import("./views/batches")).BatchesView),
  batch: later(async () => (await import("./views/batch")).BatchView),
  folder: later(async () => (await import("./views/folder")).FolderView),
  shared: later(async () => (await import("./views/shared")).SharedView),
};

const REST_AFTER_MS = 5000;

/** The code of what this address shows. A failure is told where it is shown. */
export async function loadView(): Promise<void> {
  const name = viewAt(location.pathname);
  if (name) await VIEWS[name].load().catch(() => {});
}

/** The other views' code, once this one's images had time to load: turns are then immediate. */
export function loadRest(): void {
  const { shared: _, ...views } = VIEWS;
  const load = () => {
    for (const view of Object.values(views)) view.load().catch(() => {});
  };
  setTimeout(load, REST_AFTER_MS);
}
