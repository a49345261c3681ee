import re
from base64 import b64decode
from copy import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import unquote

from imagebatch.domain.batch import Batch
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.notice import warning
from imagebatch.domain.round_state import RoundState
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.reports.contact_sheet import contact_sheet
from imagebatch.reports.results import Result

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BATCH = Batch(
    id="b5f0c9e2a7d14c3f",
    owner="local",
    kind=Kind.CARS,
    mode=Mode.LIVE,
    model="google/imagen-3",
    state=RoundState(counts=Counts(succeeded=1)),
    created_at=NOW,
    retention_ends_at=NOW + timedelta(days=7),
    name="Spring hub",
)
ITEM = Item(
    index=0,
    custom_id="row-0002",
    row=2,
    prompt="Studio shot of a car",
    stem="car",
    price=Decimal("0.05"),
    cost=Decimal("0.05"),
    image=Image("k", "image/png", 9, 1, "etag", 1024, 768),
)
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def shown(file: str = "car.png", **changes: object) -> Result:
    cells = ("Toyota", "", "Corolla")
    item = replace(ITEM, **changes)  # type: ignore[arg-type]
    return Result(item, ItemStatus.SUCCEEDED, cells, file, None)


def failed(reason: str = "The provider refused the prompt", row: int = 7) -> Result:
    item = replace(ITEM, row=row, index=row - 2, custom_id=f"row-{row:04}", cost=Decimal("0.05"))
    failure = Failure(FailureCode.CONTENT_REFUSED, reason)
    return Result(item, ItemStatus.FAILED, ("Honda", "Jazz"), "", failure)


class Page(HTMLParser):
    """The page's elements and its text, and whether every element was closed in order."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.open: list[str] = []
        self.feed(body.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(*results: Result, **changes: object) -> Page:
    return Page(contact_sheet(replace(BATCH, **changes), results))  # type: ignore[arg-type]


def test_every_image_is_shown_with_its_row() -> None:
    found = page(shown("a.png"), shown("b.png", row=3, custom_id="row-0003"))
    assert [image["src"] for image in found.all("img")] == ["a.png", "b.png"]
    for words in ("Row 2", "Row 3", "row-0003", "Toyota · Corolla", "Studio shot of a car"):
        assert words in found.text


def test_an_image_keeps_its_place_before_it_is_loaded() -> None:
    image = page(shown()).all("img")[0]
    assert (image["width"], image["height"], image["loading"]) == ("1024", "768", "lazy")
    assert image["alt"] == "Toyota · Corolla"


def test_the_header_tells_counts_cost_and_model() -> None:
    found = page(shown(), failed())
    for words in ("Spring hub", "1 of 2", "0.10 USD", "google/imagen-3", "2026-11-20 09:00 UTC"):
        assert words in found.text


def test_failed_rows_are_listed_with_their_reason() -> None:
    found = page(shown(), failed())
    for words in ("1 row failed", "Row 7", "Honda · Jazz", "The provider refused the prompt"):
        assert words in found.text


def test_fully_failed_batch_has_a_page_without_images() -> None:
    found = page(failed(), failed(row=8))
    assert found.all("img") == []
    assert "2 rows failed" in found.text


def test_placeholders_are_called_what_they_are() -> None:
    assert "Development mode" in page(shown(), mode=Mode.DEVELOPMENT).text
    assert "Development mode" not in page(shown()).text


def test_what_people_typed_is_only_ever_text() -> None:
    evil = shown(custom_id=EVIL, prompt=EVIL, archive_dir=EVIL)
    evil = replace(evil, cells=(EVIL,), file=f"{EVIL}.png")
    found = page(evil, failed(EVIL), name=EVIL, model=EVIL)
    assert found.all("script") == []
    assert len(found.all("img")) == 1
    assert not [a for _, attributes in found.elements for a in attributes if a.startswith("on")]
    assert found.text.count(EVIL) >= 7


def test_any_file_name_is_found_from_the_page() -> None:
    name = "トヨタ #1 100%?.png"
    source = page(shown(name)).all("img")[0]["src"]
    assert source is not None
    assert unquote(source) == name
    assert re.fullmatch(r"[\w%/.~-]+", source, re.ASCII)


def test_a_file_name_cannot_become_a_script() -> None:
    source = page(shown("javascript:alert(1).png")).all("img")[0]["src"]
    assert source == "javascript%3Aalert%281%29.png"


def test_page_loads_only_archive_images_and_own_style() -> None:
    found = page(shown())
    policy = found.all("meta")[1]["content"] or ""
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "'self' file:"
    digest = re.fullmatch(r"'sha256-(.+)'", rules["style-src"])
    assert digest is not None
    assert b64decode(digest[1]) == sha256(found.style.encode()).digest()
    assert not [attributes for _, attributes in found.elements if "style" in attributes]
    assert "url(" not in found.style


def test_variants_have_a_heading_each() -> None:
    found = page(
        shown("A/1.png", archive_dir="Shirt Red"), shown("B/1.png", archive_dir="Shirt Blue")
    )
    assert len(found.all("h2")) == 2
    assert "Shirt Blue" in found.text


def test_the_sheets_notices_are_on_the_page() -> None:
    notices = (warning("nameless-rows", EVIL, 4),)
    page = Page(contact_sheet(replace(BATCH, notices=notices), [shown()]))
    assert f"Warning: row 4: {EVIL}" in page.text
    assert "script" not in [name for name, _ in page.elements]
