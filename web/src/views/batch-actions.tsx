import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { isCatalog } from "../lib/documents";
import { plural } from "../lib/format";
import { deleteBatch, renameBatch } from "../lib/gallery-api";
import { forgetMarks } from "../lib/review";
import type { Batch } from "../lib/types";
import { Ask } from "../ui/Ask";
import { useAction } from "../ui/hooks";
import { later, orReload } from "../ui/later";
import { Menu } from "../ui/Menu";
import { running } from "../ui/Progress";
import { titleOf } from "./batch-title";

const ShareDialog = later(async () => (await import("./share-dialog")).ShareDialog);

interface Props {
  batch: Batch;
  onBatch: (batch: Batch) => void;
  onDeleted: () => void;
}

type Open = "rename" | "delete" | "share" | null;

/** What can be done with a batch as a whole, wherever it is shown. */
export function BatchMenu({ batch, onBatch, onDeleted }: Props) {
  const { route } = useLocation();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const again = useAction(async () => {
    const { runAgain } = await import("./run-again").catch(orReload);
    const view = await runAgain(batch);
    // The catalog's views are another document, whose security policy shows images from anywhere.
    if (isCatalog(view)) location.assign(view);
    else route(view);
  });
  const name = titleOf(batch);
  return (
    <>
      <Menu
        label={`More for ${name}`}
        entries={[
          { label: "Rename", run: () => setOpen("rename") },
          { label: "Share", run: () => setOpen("share") },
          { label: "Run again with changes", run: () => void again.run() },
          { label: "Delete", run: () => setOpen("delete"), disabled: running(batch) },
        ]}
      />
      {again.error !== null && <Ask title="Run again" error={again.error} onClose={again.clear} />}
      {open === "rename" && <Rename batch={batch} onBatch={onBatch} onClose={close} />}
      {open === "share" && <ShareDialog batch={batch} onClose={close} />}
      {open === "delete" && <Delete batch={batch} onDeleted={onDeleted} onClose={close} />}
    </>
  );
}

interface RenameProps {
  batch: Batch;
  onBatch: (batch: Batch) => void;
  onClose: () => void;
}

function Rename({ batch, onBatch, onClose }: RenameProps) {
  const [name, setName] = useState(batch.name);
  const rename = useAction(async () => {
    onBatch(await renameBatch(batch.id, name.trim()));
    onClose();
  });
  return (
    <Ask
      title="Rename batch"
      act="Rename"
      busy={rename.busy}
      error={rename.error}
      onAct={() => void rename.run()}
      onClose={onClose}
    >
      <label class="field">
        <span>Name</span>
        <input
          type="text"
          maxLength={120}
          value={name}
          onFocus={(event) => event.currentTarget.select()}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
    </Ask>
  );
}

interface DeleteProps {
  batch: Batch;
  onDeleted: () => void;
  onClose: () => void;
}

function Delete({ batch, onDeleted, onClose }: DeleteProps) {
  const remove = useAction(async () => {
    await deleteBatch(batch.id);
    forgetMarks(batch.id);
    onClose();
    onDeleted();
  });
  return (
    <Ask
      title={`Delete ${titleOf(batch)}?`}
      act="Delete"
      danger
      busy={remove.busy}
      error={remove.error}
      onAct={() => void remove.run()}
      onClose={onClose}
    >
      <p>
        {plural(batch.done, "image")}, the ZIP and every share link are deleted. This cannot be
        undone. The cost stays counted.
      </p>
    </Ask>
  );
}
