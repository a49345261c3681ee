import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { takeHandedSheet } from "../../lib/handover";
import type { Recipe } from "../../lib/reading";
import type { Address } from "../../ui/address";
import { later } from "../../ui/later";
import type { SheetFields } from "./fields";
import { SheetDrop } from "./sheet-drop";
import { useSheet } from "./use-sheet";

export interface ImporterProps {
  recipe: Recipe | null;
  address: Address<SheetFields>;
  /** The columns that a person can choose for one that is not known. */
  columns: readonly string[];
  /** What stands in the way besides the sheet. */
  blocked?: string | null;
  /** Whether the rows have prompts already. */
  prompts?: boolean;
  /** Told the sheet's columns. */
  onReading?: (columns: readonly string[]) => void;
  /** Between the sheet and its rows. */
  children?: ComponentChildren;
}

/** What is needed once there is a sheet. */
const ReadSheet = later(async () => (await import("./read-sheet")).ReadSheet);

/** From a sheet to the batch of its rows: read, corrected, priced, started. */
export function Importer(props: ImporterProps) {
  const { recipe, address, onReading } = props;
  const state = useSheet(recipe, address);
  useEffect(() => {
    const handed = takeHandedSheet();
    if (handed) void state.take.run(handed);
  }, []);
  const header = state.reading?.columns;
  useEffect(() => {
    if (header) onReading?.(header);
  }, [header]);
  return (
    <>
      <SheetDrop state={state} file={address.fields.file} />
      {props.children}
      <ReadSheet {...props} state={state} />
    </>
  );
}
