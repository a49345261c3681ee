import type { SheetNotice } from "../../lib/types";
import { Notice } from "../../ui/Problem";
import type { SheetFields } from "./fields";

interface Props {
  notices: readonly SheetNotice[];
  /** The sheet of the workbook that a person has named. */
  sheet: string;
  change: (fields: Partial<SheetFields>, push?: boolean) => void;
}

/** What was repaired, which is folded away, and what a person should look at. */
export function Notices({ notices, sheet, change }: Props) {
  const warnings = notices.filter(({ level, code }) => level === "warning" && code !== SKIPPED);
  const rest = notices.filter(({ level }) => level === "notice");
  const others = notices.find(({ code }) => code === "other-sheets");
  return (
    <>
      {warnings.length > 0 && (
        <Notice
          kind="warn"
          title="Check this before you start."
          lines={warnings.map(({ message }) => message)}
        />
      )}
      {rest.length > 0 && (
        <details class="notice">
          <summary>How the sheet was read ({rest.length})</summary>
          <ul>
            {rest.map(({ message }) => (
              <li key={message}>{message}</li>
            ))}
          </ul>
        </details>
      )}
      {(others || sheet) && (
        <label class="field search">
          <span>Sheet of the workbook</span>
          <input
            type="text"
            value={sheet}
            placeholder="The first visible one"
            onChange={(event) => change({ tab: event.currentTarget.value.trim() }, true)}
          />
          {others && <small>{others.message}</small>}
        </label>
      )}
    </>
  );
}

/** The rows with problems are listed by themselves. */
const SKIPPED = "skipped-rows";
