import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

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

export default defineConfig({
  plugins: [early()],
  build: {
    outDir: "../functions/web/static",
    emptyOutDir: true,
    target: "es2022",
    // Inlined assets would be data: addresses, which the page's security policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { input: { index: "index.html", early: "src/early.ts" } },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
