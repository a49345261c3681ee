import { plural } from "../lib/format";
import { type CellProblem, PREVIEW_ROWS, type Sheet } from "../lib/sheet";

export function SheetPreview({ sheet, problems }: { sheet: Sheet; problems: CellProblem[] }) {
  const rows = sheet.rows.slice(0, PREVIEW_ROWS);
  if (!rows.length) return null;
  const wrong = new Map(
    problems.map((problem) => [`${problem.row} ${problem.column}`, problem.message]),
  );
  const rest = sheet.rows.length - rows.length;
  return (
    <div>
      <h2 id="preview">
        {rest > 0
          ? `The first ${rows.length} of ${plural(sheet.rows.length, "row")}`
          : plural(rows.length, "row")}
      </h2>
      <div class="scroll" role="region" aria-labelledby="preview" tabIndex={0}>
        <table class="sheet">
          <thead>
            <tr>
              <th scope="col">
                <span class="sr">Row</span>
              </th>
              {sheet.columns.map((column, at) => (
                <th key={at} scope="col" class={column.known ? "" : "unknown"}>
                  {column.name || "(no name)"}
                  {!column.known && <small>unknown, ignored</small>}
                  {column.known && column.repeated && <small>repeated, ignored</small>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ row, cells }) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                {sheet.columns.map((column, at) => {
                  const message = wrong.get(`${row} ${column.name.toLowerCase()}`);
                  return (
                    <td key={at} class={message ? "wrong" : column.known ? "" : "unknown"}>
                      {cells[at]}
                      {message && <small>{message}</small>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
