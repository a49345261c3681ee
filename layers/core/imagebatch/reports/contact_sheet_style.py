"""How the contact sheet looks; its hash is in the page's content security policy."""

STYLE = """
:root {
  --paper: #fbfbfa; --card: #ffffff; --well: #f1f1ef; --ink: #1c1d1f; --quiet: #5e6166;
  --line: #e2e2df; --link: #0b57a4; --alert: #a3341f; --notice: #fdf3d7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #141517; --card: #1c1e21; --well: #101113; --ink: #ecedee; --quiet: #a2a6ac;
    --line: #2e3136; --link: #86b9ef; --alert: #f09a86; --notice: #3a3117;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 96rem; padding: clamp(1rem, 3vw, 3rem);
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { margin: 0; font-size: 1.75rem; font-weight: 600; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 1rem; font-size: 1.1rem; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.kind, dt, .id, .file, th { color: var(--quiet); font-size: 0.8125rem; }
.facts { display: flex; flex-wrap: wrap; gap: 0.75rem 2rem; margin: 1.25rem 0; }
.facts dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.notice { display: inline-block; padding: 0.4rem 0.75rem; border-radius: 6px;
  background: var(--notice); margin-bottom: 0.75rem; }
.notes { margin: 0.75rem 0 0; padding-inline-start: 1.25rem; overflow-wrap: anywhere; }
header a { color: var(--alert); }
.grid { display: grid; gap: 1rem; margin: 1.5rem 0 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.card { overflow: hidden; padding-bottom: 0.75rem; border: 1px solid var(--line);
  border-radius: 8px; background: var(--card);
  content-visibility: auto; contain-intrinsic-size: auto 20rem; }
.card > :not(a) { padding: 0 0.875rem; overflow-wrap: anywhere; }
.card img { display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: contain;
  background: var(--well); }
.row { display: flex; justify-content: space-between; gap: 0.75rem; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.card > .row { padding-top: 0.625rem; }
.id { font-weight: 400; }
.file { font-family: ui-monospace, "SF Mono", Consolas, monospace; font-size: 0.75rem;
  margin-top: 0.25rem; }
details { margin-top: 0.25rem; font-size: 0.8125rem; color: var(--quiet); }
summary { cursor: pointer; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 0.625rem 1rem 0.625rem 0; border-bottom: 1px solid var(--line);
  text-align: start; vertical-align: top; }
th { font-weight: 500; }
code { font-size: 0.8125rem; }
@media print {
  .card { break-inside: avoid; content-visibility: visible; }
  details { display: none; }
}
"""
