// The lights of this month and the forecast of the next ones, on a terminal.

import { Backcast, Refused } from "./backcast.js";
import type { components } from "./contract.js";

type Money = components["schemas"]["MoneyOut"];

const NOTHING = "-";
const [process_ = "sales", business = "new"] = process.argv.slice(2);

function money(told: Money | string | null): string {
  if (told === null) {
    return NOTHING;
  }
  return typeof told === "string" ? told : `${Math.round(Number(told.amount)).toLocaleString("en")} ${told.currency}`;
}

function row(...cells: string[]): string {
  return cells.map((cell, place) => (place === 0 ? cell.padEnd(12) : cell.padStart(16))).join("");
}

async function lights(backcast: Backcast): Promise<void> {
  // "new", not "all": targets are set for new or for existing business.
  const found = await backcast.get("/v1/lights", { process: process_, business_type: business as "new" });
  console.log(`Lights of ${found.period}`);
  console.log(row("milestone", "required", "arrived", "light"));
  for (const each of found.milestones) {
    console.log(row(each.key, money(each.required_value), money(each.actual_value), each.light));
  }
  console.log(found.focus?.text ?? "Nothing falls short.");
}

async function forecast(backcast: Backcast): Promise<void> {
  const found = await backcast.get("/v1/forecast", { process: process_, periods: 3 });
  console.log(`\nForecast as of ${found.as_of} (${found.method})`);
  console.log(row("period", "p10", "expected", "p90"));
  for (const each of found.periods) {
    console.log(row(each.period, money(each.p10), money(each.expected), money(each.p90)));
  }
}

const { BACKCAST: address = "http://127.0.0.1:8000", KEY: key = "" } = process.env;
const backcast = new Backcast(address, key);
try {
  await lights(backcast);
  await forecast(backcast);
} catch (refusal) {
  if (!(refusal instanceof Refused)) {
    throw refusal;
  }
  console.error(`${refusal.problem.code}: ${refusal.message}`);
  process.exitCode = 1;
}
