import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { count, money, time } from "../src/lib/format";

beforeEach(() => void vi.useFakeTimers({ now: new Date(2026, 10, 26, 15, 0) }));
afterEach(() => void vi.useRealTimers());

test.each([
  [new Date(2026, 10, 26, 9, 5), "09:05"],
  [new Date(2026, 10, 25, 0, 0), "Nov 25, 00:00"],
  [new Date(2025, 0, 3, 23, 59), "Jan 3, 23:59"],
])("a time as the locale writes it: %s", (date, wanted) => {
  expect(time(date.toISOString())).toBe(wanted);
  const today = wanted.length === 5;
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const day = today ? {} : ({ day: "numeric", month: "short" } as const);
  expect(wanted).toBe(date.toLocaleString("en", { ...day, ...clock }));
});

test("numbers and sums are grouped and rounded as the locale does", () => {
  const cents = new Intl.NumberFormat("en", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  for (const n of [0, 12, 999, 1000, 10_000]) expect(count(n)).toBe(n.toLocaleString("en"));
  for (const sum of [0, 0.48, 1, 1.005, 2.675, 14, 999.99, 999.995, 1000, 1234.567])
    expect(money(sum)).toBe(`$${cents.format(sum)}`);
});
