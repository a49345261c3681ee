import { useState } from "preact/hooks";
import { time } from "../lib/format";
import { listShares, revokeShare, type ShareLink, shareBatch } from "../lib/gallery-api";
import type { Batch } from "../lib/types";
import { Ask } from "../ui/Ask";
import { useAction, useLoad } from "../ui/hooks";
import { Problem } from "../ui/Problem";

const DURATIONS = [
  { hours: 24, words: "1 day" },
  { hours: 72, words: "3 days" },
  { hours: 168, words: "7 days" },
];

/** Links that show this batch, read-only, to whoever has them. */
export function ShareDialog({ batch, onClose }: { batch: Batch; onClose: () => void }) {
  const links = useLoad((signal) => listShares(batch.id, signal), [batch.id]);
  const [hours, setHours] = useState(24);
  const [made, setMade] = useState<ShareLink | null>(null);
  const make = useAction(async () => {
    setMade(await shareBatch(batch.id, hours));
    links.reload();
  });
  const revoke = useAction(async (id: string) => {
    await revokeShare(batch.id, id);
    setMade((old) => (old?.id === id ? null : old));
    links.reload();
  });
  return (
    <Ask title="Share this batch" onClose={onClose}>
      <p class="muted">
        Anyone with the link can see the images, the results and the ZIP, but cannot change
        anything.
      </p>
      <div class="row">
        <label class="inline">
          For{" "}
          <select
            value={String(hours)}
            onChange={(event) => setHours(Number(event.currentTarget.value))}
          >
            {DURATIONS.map((one) => (
              <option key={one.hours} value={String(one.hours)}>
                {one.words}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button small main"
          disabled={make.busy}
          onClick={() => void make.run()}
        >
          Create link
        </button>
      </div>
      {made && (
        <label class="field">
          <span>Link, until {time(made.expiresAt)}</span>
          <input
            type="text"
            readOnly
            value={made.url}
            onFocus={(event) => event.currentTarget.select()}
          />
        </label>
      )}
      <Problem error={make.error ?? revoke.error ?? links.error} />
      {links.data && links.data.length > 0 && (
        <ul class="shares" aria-label="Links">
          {links.data.map((link) => (
            <li key={link.id}>
              <span>
                Until {time(link.expiresAt)}
                <span class="muted"> · made {time(link.createdAt)}</span>
              </span>
              <span class="row">
                <Copy url={link.url} />
                <button
                  type="button"
                  class="button small quiet"
                  disabled={revoke.busy}
                  onClick={() => void revoke.run(link.id)}
                >
                  Revoke
                </button>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Ask>
  );
}

function Copy({ url }: { url: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(url).then(() => setCopied(true));
  return (
    <button type="button" class="button small quiet" onClick={copy}>
      {copied ? "Copied" : "Copy link"}
    </button>
  );
}
