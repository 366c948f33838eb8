"""The style sheet of the report: light, dark, on a phone, on paper."""

CSS = """
:root { color-scheme: light dark; --ink: #1c2024; --faint: #5b6470; --page: #ffffff; --panel: #f4f6f8;
  --line: #d4dae0; --accent: #0b5c8a; --good: #1d6b3a; --bad: #a3321f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --faint: #a3adb8; --page: #15181c; --panel: #1f242a;
  --line: #3a424b; --accent: #7cc0ea; --good: #7fd09b; --bad: #f29a86; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main, header, footer { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 2.75rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
.question { font-size: 1.15rem; color: var(--ink); }
.source, small, figcaption { color: var(--faint); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; padding: 0; margin: 1.25rem 0 0; }
.verdict { border-left: .3rem solid var(--good); background: var(--panel); padding: .6rem 1rem; margin: 1.25rem 0; }
.verdict.bad { border-color: var(--bad); }
.verdict p { margin: .25rem 0; max-width: none; }
.scroll { overflow-x: auto; margin: .75rem 0; }
.scroll:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll table { width: max-content; }
tbody th[scope=row] { max-width: 21rem; }
table { font-size: .92rem; line-height: 1.35; border-collapse: collapse !important; border-spacing: 0 !important; }
body { counter-reset: table figure; }
.scroll caption::before { counter-increment: table; content: "Table " counter(table) ". "; }
figcaption::before { counter-increment: figure; content: "Figure " counter(figure) ". "; font-weight: 600; }
caption { white-space: normal !important; width: auto !important; padding-bottom: .35rem; }
th, td { padding: .18rem .7rem .18rem 0; vertical-align: baseline; }
thead th { border-bottom: 1px solid var(--ink); font-weight: 600; color: var(--faint); }
tbody th { font-weight: 400; }
th[scope=rowgroup] { font-weight: 600; padding-top: .5rem; }
tbody tr:last-child th, tbody tr:last-child td { padding-bottom: .3rem; }
table + p { margin: .1rem 0 0; }
math { font-size: 1.12rem; margin: .5rem 0; }
mtd { padding: .22rem .15rem; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .3rem; padding: .8rem 1rem;
  overflow-x: auto; font-size: .86rem; line-height: 1.4; }
code { font-family: ui-monospace, "Liberation Mono", Menlo, Consolas, monospace; }
blockquote.paste { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: .3rem;
  padding: .1rem 1rem; }
blockquote.paste p { max-width: none; }
.conclusion { border-left: .3rem solid var(--line); padding-left: .9rem; font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem 2rem; margin: 1.25rem 0; }
figure { margin: 0; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff; border-radius: .3rem; }
figcaption { font-size: .88rem; margin-top: .35rem; }
footer { color: var(--faint); font-size: .85rem; padding-top: 2.5rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) { body { font-size: .97rem; } h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; }
  main, header, footer { padding-left: .9rem; padding-right: .9rem; } table { font-size: .85rem; }
  tbody th[scope=row] { max-width: 9rem; }
  figure.wide { overflow-x: auto; max-width: 100% !important; } figure.wide img { max-width: none; } }
@media (min-width: 48rem), print { caption { white-space: nowrap !important; width: 0 !important; } }
@media print { :root { --ink: #000; --faint: #333; --page: #fff; --panel: #fff; --line: #999; --accent: #000;
    --good: #000; --bad: #000; color-scheme: light; }
  @page { margin: 18mm 15mm; }
  body { font-size: 10pt; } nav { display: none; } main, header, footer { max-width: none; padding: 0; }
  h2, h3, caption { break-after: avoid; } tr, figure, .verdict { break-inside: avoid; }
  thead { display: table-header-group; } pre, .scroll.long { break-inside: auto; }
  .scroll, blockquote.paste { break-inside: avoid; } .scroll + .scroll.long { break-before: auto; }
  .long thead, .long tbody:first-of-type tr:nth-child(-n+3), .long tr:nth-last-child(3), .long tr:nth-last-child(2)
    { break-after: avoid; }
  .scroll { overflow: visible; } .scroll table { width: auto; }
  .figures { gap: 1rem 4%; } figure:not(.wide) { width: 48%; } .conclusion { break-before: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; } table { font-size: 9pt; } }
"""
