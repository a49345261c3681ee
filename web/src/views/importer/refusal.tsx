import { ApiError } from "../../lib/problems";
import type { Address } from "../../ui/address";
import { Problem } from "../../ui/Problem";
import { EncodingChoice } from "./encodings";
import type { SheetFields } from "./fields";
import { ColumnMapper } from "./mapper";
import type { SheetState } from "./use-sheet";

const HEADER_KINDS = new Set(["unknown-columns", "missing-columns", "malformed-csv"]);
const isHeaderProblem = ({ kind, detail }: ApiError): boolean =>
  HEADER_KINDS.has(kind) && (kind !== "malformed-csv" || detail.includes("known columns"));

/** The same sheet where it needs no columns of cars. */
function elsewhere({ sheet, file, encoding }: SheetFields): string | null {
  if (location.pathname.startsWith("/sheets")) return null;
  return `/sheets?${new URLSearchParams({ sheet, file, ...(encoding && { encoding }) })}`;
}

interface RefusalProps {
  state: SheetState;
  columns: readonly string[];
  address: Address<SheetFields>;
}

/** Why the sheet is not read yet, and what a person can do about it here. */
export function Refusal({ state, columns, address }: RefusalProps) {
  const { error, source } = state;
  if (!error) return null;
  if (error instanceof ApiError && error.kind === "encoding")
    return (
      <EncodingChoice error={error} choose={(encoding) => address.change({ encoding }, true)} />
    );
  if (error instanceof ApiError && source && isHeaderProblem(error)) {
    const missing = error.kind === "missing-columns" ? error.details : [];
    const names = new Set([...missing.map(({ column }) => column ?? ""), ...columns]);
    return (
      <ColumnMapper
        key={source.uploadId}
        error={error}
        source={source}
        columns={[...names]}
        elsewhere={error.kind === "missing-columns" ? null : elsewhere(address.fields)}
        use={async (table) => {
          await state.replace(table, true);
          address.change({ ignore: "1" });
        }}
      />
    );
  }
  return (
    <Problem error={error}>
      <button class="button quiet small" onClick={state.again}>
        Try again
      </button>
    </Problem>
  );
}
