import type { Plugin, Rolldown } from "vite";
import { defineConfig } from "vitest/config";
import { ROUTES } from "./src/routes.ts";

/** `early` is a script of its own that runs as soon as it has arrived; the page's waits for all. */
const early = (): Plugin => ({
  name: "early",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: (_, { bundle = {} }) =>
      Object.values(bundle)
        .filter((file) => file.type === "chunk" && file.isEntry && file.name === "early")
        .map(({ fileName }) => ({
          tag: "script",
          attrs: {
            type: "module",
            async: true,
            crossorigin: true,
            fetchpriority: "high",
            src: `/${fileName}`,
          },
          injectTo: "body-prepend",
        })),
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
    test: /\/(preact|preact-iso)\/|\/src\/(lib\/(api|auth|debug|documents|format|idempotency|pause|problems|wire)|ui\/(Ask|hooks|Icon|later|Problem|Shell|Title))\.tsx?$/,
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
  plugins: [early(), preloads()],
  build: {
    outDir: "../functions/web/static",
    emptyOutDir: true,
    target: "es2022",
    // Inlined assets would be data: addresses, which the page's security policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", early: "src/early.ts" },
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: GROUPS } },
    },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
