import { build, type Plugin, type Rolldown } from "vite";
import { defineConfig } from "vitest/config";
import { ROUTES } from "./src/routes.ts";

const CONFIG = '<meta name="config" content="" />';
const TARGET = "es2022";

/**
 * The first script is in the page itself: as a file, it would run a round trip later. It needs the
 * configuration, and a style sheet before it would delay it. The page's security policy allows it
 * by its hash, which the web function computes.
 */
const early = (): Plugin => ({
  name: "early",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    async handler(html, { bundle = {} }) {
      const font = Object.keys(bundle).find((name) => name.endsWith(".woff2"));
      if (!font || !html.includes(CONFIG))
        throw new Error(`no font, or no ${CONFIG} in index.html`);
      const code = await bundled("src/early.ts", { FONT: JSON.stringify(`/${font}`) });
      const script = `<script>${code}</script>`;
      return html.replace(CONFIG, () => `${CONFIG}\n    ${script}`);
    },
  },
});

/** One script that imports nothing. */
async function bundled(input: string, define: Record<string, string>): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    define,
    build: { write: false, target: TARGET, rolldownOptions: { input, output: { format: "iife" } } },
  });
  const [chunk, ...others] = [built].flat().flatMap((one) => ("output" in one ? one.output : []));
  if (chunk?.type !== "chunk" || others.length > 0) throw new Error(`${input} is not one script`);
  return chunk.code.trim();
}

/** What a batch's first frame needs, most of it. */
const EAGER = ["index", "core", "gallery", "batch"];

/**
 * Chromium compiles all functions of these files while they load, beside the main thread, instead
 * of each one there when it is first called. Other browsers ignore the comment.
 */
const eager = (): Plugin => ({
  name: "eager",
  apply: "build",
  enforce: "post",
  generateBundle: {
    order: "post", // the comment is only read if it comes first
    handler(_, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === "chunk" && EAGER.includes(file.name))
          file.code = `//# allFunctionsCalledOnLoad\n${file.code}`;
    },
  },
});

/** Tells the web function which files the view of an address needs besides those of every view. */
const preloads = (): Plugin => ({
  name: "preloads",
  apply: "build",
  generateBundle(_, bundle) {
    const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
    const ofAll = chunks.filter((one) => one.isEntry).flatMap((one) => loaded(one, chunks));
    const files = Object.entries(ROUTES).map(([route, view]) => {
      const own = chunks.find((one) => one.facadeModuleId?.endsWith(`/src/views/${view}.tsx`));
      if (!own) this.error(`${view} has no file of its own`);
      return [route, loaded(own, chunks).filter((name) => !ofAll.includes(name))];
    });
    const signIn = chunks.find((one) => one.name === "oidc-client-ts");
    if (!signIn) this.error("signing in has no file of its own");
    files.push(["sign-in", [signIn.fileName]]);
    const source = JSON.stringify(Object.fromEntries(files));
    this.emitFile({ type: "asset", fileName: "preloads.json", source });
  },
});

/** The names of a file and of all that it imports. */
function loaded(
  chunk: Rolldown.OutputChunk,
  all: Rolldown.OutputChunk[],
  seen = new Set<string>(),
) {
  if (seen.has(chunk.fileName)) return [...seen];
  seen.add(chunk.fileName);
  for (const name of chunk.imports) {
    const next = all.find((one) => one.fileName === name);
    if (next) loaded(next, all, seen);
  }
  return [...seen];
}

/** What is needed together is one file: on a slow line, each further file costs a round trip. */
const GROUPS = [
  {
    name: "core",
    test: /vite\/preload-helper|\/(preact|preact-iso)\/|\/src\/(lib\/(api|auth|config|debug|documents|early-answers|format|idempotency|paths|pause|problems|wire)|ui\/(Ask|hooks|Icon|later|Problem|Shell|Title))\.tsx?$/,
  },
  {
    name: "gallery",
    test: /\/src\/(lib\/(captions|gallery-api|item-store|review)|ui\/(ImageGrid|Lightbox|Menu|Progress|SignedImage|use-\w+)|views\/batch-(actions|archive|tiles|title))\.tsx?$/,
  },
  {
    name: "sheet",
    test: /\/src\/(lib\/(handover|models|reading|sheet)|ui\/(address|DropZone)|views\/importer\/(fields|importer|sheet-drop|use-sheet))\.tsx?$/,
  },
  {
    name: "offer",
    test: /\/src\/(lib\/(amount|list-models|templates)|ui\/(BudgetLeft|CapField|draft|ModelPicker|Offer)|views\/importer\/(encodings|question))\.tsx?$/,
  },
];

export default defineConfig({
  plugins: [early(), preloads(), eager()],
  build: {
    outDir: "../functions/web/static",
    emptyOutDir: true,
    target: TARGET,
    // Inlined assets would be data: addresses, which the page's security policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: "index.html",
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: GROUPS } },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
