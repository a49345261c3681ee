import { useEffect, useRef, useState } from "preact/hooks";
import type { Batch } from "../lib/types";
import { made, running } from "../ui/Progress";
import { titleOf } from "./batch-title";

const ICONS = { plain: "/favicon.svg", busy: "/favicon-busy.svg", done: "/favicon-done.svg" };

export interface Done {
  /** What the tab is called. */
  tab: string;
  /** Asks for permission to notify; null where it was given, refused or cannot be asked for. */
  askToNotify: (() => void) | null;
}

/** Says in the tab, and in a notification if allowed, that a batch that was watched has ended. */
export function useDone(batch: Batch): Done {
  const live = running(batch);
  const [ended, setEnded] = useState(false);
  const [permission, setPermission] = useState(granted);
  const was = useRef(live);
  useEffect(() => {
    if (was.current && !live) {
      setEnded(true);
      if (document.hidden) notify(batch);
    }
    if (live) setEnded(false);
    was.current = live;
  }, [live]);
  useEffect(() => {
    icon(live ? ICONS.busy : ended ? ICONS.done : ICONS.plain);
    return () => icon(ICONS.plain);
  }, [live, ended]);
  const ask = () => void Notification.requestPermission().then(setPermission);
  return {
    tab: tabOf(batch, ended),
    askToNotify: live && permission === "default" ? ask : null,
  };
}

export function tabOf(batch: Batch, ended: boolean): string {
  const name = titleOf(batch);
  if (running(batch)) return `${batch.percent}% ${name}`;
  if (!ended) return name;
  return `${batch.status === "completed" && !batch.failed ? "✓" : "!"} ${name}`;
}

const granted = (): NotificationPermission =>
  "Notification" in globalThis ? Notification.permission : "denied";

function icon(address: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link) link.href = address;
}

function notify(batch: Batch): void {
  if (granted() !== "granted") return;
  const told = new Notification(titleOf(batch), {
    body: made(batch),
    icon: ICONS.done,
    tag: batch.id,
  });
  told.onclick = () => {
    focus();
    told.close();
  };
}
