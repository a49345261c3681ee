import { useState } from "preact/hooks";
import type { Reading } from "../../lib/reading";
import { ColumnMapper } from "./mapper";
import type { SheetState } from "./use-sheet";

interface Props {
  state: SheetState;
  reading: Reading;
  columns: readonly string[];
}

/** Columns that are read as nothing, and the way to make something of them. */
export function UnusedColumns({ state, reading, columns }: Props) {
  const [mapping, setMapping] = useState(false);
  if (mapping && state.source)
    return (
      <ColumnMapper
        error={null}
        readAs={reading.readAs}
        source={state.source}
        columns={columns}
        elsewhere={null}
        use={(table) => state.replace(table, true)}
      />
    );
  const unused = reading.columns.filter((name, place) => name && !reading.readAs[place]);
  return (
    <p class="row">
      <span>Not used: {unused.join(", ") || "columns without a name"}.</span>
      <button class="button small" onClick={() => setMapping(true)}>
        Choose what the columns mean
      </button>
    </p>
  );
}
