import type { Config } from "./types";

let loaded: Config | undefined;

/** From the page itself; from the server where that has not put it in, as in development. */
export async function loadConfig(): Promise<Config> {
  loaded = toldConfig() ?? (await fetchConfig());
  return loaded;
}

export function toldConfig(): Config | null {
  const told = document.querySelector<HTMLMetaElement>('meta[name="config"]')?.content;
  return told ? (JSON.parse(told) as Config) : null;
}

async function fetchConfig(): Promise<Config> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`config.json answered ${response.status}`);
  return (await response.json()) as Config;
}

export function config(): Config {
  if (!loaded) throw new Error("the configuration is not loaded yet");
  return loaded;
}
