"""The archive's pages.pdf: wanted or not, drawn once, gone with the archive."""

from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.archive import BadMembersError, StoredMember
from testing.app_harness import AppHarness

KEY, ZIP = "archives/b1/1-1.pages.pdf", "archives/b1/1-1.zip"
PDF = {"include_pdf": True}


def members(app: AppHarness) -> list[str]:
    return [member.name for member in app.builder.built[ZIP]]


def test_without_asking_there_is_no_pdf(app: AppHarness) -> None:
    app.run(2)
    assert not app.pages.drawn
    assert "pages.pdf" not in members(app)


def test_the_pdf_follows_its_images(app: AppHarness) -> None:
    app.run(2, options=PDF)
    assert members(app)[:3] == ["car-0.png", "car-1.png", "pages.pdf"]
    stored = [each for each in app.builder.built[ZIP] if isinstance(each, StoredMember)]
    assert app.pages.drawn[KEY] == stored[:2]


def test_pdf_is_drawn_once_in_its_own_call(app: AppHarness) -> None:
    app.start(2, options=PDF)
    app.drain()
    assert app.finalize.build(app.finalizer_run) == {"done": False}
    assert ZIP not in app.builder.built
    app.pages.faults.append(AssertionError("drawn twice"))
    assert app.finalize.build(app.finalizer_run)["done"] is True
    assert "pages.pdf" in members(app)


def test_without_an_image_there_is_nothing_to_draw(app: AppHarness) -> None:
    app.start(2, options=PDF)
    app.cancel_batch("ann", "b1")
    app.drain()
    app.finish()
    assert not app.pages.drawn


def test_an_image_lost_while_drawing_is_a_failed_row(app: AppHarness) -> None:
    app.start(3, options=PDF)
    app.drain()
    app.pages.faults.append(BadMembersError({"car-1.png": "the stored image is gone"}))
    app.finish()
    assert app.statuses == "sfs"
    assert [image.name for image in app.pages.drawn[KEY]] == ["car-0.png", "car-2.png"]
    assert members(app)[:3] == ["car-0.png", "car-2.png", "pages.pdf"]


def test_an_image_lost_after_drawing_is_in_neither(app: AppHarness) -> None:
    app.start(3, options=PDF)
    app.drain()
    app.builder.faults.append(BadMembersError({"car-0.png": "the stored image is gone"}))
    app.finish()
    assert app.statuses == "fss"
    assert [image.name for image in app.pages.drawn[KEY]] == ["car-1.png", "car-2.png"]
    assert members(app)[:3] == ["car-1.png", "car-2.png", "pages.pdf"]


def notes(app: AppHarness) -> str:
    [body] = [each.body for each in app.builder.built[ZIP] if each.name == "notes.txt"]  # type: ignore[union-attr]
    return body.decode()


def test_a_page_that_cannot_be_drawn_is_noted(app: AppHarness) -> None:
    app.pages.left_out = ("car-1.png",)

    app.run(2, options=PDF)

    assert members(app)[:3] == ["car-0.png", "car-1.png", "pages.pdf"]
    assert "pages.pdf has no page for car-1.png" in notes(app)


def test_a_pdf_that_cannot_be_drawn_keeps_no_archive(app: AppHarness) -> None:
    app.pages.left_out = ("car-0.png", "car-1.png")

    app.run(2, options=PDF)

    assert app.batch.status is BatchStatus.COMPLETED
    assert members(app)[:3] == ["car-0.png", "car-1.png", "notes.txt"]
    assert "pages.pdf could not be created" in notes(app)


def test_the_pdf_goes_with_the_archive(app: AppHarness) -> None:
    app.run(1, options=PDF)
    finalizer_run = app.finalizer_run
    app.clock.advance(6 * 3600 + 1)
    app.finalize.delete(finalizer_run)
    assert not app.pages.drawn


def test_giving_up_leaves_no_pdf(app: AppHarness) -> None:
    app.start(1, options=PDF)
    app.drain()
    app.finalize.build(app.finalizer_run)
    app.finalize.give_up(app.finalizer_run)
    assert not app.pages.drawn
