import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    outDir: "../functions/web/static",
    emptyOutDir: true,
    target: "es2022",
    // Inlined assets would be data: addresses, which the page's security policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
