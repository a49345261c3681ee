/** A sheet that one view hands to another within this tab: samples, a batch to run again. */
const SLOT = "handover:sheet";

export interface HandedSheet {
  name: string;
  text: string;
}

export function handOver(sheet: HandedSheet): void {
  sessionStorage.setItem(SLOT, JSON.stringify(sheet));
}

/** What was handed over, once. */
export function takeHandedSheet(): File | null {
  const kept = sessionStorage.getItem(SLOT);
  if (kept === null) return null;
  sessionStorage.removeItem(SLOT);
  const { name, text } = JSON.parse(kept) as HandedSheet;
  return new File([text], name, { type: "text/csv" });
}
