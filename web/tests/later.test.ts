import { expect, test, vi } from "vitest";
import { viewAt } from "../src/routes";

test.each([
  ["/", "csv"],
  ["/csv/", "csv"],
  ["/batches", "batches"],
  ["/batches/5f0c", "batch"],
  ["/variants/7", "variant"],
  ["/shared/2b5a", "shared"],
  ["/nowhere", undefined],
])("%s shows %s", (path, view) => {
  expect(viewAt(path)).toBe(view);
});

test("a page whose code is gone is loaded anew, once in a minute, unless offline", async () => {
  const kept = new Map<string, string>();
  const reload = vi.fn();
  vi.stubGlobal("location", { reload, search: "" });
  const network = { onLine: true };
  vi.stubGlobal("navigator", network);
  vi.stubGlobal("sessionStorage", {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
  vi.useFakeTimers({ now: 1_000_000_000 });
  const { orReload } = await import("../src/ui/later");
  const gone = new TypeError("Failed to fetch dynamically imported module");
  void orReload(gone);
  expect(reload).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(59_000);
  await expect(orReload(gone)).rejects.toBe(gone);
  expect(reload).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  network.onLine = false;
  await expect(orReload(gone)).rejects.toBe(gone);
  network.onLine = true;
  void orReload(gone);
  expect(reload).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
