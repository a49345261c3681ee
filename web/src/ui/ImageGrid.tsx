import { useEffect, useRef, useState } from "preact/hooks";
import { FIRST_IMAGES } from "../lib/early-answers";
import { Icon, type IconName } from "./Icon";
import { SignedImage } from "./SignedImage";
import { useRamp } from "./use-ramp";
import { useWindow } from "./use-window";

export interface Tile {
  id: string;
  state: "waiting" | "working" | "ready" | "failed" | "cancelled";
  /** What a person calls the image. */
  label: string;
  /** Its row, or what else tells it from others. */
  place: string;
  /** Why there is no image. */
  reason?: string;
  url: string | null;
  badges?: string[];
  marked?: boolean;
}

export interface TileAction {
  icon: IconName;
  label: string;
  run: () => void;
}

interface Props {
  count: number;
  tileAt: (position: number) => Tile;
  label: string;
  onOpen: (position: number) => void;
  actions?: (position: number) => TileAction[];
  onView?: (from: number, to: number) => void;
  onStale?: () => void;
}

const WORDS: Record<Tile["state"], string> = {
  waiting: "waiting",
  working: "in progress",
  ready: "no image yet",
  failed: "failed",
  cancelled: "cancelled",
};

/** Images in equal tiles, each whole and in its own ratio; ten thousand are scrolled as ten are. */
export function ImageGrid({ count, tileAt, label, onOpen, actions, onView, onStale }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const range = useWindow(list, count, onView);
  const { active, setActive, keys } = useRoving(list, count, range);
  const { allowed, arrived } = useRamp();
  const { from, above, below } = range;
  const to = Math.min(range.to, count);
  const tiles = Array.from({ length: Math.max(0, to - from) }, (_, offset) =>
    tileAt(from + offset),
  );
  let images = 0;
  // On a slow device they would delay the first images, and nobody points at a tile yet.
  const acts = allowed > FIRST_IMAGES || !tiles.some((tile) => tile.url);
  return (
    <ul
      ref={list}
      class="gallery"
      aria-label={label}
      style={{ paddingTop: `${above}px`, paddingBottom: `${below}px` }}
      onKeyDown={keys}
    >
      {tiles.map((tile, offset) => {
        const at = from + offset;
        const turn = tile.url ? images++ : 0;
        return (
          <GridTile
            key={tile.id}
            tile={tile}
            at={at}
            count={count}
            first={turn < FIRST_IMAGES}
            loads={turn < allowed}
            active={at === active}
            onFocus={() => setActive(at)}
            onOpen={() => onOpen(at)}
            actions={(acts && actions?.(at)) || []}
            onArrived={arrived}
            onStale={onStale}
          />
        );
      })}
    </ul>
  );
}

/** One tile is in the tab order; the arrow keys move between them. */
function useRoving(
  list: { current: HTMLUListElement | null },
  count: number,
  { columns, rowHeight, from, to }: ReturnType<typeof useWindow>,
) {
  const [active, setActive] = useState(0);
  const pending = useRef(false);
  useEffect(() => {
    if (!pending.current) return;
    const button = list.current?.querySelector<HTMLElement>(`[data-at="${active}"] .tile-box`);
    if (button) {
      pending.current = false;
      button.focus();
    } else if (list.current) {
      const top = list.current.getBoundingClientRect().top + scrollY;
      scrollTo({ top: top + Math.floor(active / columns) * rowHeight - innerHeight / 3 });
    }
  }, [active, from, to]);
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = {
      ArrowRight: active + 1,
      ArrowLeft: active - 1,
      ArrowDown: active + columns,
      ArrowUp: active - columns,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (step === undefined || step < 0 || step >= count) return;
    event.preventDefault();
    pending.current = true;
    setActive(step);
  };
  return { active: Math.min(active, Math.max(0, count - 1)), setActive, keys };
}

interface TileProps {
  tile: Tile;
  at: number;
  count: number;
  first: boolean;
  /** Whether its image may load yet. */
  loads: boolean;
  active: boolean;
  onFocus: () => void;
  onOpen: () => void;
  actions: TileAction[];
  onArrived: () => void;
  onStale?: () => void;
}

function GridTile(props: TileProps) {
  const { tile, at, count, first, loads, active, onFocus, onOpen, actions } = props;
  const name = tile.label || tile.place || `${at + 1}`;
  const tab = active ? 0 : -1;
  return (
    <li
      class={`tile tile-${tile.state}`}
      data-at={at}
      aria-setsize={count}
      aria-posinset={at + 1}
      onFocusCapture={onFocus}
    >
      <button
        class="tile-box"
        tabIndex={tab}
        aria-label={tile.url ? `Enlarge ${name}` : undefined}
        onClick={onOpen}
      >
        {tile.url && loads && (
          <SignedImage
            url={tile.url}
            alt=""
            first={first}
            onArrived={props.onArrived}
            onStale={props.onStale}
          />
        )}
        {!tile.url && (
          <span class="tile-words">
            <span class="sr">{name}: </span>
            {WORDS[tile.state]}
            {tile.state === "failed" && <small>{tile.reason}</small>}
          </span>
        )}
        {tile.url && tile.state !== "ready" && <span class="tile-state">{WORDS[tile.state]}</span>}
      </button>
      {(tile.marked || (tile.badges?.length ?? 0) > 0) && (
        <p class="tile-badges">
          {tile.marked && (
            <span class="badge">
              <Icon name="mark" filled />
              <span class="sr">marked</span>
            </span>
          )}
          {tile.badges?.map((badge) => (
            <span key={badge} class="badge">
              {badge}
            </span>
          ))}
        </p>
      )}
      {actions.length > 0 && (
        <div class="tile-actions">
          {actions.map((action) => (
            <button
              key={action.label}
              tabIndex={tab}
              title={action.label}
              aria-label={`${action.label}: ${name}`}
              onClick={action.run}
            >
              <Icon name={action.icon} />
            </button>
          ))}
        </div>
      )}
      <p class="tile-label">
        <b title={name}>{name}</b>
        <span>{tile.place === name ? "" : tile.place}</span>
      </p>
    </li>
  );
}
