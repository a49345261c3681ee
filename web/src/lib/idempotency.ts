/**
 * One key per thing a person means to create. It is kept until the server has taken the request, so
 * a retry after a lost answer, even after a reload, is the same request; the next one is a new one.
 */
const PREFIX = "key:";

async function digest(parts: (string | Blob)[]): Promise<string> {
  const body = await new Blob(parts.flatMap((part) => [part, "\n"])).arrayBuffer();
  const hash = await crypto.subtle.digest("SHA-256", body);
  return Array.from(new Uint8Array(hash, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

export async function once<T>(
  parts: (string | Blob)[],
  create: (key: string) => Promise<T>,
): Promise<T> {
  const slot = PREFIX + (await digest(parts));
  const key = sessionStorage.getItem(slot) ?? crypto.randomUUID();
  sessionStorage.setItem(slot, key);
  const answer = await create(key);
  sessionStorage.removeItem(slot);
  return answer;
}
