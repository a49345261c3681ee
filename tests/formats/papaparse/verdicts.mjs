// Reads a JSON list of sheets (strings) on stdin, prints PapaParse's verdict on each.
// `raw` says of each line of the sheet how many fields it has and whether all of them are empty.
import { readFileSync } from "node:fs";
import Papa from "papaparse";

console.warn = () => {}; // duplicate headers are announced there

function verdict(sheet) {
  const parsed = Papa.parse(sheet, { header: true, skipEmptyLines: true });
  const { delimiter, linebreak: newline, fields = [] } = parsed.meta;
  const lines = Papa.parse(sheet, { delimiter, newline }).data;
  return {
    delimiter,
    newline,
    header: fields,
    rows: parsed.data.map((row) => [...fields.map((f) => row[f] ?? null), ...(row.__parsed_extra ?? [])]),
    errors: parsed.errors.map(({ type, code, message, row }) => ({ type, code, message, row })),
    raw: lines.map((cells) => ({ fields: cells.length, blank: cells.every((cell) => cell === "") })),
  };
}

const sheets = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({ version: Papa.VERSION ?? null, verdicts: sheets.map(verdict) }));
