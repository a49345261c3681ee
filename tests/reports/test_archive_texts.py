import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.domain.archive_names import REPORT_FILES
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item, ItemSpec
from imagebatch.domain.item_state import ItemState
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.notice import Notice, warning
from imagebatch.domain.round_state import RoundState
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.formats.visible_text import strip_blank
from imagebatch.intake.sheet import read_sheet
from imagebatch.reports import archive_texts as archive_texts_module
from imagebatch.reports.archive_texts import RESULT_COLUMNS, archive_texts, our_columns
from testing.effort import effort
from testing.records import change_batch, change_item

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HEADER = ("Make", "model", "Notes")
REFUSED = Failure(FailureCode.CONTENT_REFUSED, "The provider refused the prompt")
TIMEOUT = Failure(FailureCode.PROVIDER_TIMEOUT, "No answer within 300 s")


def batch_of(total: int, **changes: object) -> Batch:
    made = Batch(
        id="b5f0c9e2a7d14c3f",
        owner="local",
        kind=Kind.CARS,
        mode=Mode.LIVE,
        model="google/imagen-3",
        state=RoundState(counts=Counts(succeeded=total), status=BatchStatus.ARCHIVING),
        created_at=NOW,
        retention_ends_at=NOW + timedelta(days=7),
        name="Spring hub",
    )
    return change_batch(made, **changes)


def made(index: int, **changes: object) -> Item:
    item = Item(
        index=index,
        custom_id=f"row-{index + 2:04}",
        row=index + 2,
        prompt="Studio shot of a car",
        stem=f"car-{index}",
        price=Decimal("0.05"),
        state=ItemState(status=ItemStatus.SUCCEEDED, round=1, attempts=1, seconds=8.125),
        cost=Decimal("0.05"),
        image=Image(f"k{index}", "image/png", 9, 1, "etag", 1024, 768),
        file=f"car-{index}.png",
    )
    return change_item(item, **changes)


def failed(index: int, failure: Failure = REFUSED, **changes: object) -> Item:
    lost = {"status": ItemStatus.FAILED, "failure": failure, "image": None, "file": None}
    return made(index, **lost, cost=Decimal(0), **changes)


def plan_of(
    items: Sequence[Item],
    cells: Sequence[tuple[str, ...]] = (),
    header: tuple[str, ...] = HEADER,
    delimiter: str = ",",
) -> BatchManifest:
    rows = cells or [("Škoda", "Octavia", f"no. {item.index}") for item in items]
    planned = tuple(
        ItemSpec(
            index=item.index,
            custom_id=item.custom_id,
            row=item.row,
            prompt=item.prompt,
            stem=item.stem,
            price=item.price,
            cells=row if header else (),
        )
        for item, row in zip(items, rows, strict=True)
    )
    return BatchManifest(Kind.CARS, header, planned, (), delimiter)


def texts(
    items: Sequence[Item], plan: BatchManifest | None = None, **changes: object
) -> dict[str, bytes]:
    batch = batch_of(len(items), **changes)
    return {m.name: m.body for m in archive_texts(batch, plan or plan_of(items), items)}


def table(body: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    text = io.StringIO(body.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=delimiter, strict=True))


ARCHIVE_FILES = {"failed_rows.json", "failed_rows.csv", "notes.txt", "results.csv"}
ARCHIVE_FILES |= {"index.html", "provenance.json"}


def test_a_batch_without_failures_has_no_failure_files() -> None:
    assert list(texts([made(0), made(1)])) == ["provenance.json", "results.csv", "index.html"]


def test_failed_rows_json_names_each_failed_row_and_why() -> None:
    found = json.loads(texts([made(0), failed(1), failed(2, TIMEOUT)])["failed_rows.json"])
    assert found == [
        {
            "row": 3,
            "reason": "The provider refused the prompt",
            "custom_id": "row-0003",
            "code": "content_refused",
            "retryable": False,
        },
        {
            "row": 4,
            "reason": "No answer within 300 s",
            "custom_id": "row-0004",
            "code": "provider_timeout",
            "retryable": True,
        },
    ]


def test_failed_item_without_sheet_has_no_row() -> None:
    items = [failed(0, row=None, custom_id="item-0001")]
    found = texts(items, plan_of(items, header=()))
    assert json.loads(found["failed_rows.json"])[0]["row"] is None
    assert "failed_rows.csv" not in found


def test_rows_that_were_cancelled_are_not_failed_rows() -> None:
    pending = made(0, status=ItemStatus.PENDING, round=0, image=None, file=None)
    again = failed(1)
    cancelled = {"cancelling_at": NOW, "round": 2, "status": BatchStatus.ARCHIVING}
    found = texts([pending, again], **cancelled)
    assert list(found) == ["results.csv", "index.html"]
    assert [row["status"] for row in table(found["results.csv"])] == ["cancelled", "cancelled"]


def test_notes_txt_has_a_line_for_each_notice() -> None:
    notices = (
        Notice("encoding", "Read as mac_roman."),
        warning("nameless-rows", "Neither make\nnor model.", 4, "make"),
    )
    found = texts([made(0)], notices=notices)
    assert list(found) == ["notes.txt", "provenance.json", "results.csv", "index.html"]
    assert found["notes.txt"].decode() == (
        "Warning: row 4, make: Neither make nor model.\nNotice: Read as mac_roman.\n"
    )


@pytest.mark.parametrize("broken", ["contact_sheet", "results_csv", "failed_rows_csv"])
def test_a_report_that_cannot_be_made_keeps_no_archive(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> bytes:
        raise RecursionError("too deep")

    monkeypatch.setattr(archive_texts_module, broken, fail)
    told: list[str] = []
    items = [made(0), failed(1)]
    made_texts = archive_texts(
        batch_of(2), plan_of(items), items, (), lambda name, _: told.append(name)
    )

    names = [text.name for text in made_texts]
    assert len(told) == 1
    assert set(names) == ARCHIVE_FILES - set(told)
    assert told[0] in made_texts[0].body.decode()


def test_report_names_are_reserved() -> None:
    notices = (Notice("encoding", "Read as mac_roman."),)

    assert set(texts([made(0), failed(1)], notices=notices)) <= REPORT_FILES


@pytest.mark.parametrize(("cells", "said"), [(("=1+1", "b", "c"), True), (("a", "b", "c"), False)])
def test_exact_cells_that_start_a_formula_are_noted(
    cells: tuple[str, str, str], said: bool
) -> None:
    items = [failed(0)]
    found = texts(items, plan_of(items, [cells]))

    assert (
        "failed_rows.csv has your cells exactly" in found.get("notes.txt", b"").decode()
    ) is said
    assert ("failed_rows.csv has your cells exactly" in found["index.html"].decode()) is said


HOSTILE = [
    ('=HYPERLINK("https://example.org","x")', "@SUM(A1)", "+1"),
    ("-1", "\tcmd", "  =1+1"),
    ("a;b", "a,b", 'say "x"'),
    ("two\r\nlines", "|", "\uff1d1"),
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_failed_rows_csv_can_be_submitted_unchanged(delimiter: str) -> None:
    rows = [("Škoda", "Octavia", "x"), *HOSTILE]
    items = [failed(index) for index in range(len(rows))]
    again = texts(items, plan_of(items, rows, delimiter=delimiter))["failed_rows.csv"]
    sheet = read_sheet(again, max_rows=50)
    assert sheet.header == HEADER
    assert sheet.delimiter == delimiter
    assert [row.cells for row in sheet.rows] == rows


def test_failed_rows_csv_has_only_failed_rows_in_order() -> None:
    items = [made(0), failed(1), made(2), failed(3)]
    rows = table(texts(items)["failed_rows.csv"])
    assert [row["Notes"] for row in rows] == ["no. 1", "no. 3"]
    assert list(rows[0]) == list(HEADER)


def test_results_csv_has_every_row_with_its_result() -> None:
    rows = table(texts([made(0, model="google/imagen-3"), failed(1, attempts=2)])["results.csv"])
    assert list(rows[0]) == [
        *HEADER,
        *(
            "status",
            "file",
            "code",
            "reason",
            "attempts",
            "cost",
            "seconds",
            "image_model",
            "ai_mark",
        ),
    ]
    assert list(rows[0].values()) == [
        *("Škoda", "Octavia", "no. 0"),
        *("succeeded", "car-0.png", "", "", "1", "0.05", "8.125", "google/imagen-3", ""),
    ]
    assert list(rows[1].values()) == [
        *("Škoda", "Octavia", "no. 1"),
        *(
            "failed",
            "",
            "content_refused",
            "The provider refused the prompt",
            "2",
            "0",
            "8.125",
            "",
            "",
        ),
    ]


@pytest.mark.parametrize(
    ("submitted", "status"),
    [
        (("make", "Status"), "image_status"),
        (("make", "status", "image_status"), "image_image_status"),
        (("make", "seconds hand"), "status"),
    ],
)
def test_our_columns_never_repeat_one_of_the_sheets(
    submitted: tuple[str, ...], status: str
) -> None:
    names = our_columns(submitted, RESULT_COLUMNS)
    assert names == [status, *RESULT_COLUMNS[1:]]


def test_image_model_and_car_model_are_separate_columns() -> None:
    assert "image_model" in our_columns(("make", "model"), RESULT_COLUMNS)


def test_results_csv_opens_in_excel_as_utf8() -> None:
    assert texts([made(0)])["results.csv"].startswith(b"\xef\xbb\xbfMake,")


def test_no_cell_of_results_csv_starts_a_formula() -> None:
    evil = Failure(FailureCode.PROVIDER_REJECTED, "=cmd|' /C calc'!A0")
    items = [failed(index, evil) for index in range(len(HOSTILE))]
    plan = plan_of(items, HOSTILE, header=("=make", "model", "Notes"))
    body = texts(items, plan)["results.csv"].decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(body, newline="")) for cell in row]
    assert len(cells) == 12 * (len(HOSTILE) + 1)
    assert not [cell for cell in cells if cell.lstrip()[:1] in {*"=+-@", "\uff1d"} and cell]
    assert not [cell for cell in cells if cell[:1] in {"\t", "\r", "\n"}]
    assert cells[12:15] == [f"'{cell}" for cell in HOSTILE[0]]


FORMULA = re.compile("[=+@\\-\uff1d\uff0b\uff0d\uff20]")
PIECES = st.sampled_from(
    [*"=+-@\uff1d,;\t|\"' ab1", "\r\n", "\u200b", "\ufeff", "\xa0", "\u3164", "=cmd|' /C calc'!A0"]
)


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), min_size=3, max_size=3))
def test_no_reader_finds_a_formula_in_results_csv(row: list[str]) -> None:
    items = [failed(0)]
    body = texts(items, plan_of(items, [(row[0], row[1], row[2])]))["results.csv"]
    text = body.decode("utf-8-sig")
    for delimiter in ",;\t|":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
            for cell in (cell for line in reader for cell in line):
                assert not FORMULA.match(strip_blank(cell.replace('"', ""))), (delimiter, cell)


@pytest.mark.parametrize(
    "cell", ["\u200b=1+1", "\ufeff@SUM(A1)", "\u2800-1", "a;=1", "a\t+1", 'b;"=1"']
)
def test_what_is_invisible_hides_no_formula(cell: str) -> None:
    items = [failed(0)]
    rows = table(texts(items, plan_of(items, [(cell, "b", "c")]))["results.csv"])
    assert "'" in rows[0]["Make"]
    assert rows[0]["Make"].replace("'", "") == cell


def test_conflicting_column_name_is_prefixed() -> None:
    items = [made(0)]
    header = ("Make", "Status", "cost")
    rows = table(texts(items, plan_of(items, [("a", "b", "c")], header=header))["results.csv"])
    assert list(rows[0])[:5] == ["Make", "Status", "cost", "image_status", "file"]
    assert (rows[0]["image_cost"], rows[0]["cost"]) == ("0.05", "c")


def test_results_csv_without_a_sheet_has_the_prompts() -> None:
    items = [made(0, row=None, custom_id="item-0001", prompt="A red boat")]
    row = table(texts(items, plan_of(items, header=()))["results.csv"])[0]
    assert (row["custom_id"], row["prompt"], row["status"]) == (
        "item-0001",
        "A red boat",
        "succeeded",
    )


def test_variant_image_name_includes_its_directory() -> None:
    found = texts([made(0, archive_dir="Shirt-Red")])
    assert table(found["results.csv"])[0]["file"] == "Shirt-Red/car-0.png"
    assert b'src="Shirt-Red/car-0.png"' in found["index.html"]


def test_same_records_give_same_bytes_in_any_attempt() -> None:
    items = [made(0), failed(1)]
    assert texts(items) == texts(items, attempt=2, archiving_at=NOW + timedelta(hours=1))


def test_half_a_surrogate_pair_does_not_stop_the_archive() -> None:
    items = [made(0, prompt="broken \ud83d", row=None)]
    found = texts(items, plan_of(items, header=()))
    assert table(found["results.csv"])[0]["prompt"] == "broken ?"
    assert b"broken ?" in found["index.html"]


@pytest.mark.slow
def test_a_row_costs_no_more_among_many() -> None:
    items = [failed(i) if i % 10 == 0 else made(i) for i in range(4_000)]
    few = items[:400]
    plan, plan_of_few = plan_of(items), plan_of(few)
    ten_times = effort(lambda: texts(items, plan), times=2)
    assert ten_times < 40 * effort(lambda: texts(few, plan_of_few))


@pytest.mark.slow
def test_the_files_of_ten_thousand_rows_stay_small() -> None:
    items = [failed(i) if i % 10 == 0 else made(i) for i in range(10_000)]
    found = texts(items, plan_of(items))
    assert len(json.loads(found["failed_rows.json"])) == 1_000
    assert len(table(found["results.csv"])) == 10_000
    assert sum(map(len, found.values())) < 16 * 1024 * 1024
