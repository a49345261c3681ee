/** What the page's first script has requested, for the code that arrives later. */

/** Enough to fill a slow line. More at once would share it, and all be complete late. */
export const FIRST_IMAGES = 2;

export interface Answer {
  response: Response;
  /** Null if it is not JSON. */
  body: unknown;
}

export interface Early {
  answers: Map<string, Promise<Answer>>;
  /** A view that shows the same address does not load it again. */
  images: HTMLImageElement[];
}

declare global {
  var early: Early | undefined;
}

/** The answer to this request if it is under way already; once. */
export function takeEarly(path: string): Promise<Answer> | undefined {
  const answers = globalThis.early?.answers;
  const answer = answers?.get(path);
  answers?.delete(path);
  return answer;
}

export async function read(response: Response): Promise<Answer> {
  return { response, body: await response.json().catch(() => null) };
}
