from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake import headers
from imagebatch.intake.row_checks import RowProblem, check_rows
from imagebatch.intake.sheet import MAX_BYTES, Sheet, read_sheet

SHEETS = Path(__file__).parents[1] / "data" / "sheets"
EXPORTS = sorted(path for path in SHEETS.iterdir() if not path.name.startswith("."))


def read(text: str | bytes, max_rows: int = 50) -> Sheet:
    return read_sheet(text.encode() if isinstance(text, str) else text, max_rows=max_rows)


def refusal(body: str | bytes, max_rows: int = 50) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        read(body, max_rows)
    return caught.value


def problems(text: str) -> list[RowProblem]:
    return check_rows(read(text))


# --- what spreadsheets export ---------------------------------------------------------------------


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.name)
def test_what_spreadsheets_export_is_read(path: Path) -> None:
    sheet = read(path.read_bytes())
    assert [row.values["model"] for row in sheet.rows] == ["Octavia", "C3", "E 220 d"]
    assert sheet.rows[0].values == {
        "make": "Škoda",
        "model": "Octavia",
        "body_style": "Kombi",
        "trim": "RS",
        "year": "2024",
        "color": "grün",
        "background": "white",
        "aspect_ratio": "16:9",
    }
    assert sheet.rows[1].values["make"] == "Citroën"
    assert sheet.rows[1].values["color"] == "weiß"


def test_only_a_detected_encoding_gets_a_notice() -> None:
    notices = {path.name: read(path.read_bytes()).notices for path in EXPORTS}
    noted = {
        name: [n.message for n in all_ if n.code == "encoding"] for name, all_ in notices.items()
    }
    assert {name for name, messages in noted.items() if messages} == {"excel-de-windows-1252.csv"}
    assert "windows-1252" in noted["excel-de-windows-1252.csv"][0]


def test_quoted_line_break_stays_in_its_cell() -> None:
    sheet = read((SHEETS / "excel-quoted-line-break.csv").read_bytes())
    assert sheet.rows[1].values["trim"] == 'Shine\nPack "Hiver"'
    assert [row.row for row in sheet.rows] == [2, 3, 4]


def test_surrounding_empty_rows_and_columns_are_ignored() -> None:
    sheet = read((SHEETS / "excel-empty-rows-and-columns.csv").read_bytes())
    assert [row.row for row in sheet.rows] == [2, 4, 6]
    assert sheet.warnings == ("Columns without a name are ignored: 2.",)


# --- header and rows ------------------------------------------------------------------------------


def test_header_names_are_trimmed_and_case_does_not_count() -> None:
    sheet = read(" MAKE , Aspect_Ratio\n Audi , 16:9 \n")
    assert sheet.rows[0].values == {"make": "Audi", "aspect_ratio": "16:9"}
    assert sheet.header == (" MAKE ", " Aspect_Ratio")
    assert sheet.rows[0].cells == (" Audi ", " 16:9 ")


def test_an_unknown_column_is_ignored_and_reported() -> None:
    sheet = read("make,Price,Body Style\nAudi,1,suv\n")
    assert sheet.rows[0].values == {"make": "Audi", "body_style": "suv"}
    assert sheet.warnings == ("Unknown columns are ignored: Price.",)


@pytest.mark.slow
def test_only_the_unknown_columns_that_are_listed_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = Mock(wraps=headers.get_close_matches)
    monkeypatch.setattr(headers, "get_close_matches", compared)
    names = [f"extra {number}" for number in range(16_000)]
    [warning] = read("\n".join([",".join(["make", *names])] * 2)).warnings
    assert compared.call_count <= 300
    assert warning.endswith("extra 8, extra 9 and 15990 more.")


def test_repeated_column_uses_the_first_with_a_notice() -> None:
    sheet = read("make,Make \nAudi,BMW\n")
    assert sheet.rows[0].values == {"make": "Audi"}
    assert sheet.warnings == ("Only the first column of each name is read: make.",)


def test_a_missing_column_or_an_empty_value_is_fine() -> None:
    assert [row.values for row in read("make,model\nAudi,\n").rows] == [{"make": "Audi"}]


@pytest.mark.parametrize("blank", ["", ",", ",,", ",,,,", '"",""'])
def test_blank_line_is_skipped_but_numbered(blank: str) -> None:
    sheet = read(f"make,model\n{blank}\nAudi,A4\n{blank}\n{blank}\nBMW,i3\n{blank}\n")
    assert [row.row for row in sheet.rows] == [3, 6]


def test_a_blank_line_before_the_header_is_skipped() -> None:
    assert [row.row for row in read(",,\n\nmake,model\nAudi,A4\n").rows] == [4]


def test_a_sheet_of_one_column_needs_no_delimiter() -> None:
    assert [row.values["make"] for row in read("make\nAudi\nBMW\n").rows] == ["Audi", "BMW"]


# --- refusals, in their order ---------------------------------------------------------------------


def test_zero_bytes_are_no_file() -> None:
    error = refusal(b"")
    assert (status_of(error), error.kind) == (400, "csv-required")
    assert error.error == "CSV file is required"


def test_sheet_over_five_megabytes_is_too_large() -> None:
    error = refusal(b"\x00" * (MAX_BYTES + 1))
    assert (status_of(error), error.kind) == (413, "too-large")
    assert "5 MB" in error.error


@pytest.mark.parametrize(
    ("sheet", "detail"),
    [
        ('make,model\n\nAudi,"A4\n', ("Quotes", "MissingQuotes", "Quoted field unterminated", 3)),
        (
            'make,model\nAudi,"A"4\n',
            ("Quotes", "InvalidQuotes", "Trailing quote on quoted field is malformed", 2),
        ),
        (
            "make,model\nAudi,A4,x\n",
            (
                "FieldMismatch",
                "TooManyFields",
                "Too many fields: expected 2 fields but parsed 3",
                2,
            ),
        ),
    ],
)
def test_a_malformed_sheet_is_refused_in_papaparse_s_words(
    sheet: str, detail: tuple[str, str, str, int]
) -> None:
    error = refusal(sheet)
    assert (status_of(error), error.error, error.kind) == (400, "Malformed CSV", "malformed-csv")
    words = ("type", "code", "message", "row")
    assert dict(zip(words, detail, strict=True)) in error.details


@pytest.mark.parametrize(
    ("body", "code", "row"),
    [
        (b"make,model\nAudi,A\x004\n", "ControlCharacter", 2),
        (b'make,model\n"Au\ndi",A4\nBMW,\x1b[31mi3\n', "ControlCharacter", 3),
        (b"make,model\nAudi,\x7f\n", "ControlCharacter", 2),
        (b"make,model\nAudi,\xc2\x85\n", "ControlCharacter", 2),
        (b"make\nAudi\x00\n", "ControlCharacter", 2),
    ],
)
def test_bytes_that_are_no_text_are_malformed(body: bytes, code: str, row: int) -> None:
    error = refusal(body)
    assert error.error == "Malformed CSV"
    assert [(d["code"], d["row"]) for d in error.details] == [(code, row)]


@pytest.mark.parametrize(
    "body",
    [
        b"make,model\nAudi,caf\xe9 \x81\n",
        b"make\nAudi\nCitro\xebn\n",
        b"\xef\xbb\xbfmake\nAudi\nCitro\xebn\n",
        b"\xff\xfe" + "make\nAudi".encode("utf-16-le") + b"\x00\xd8",
        b"\xff\xfe" + "make\nAudi".encode("utf-16-le") + b"x",
        "make\nжёлтый\n".encode("koi8-r"),
        "make\nトヨタ\n".encode("iso2022_jp"),
    ],
)
def test_bytes_of_an_unclear_encoding_are_asked_about(body: bytes) -> None:
    error = refusal(body)
    assert (status_of(error), error.error) == (400, "Encoding not recognised")
    assert all(detail.keys() >= {"encoding", "sample"} for detail in error.details)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-16"])
def test_utf_16_and_32_are_read(encoding: str) -> None:
    assert read("make,model\nŠkoda,日産\n".encode(encoding)).rows[0].values["make"] == "Škoda"


def test_a_header_without_a_known_column_is_malformed() -> None:
    error = refusal("\nfoo,bar\n1,2\n")
    assert error.error == "Malformed CSV"
    assert error.details[0]["row"] == 2


def test_a_sheet_with_a_row_too_many_is_refused() -> None:
    rows = "Audi\n" * 3
    assert len(read(f"make\n{rows}", max_rows=3).rows) == 3
    error = refusal(f"make\n{rows}", max_rows=2)
    assert (error.error, error.kind) == ("Row limit exceeded (max 2)", "row-limit")


@pytest.mark.parametrize(
    "sheet", ["make,model\n", "make", " \r\n \n", ",,,\n,,,\n", "\ufeff", "make,model\n\n,\n\n"]
)
def test_a_sheet_without_data_has_no_rows(sheet: str) -> None:
    error = refusal(sheet)
    assert (status_of(error), error.error, error.kind) == (400, "No data rows found", "no-rows")


def test_malformed_sheet_over_row_limit_is_malformed() -> None:
    assert refusal("make,model\n" + "a,b\n" * 9 + "a,b,c\n", max_rows=2).error == "Malformed CSV"


# --- values ---------------------------------------------------------------------------------------


def test_all_invalid_values_of_all_rows_are_listed() -> None:
    found = problems(
        f"make,background,aspect_ratio\nAudi,hub,16:9\nBMW,whit,2:1\n\n{'x' * 201},White,16x9\n"
    )
    choices = "must be one of 1:1, 16:9, 9:16, 4:3, 3:4"
    assert found == [
        RowProblem(3, "background", "whit", "must be one of white, hub", "white"),
        RowProblem(3, "aspect_ratio", "2:1", choices, "16:9"),
        RowProblem(5, "make", "x" * 199 + "…", "must have at most 200 characters, has 201"),
        RowProblem(5, "aspect_ratio", "16x9", choices, "16:9"),
    ]


@pytest.mark.parametrize("value", ["white", "White", "HUB", " hub "])
def test_case_and_space_do_not_count_in_a_background(value: str) -> None:
    assert problems(f"make,background\nAudi,{value}\n") == []


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ("16x9", "16:9"),
        ("16/9", "16:9"),
        ("16 : 9", "16:9"),
        ("16:09:00", "16:9"),
        ("04:03", "4:3"),
        ("2:1", "16:9"),
        ("2:3", "3:4"),
        ("1:3", "9:16"),
        ("square", "1:1"),
        ("0:0", None),
        ("big", None),
    ],
)
def test_the_aspect_ratio_that_was_meant_is_suggested(value: str, suggestion: str | None) -> None:
    [problem] = problems(f"make,aspect_ratio\nAudi,{value}\n")
    assert problem.suggestion == suggestion


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [("Showroom", "hub"), ("hubb", "hub"), ("off-white", "white"), ("wite", "white"), ("x", None)],
)
def test_the_background_that_was_meant_is_suggested(value: str, suggestion: str | None) -> None:
    [problem] = problems(f"make,background\nAudi,{value}\n")
    assert problem.suggestion == suggestion


def test_length_limit_applies_only_to_read_columns() -> None:
    assert problems(f"make,notes\n{'x' * 200},{'y' * 1000}\n") == []


def test_repeated_custom_id_is_reported_for_later_row() -> None:
    assert problems("make,custom_id\nAudi,a\nBMW,b\nOpel,a\n") == [
        RowProblem(4, "custom_id", "a", "is already the custom_id of row 2")
    ]


def test_custom_id_may_not_equal_anothers_default() -> None:
    found = problems("make,custom_id\nAudi,row-0003\nBMW,\n")
    assert [(p.row, p.column) for p in found] == [(2, "custom_id")]


def test_default_looking_ids_are_allowed_if_unique() -> None:
    assert problems("make,custom_id\nAudi,row-0003\nBMW,row-0004\nOpel,row-0002\n") == []


def test_a_custom_id_has_at_most_64_characters() -> None:
    assert problems(f"make,custom_id\nAudi,{'x' * 64}\n") == []
    assert [p.column for p in problems(f"make,custom_id\nAudi,{'x' * 65}\n")] == ["custom_id"]


# --- anything at all -----------------------------------------------------------------------------


def test_the_list_of_faults_has_an_end() -> None:
    assert len(refusal("make,model\n" + "a,b,c\n" * 10_000).details) == 100


def answer(body: bytes) -> Sheet | InvalidRequestError:
    try:
        return read(body)
    except InvalidRequestError as error:
        return error


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sheet_or_a_refusal(body: bytes) -> None:
    outcome = answer(body)
    if isinstance(outcome, Sheet):
        assert all(len(row.cells) == len(outcome.header) for row in outcome.rows)
        "".join(cell for row in outcome.rows for cell in row.cells).encode()
    else:
        assert status_of(outcome) == 400
