"""Renders a sheet before it is a batch: its dry run, its corrections, its templates."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from imagebatch_cli.corrections import Correction
from imagebatch_cli.output import plain, table
from imagebatch_cli.render import images, mode, money
from imagebatch_cli.sheet import Document

MAX_ROWS_SHOWN = 50


def plan(answer: Document, *, rows: bool) -> RenderableType:
    """Render a dry run: the number of images and the price; every row only on request."""
    items = answer["items"]
    problems = [item for item in items if item.get("reason")]
    shown = items if rows else problems[:MAX_ROWS_SHOWN]
    parts: list[RenderableType] = [_plan_table(shown)] if shown else []
    more = (answer["total"] if rows else len(problems)) - len(shown)
    if more > 0:
        parts.append(Text(f"and {more:,} more rows"))
    cost = money(answer.get("estimatedCost"))
    parts.append(Text(f"Valid: {images(answer['total'])}, about {cost}{mode(answer)}."))
    if not rows:
        parts.append(Text("Prompts and file names: --rows", style="dim"))
    return Group(*parts)


def corrections(made: list[Correction], file: str) -> RenderableType:
    """Render the changes of a sheet, and where it was written."""
    changes = "1 correction" if len(made) == 1 else f"{len(made):,} corrections"
    said = Text(f"{changes}, written to {'standard output' if file == '-' else plain(file)}.")
    if not made:
        return said
    listed = table("row", "column", "before", "after")
    for each in made:
        row = "header" if each.row is None else str(each.row)
        listed.add_row(row, *(Text(plain(s)) for s in (each.column, each.before, each.after)))
    return Group(listed, said)


def templates(answer: Document) -> RenderableType:
    listed = table("name", "prompt", ids=1)
    for each in answer["items"]:
        name = plain(each["name"]) + (" (built in)" if each.get("builtIn") else "")
        listed.add_row(name, Text(plain(each["prompt"])))
    return listed


def template(answer: Document) -> RenderableType:
    """Render the fields that are set, and the rules of columns as the service returns them."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for label in ("name", "prompt", "fileName", "model", "aspectRatio", "quality", "updatedAt"):
        if answer.get(label):
            grid.add_row(Text(label, style="dim"), Text(plain(answer[label])))
    for name, rules in (answer.get("columns") or {}).items():
        said = ", ".join(f"{rule} {plain(value)}" for rule, value in rules.items() if value)
        grid.add_row(Text("column", style="dim"), Text(f"{plain(name)}: {said or 'any value'}"))
    return grid


def _plan_table(items: list[Document]) -> Table:
    rows = table("row", "file", "prompt", "price")
    for item in items:
        rows.add_row(
            plain(item.get("row")),
            Text(plain(item.get("file"))),
            _prompt(item),
            money(item.get("price")),
        )
    return rows


def _prompt(item: Document) -> Text:
    """Return the prompt, or for a skipped row the reason."""
    if item.get("reason"):
        return Text(f"skipped: {plain(item['reason'])}", style="red")
    return Text(plain(item.get("prompt")))
