import { askEarly } from "./lib/early";

/** The address of the font's file, set by the build. */
declare const FONT: string;

askEarly();
preloadFont();

/** After a batch's data: with HTTP/1.1, a browser has six connections, and the code needs five. */
function preloadFont(): void {
  const link = document.createElement("link");
  link.rel = "preload";
  link.as = "font";
  link.crossOrigin = "";
  link.href = FONT;
  document.head.append(link);
}
