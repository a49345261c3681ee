import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { deleteUpload } from "../../lib/api";
import type { Choice } from "../../lib/models";
import {
  type Reading,
  type ReadRow,
  type Recipe,
  readRows,
  readSheet,
  type Source,
  uploadSheet,
} from "../../lib/reading";
import {
  type Edit,
  edited,
  merged,
  type PlacedProblem,
  problemsOf,
  stemOf,
  stillFaulty,
  toCsv,
  withFaulty,
} from "../../lib/sheet";
import type { Address } from "../../ui/address";
import { useAction, useQuote } from "../../ui/hooks";
import { choiceOf, NO_SHEET, type SheetFields, sourceOf } from "./fields";

const SETTLE_MS = 700;
const MORE = 100;

interface Read {
  of: string;
  reading: Reading;
}
interface Pages {
  of: Reading;
  rows: ReadRow[];
  cursor: string | null;
}

export interface SheetState {
  source: Source | null;
  choice: Choice;
  reading: Reading | undefined;
  rows: ReadRow[];
  /** Edits that the reading does not show yet. */
  edits: Edit[];
  problems: PlacedProblem[];
  /** Cells that no skipping helps: what a workbook shows there is no value. */
  faulty: PlacedProblem[];
  error: unknown;
  pending: boolean;
  again: () => void;
  take: ReturnType<typeof useAction<[File]>>;
  edit: (edits: Edit[]) => void;
  saving: { busy: boolean; error: unknown };
  more: { run: () => Promise<void>; busy: boolean; error: unknown; left: boolean };
  /** The sheet as it is now. */
  toFile: () => Promise<File>;
  /** Takes a table under a new header, as a person said. */
  replace: (table: Table, push?: boolean) => Promise<void>;
}

export interface Table {
  header: readonly string[];
  rows: readonly ReadRow[];
  delimiter: string | null;
  /** What a workbook's cells lack, where it was read as another kind of sheet before. */
  faulty?: readonly PlacedProblem[];
}

/** A sheet from its upload to its price, with the corrections that a person makes on the way. */
export function useSheet(recipe: Recipe | null, address: Address<SheetFields>): SheetState {
  const { fields, change } = address;
  const source = useMemo(
    () => sourceOf(fields),
    [fields.sheet, fields.encoding, fields.tab, fields.ignore],
  );
  const choice = choiceOf(fields);
  const key = JSON.stringify([recipe, source, choice]);
  const asked = useQuote<Read>(
    source && recipe
      ? async (signal) => ({
          of: source.uploadId,
          reading: await readSheet(recipe, source, choice, signal),
        })
      : null,
    [key],
  );
  const [lineage, setLineage] = useState<string[]>([]);
  const copies = useCopies();
  const read = asked.quote;
  const known = read && (read.of === fields.sheet || lineage.includes(read.of));
  const reading = known ? read.reading : undefined;
  const [pages, setPages] = useState<Pages | null>(null);
  const current = reading && pages?.of === reading ? pages : null;
  const rows = current?.rows ?? reading?.items ?? [];
  const cursor = current ? current.cursor : (reading?.nextCursor ?? null);

  useEffect(() => {
    if (reading && read?.of === fields.sheet) copies.dropReplaced(fields.sheet);
  }, [reading, read?.of, fields.sheet]);
  const corrections = useCorrections(reading, read?.of, fields.sheet, rows, async (edits) => {
    if (!reading) return;
    const { columns, delimiter } = reading;
    await replace({ header: columns, rows: edited(await allRows(), edits), delimiter });
  });

  const load = async (limit: number, from: string): Promise<Reading> => {
    if (!recipe || !source) throw new Error("there is no sheet");
    return readRows(recipe, source, choice, from, limit);
  };
  const allRows = async (): Promise<readonly ReadRow[]> => {
    const known = source && copies.rowsOf(source.uploadId);
    if (known) return known;
    let all = [...rows];
    let next = cursor;
    while (next) {
      const page = await load(1000, next);
      all = [...all, ...page.items];
      next = page.nextCursor;
    }
    return merged(all);
  };
  const more = useAction(async () => {
    if (!reading || !cursor) return;
    const page = await load(MORE, cursor);
    setPages({ of: reading, rows: merged([...rows, ...page.items]), cursor: page.nextCursor });
  });
  const take = useAction(async (file: File) => {
    const id = await uploadSheet(file);
    setLineage([id]);
    change({ ...NO_SHEET, sheet: id, file: file.name }, fields.sheet !== "");
  });
  const replace = async (table: Table, push = false) => {
    const name = `${stemOf(fields.file) || "sheet"}-corrected.csv`;
    const text = toCsv(table.header, table.rows, table.delimiter ?? ",");
    const id = await uploadSheet(new File([text], name, { type: "text/csv" }));
    copies.add(id, table.rows, push ? null : fields.sheet);
    corrections.carry(id, table.faulty);
    setLineage((old) => [...old.slice(-5), fields.sheet, id]);
    change({ sheet: id, file: name, encoding: "", tab: "" }, push);
  };
  const toFile = async (): Promise<File> => {
    if (!reading) throw new Error("there is no sheet");
    const now = edited(await allRows(), corrections.edits);
    return new File([toCsv(reading.columns, now, reading.delimiter ?? ",")], fields.file);
  };
  return {
    source,
    choice,
    reading,
    rows,
    edits: corrections.edits,
    problems: corrections.problems,
    faulty: corrections.faulty,
    error: asked.error,
    pending: take.busy || asked.pending || corrections.busy || corrections.edits.length > 0,
    again: asked.again,
    take,
    edit: corrections.edit,
    saving: { busy: corrections.busy, error: corrections.error },
    more: { ...more, left: cursor !== null },
    toFile,
    replace,
  };
}

/**
 * The corrected copies that were stored here. The rows of the last are known, so that further
 * corrections of a long sheet need not ask for them; one that nothing leads back to is deleted
 * once its successor has its price.
 */
function useCopies() {
  const own = useRef(new Set<string>());
  const last = useRef<{ id: string; rows: readonly ReadRow[]; replaced: string | null } | null>(
    null,
  );
  return {
    rowsOf: (id: string) => (last.current?.id === id ? last.current.rows : undefined),
    add: (id: string, rows: readonly ReadRow[], replaced: string | null) => {
      own.current.add(id);
      last.current = { id, rows, replaced };
    },
    dropReplaced: (id: string) => {
      const replaced = last.current?.id === id ? last.current.replaced : null;
      // What a batch was started from is refused, and goes with its retention.
      if (replaced && own.current.delete(replaced)) deleteUpload(replaced).catch(() => {});
    },
  };
}

export const isWorkbook = ({ notices }: Reading): boolean =>
  notices.some(({ code }) => code === "workbook");

const slot = (uploadId: string): string => `faulty:${uploadId}`;
const keptFaulty = (uploadId: string): PlacedProblem[] =>
  JSON.parse(sessionStorage.getItem(slot(uploadId)) ?? "[]") as PlacedProblem[];

/** Edits are collected until a person pauses, and then the sheet is stored and read again. */
function useCorrections(
  reading: Reading | undefined,
  readId: string | undefined,
  sheetId: string,
  rows: ReadRow[],
  store: (edits: Edit[]) => Promise<void>,
) {
  const [edits, setEdits] = useState<Edit[]>([]);
  const stored = useRef<{ id: string; edits: Edit[] } | null>(null);
  const sending = useRef<Edit[]>([]);
  const faulty = useMemo(() => keptFaulty(sheetId), [sheetId]);
  const found = useMemo(() => (reading ? problemsOf(reading, rows) : []), [reading, rows]);
  const problems = useMemo(() => withFaulty(found, faulty), [found, faulty]);
  const isCurrent = reading !== undefined && readId === sheetId;

  const save = useAction(async () => {
    sending.current = edits;
    await store(edits);
  });
  /** What the workbook's cells lack must be known of its copy as well. */
  const carry = (id: string, elsewhere: readonly PlacedProblem[] = []) => {
    stored.current = { id, edits: sending.current };
    const own = reading && isWorkbook(reading) ? problems : faulty;
    const left = stillFaulty([...own, ...elsewhere], sending.current);
    if (left.length) sessionStorage.setItem(slot(id), JSON.stringify(left));
  };

  useEffect(() => {
    const done = stored.current;
    if (!isCurrent || done?.id !== readId) return;
    stored.current = null;
    setEdits((old) => old.filter((edit) => !done.edits.includes(edit)));
  }, [isCurrent, readId]);
  useEffect(() => {
    const failed = sending.current === edits;
    if (!edits.length || !isCurrent || stored.current || save.busy || failed) return;
    const timer = setTimeout(() => void save.run(), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [edits, isCurrent, readId, save.busy]);

  const edit = (more: Edit[]) =>
    setEdits((old) => [
      ...old.filter((one) => !more.some((m) => m.row === one.row && m.place === one.place)),
      ...more,
    ]);
  return { edits, edit, carry, problems, faulty, busy: save.busy, error: save.error };
}
