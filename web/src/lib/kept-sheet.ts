import Papa from "papaparse";
import { getItems } from "./api";
import type { Sheet } from "./sheet";

/** The sheet a batch was made of, kept in this tab so that its failed rows can be handed back. */
const LARGEST = 1_000_000;
const slot = (batchId: string): string => `sheet:${batchId}`;
type Kept = Record<number, string[]>;

export function keepSheet(batchId: string, sheet: Sheet): void {
  const rows: Kept = { 1: sheet.columns.map((column) => column.name) };
  for (const { row, cells } of sheet.rows) rows[row] = cells;
  const text = JSON.stringify(rows);
  if (text.length <= LARGEST) sessionStorage.setItem(slot(batchId), text);
}

export const isKept = (batchId: string): boolean => sessionStorage.getItem(slot(batchId)) !== null;

/** The failed rows in the sheet's own columns, to be corrected and sent again as they are. */
export async function failedRowsCsv(batchId: string): Promise<string> {
  const rows = JSON.parse(sessionStorage.getItem(slot(batchId)) ?? "{}") as Kept;
  const failed: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof getItems>> = await getItems(batchId, cursor);
    for (const item of page.items) {
      const cells = item.status === "failed" && item.row ? rows[item.row] : undefined;
      if (cells) failed.push(cells);
    }
    cursor = page.nextCursor;
  } while (cursor);
  return Papa.unparse({ fields: rows[1] ?? [], data: failed }, { newline: "\r\n" });
}

export function saveAs(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
