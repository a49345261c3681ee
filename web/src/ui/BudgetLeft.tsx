import { call } from "../lib/api";
import { money } from "../lib/format";
import type { Schemas } from "../lib/wire";
import { useLoad } from "./hooks";

type Budget = Schemas["BudgetAnswer"];

/** What is left of the month's budget, where there is one. */
export function BudgetLeft({ estimate }: { estimate: string | undefined }) {
  const { data } = useLoad((signal) => call<Budget>("GET", "/api/budget", { signal }), []);
  if (data?.limit == null || data.left == null) return null;
  const over = estimate !== undefined && Number(estimate) > Number(data.left);
  return (
    <p class={over ? "budget fault" : "budget"} role={over ? "alert" : undefined}>
      {money(data.left)} of {money(data.limit)} left this month
      {over && ": less than this batch can cost"}.
    </p>
  );
}
