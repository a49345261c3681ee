/** With `?debug=1` in the address the page logs ids and each answer. It lasts as long as the tab. */
const asked = new URLSearchParams(location.search).get("debug");
if (asked !== null) sessionStorage.setItem("debug", asked);
const on = sessionStorage.getItem("debug") === "1";

export function debug(event: string, data?: unknown): void {
  if (on) console.info(`[imagebatch] ${event}`, data ?? "");
}
