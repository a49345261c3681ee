"""docs/performance.md says what bench/results.json holds."""

from bench import document, report


def test_the_page_shows_the_kept_results() -> None:
    _, _, shown = document.PAGE.read_text().partition(document.HEADING)
    assert shown == document.measured(report.kept(), report.ROWS)


def test_the_drawing_shows_the_kept_results() -> None:
    assert document.DRAWING.read_text() == document.drawing(report.kept())


def test_every_row_is_described() -> None:
    before, _, _ = document.PAGE.read_text().partition(document.HEADING)
    assert [row for row in report.ROWS if f"(`{row}`)" not in before] == []
