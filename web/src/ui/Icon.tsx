const PATHS = {
  download: "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 20h14",
  copy: "M9 9h10v11H9zM5 15V4h10",
  redo: "M19 12a7 7 0 1 1-2.1-5M19 3v4.5h-4.5",
  versions: "M4 8h12v12H4zM8 4h12v12",
  mark: "M7 4h10v16l-5-4-5 4z",
  check: "m5 12.5 4.5 4.5L19 7.5",
} as const;
export type IconName = keyof typeof PATHS;

export const Icon = ({ name, filled = false }: { name: IconName; filled?: boolean }) => (
  <svg class={`icon${filled ? " icon-filled" : ""}`} viewBox="0 0 24 24" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
