// A batch of one prompt, with the types that openapi-typescript generated.
declare const process: { argv: string[] };
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
const body: components["schemas"]["PromptBatch"] = { items: [{ prompt: "A red chair" }] };
const sent = await client.POST("/api/v1/batch/generate", { body });
const accepted = sent.data;
if (!accepted || !("batch_id" in accepted)) throw new Error(JSON.stringify(sent.error));
for (;;) {
  const found = await client.GET("/api/v1/batch/{batch_id}/status", {
    params: { path: { batch_id: accepted.batch_id } },
  });
  if (!found.data) throw new Error(JSON.stringify(found.error));
  if (found.data.finished_at) {
    console.log(found.data.outcome, found.data.items[0]?.custom_id);
    break;
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
}
