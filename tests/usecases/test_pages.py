"""The archive's pages.pdf: wanted or not, drawn once, gone with the archive."""

from imagebatch.ports import BadMembersError, StoredMember
from tests.usecases.world import World

KEY, ZIP = "archives/b1/1-1.pages.pdf", "archives/b1/1-1.zip"
PDF = {"include_pdf": True}


def members(world: World) -> list[str]:
    return [member.name for member in world.builder.built[ZIP]]


def test_without_asking_there_is_no_pdf(world: World) -> None:
    world.run(2)
    assert not world.pages.drawn
    assert "pages.pdf" not in members(world)


def test_the_pdf_follows_its_images(world: World) -> None:
    world.run(2, options=PDF)
    assert members(world)[:3] == ["car-0.png", "car-1.png", "pages.pdf"]
    stored = [each for each in world.builder.built[ZIP] if isinstance(each, StoredMember)]
    assert world.pages.drawn[KEY] == stored[:2]


def test_the_pdf_has_a_call_of_its_own_and_is_drawn_once(world: World) -> None:
    world.start(2, options=PDF)
    world.drain()
    assert world.finalize.build(world.which) == {"done": False}
    assert ZIP not in world.builder.built
    world.pages.faults.append(AssertionError("drawn twice"))
    assert world.finalize.build(world.which)["done"] is True
    assert "pages.pdf" in members(world)


def test_without_an_image_there_is_nothing_to_draw(world: World) -> None:
    world.start(2, options=PDF)
    world.cancel_batch("ann", "b1")
    world.drain()
    world.finish()
    assert not world.pages.drawn


def test_an_image_lost_while_drawing_is_a_failed_row(world: World) -> None:
    world.start(3, options=PDF)
    world.drain()
    world.pages.faults.append(BadMembersError({"car-1.png": "the stored image is gone"}))
    world.finish()
    assert world.statuses == "sfs"
    assert [image.name for image in world.pages.drawn[KEY]] == ["car-0.png", "car-2.png"]
    assert members(world)[:3] == ["car-0.png", "car-2.png", "pages.pdf"]


def test_an_image_lost_after_drawing_is_in_neither(world: World) -> None:
    world.start(3, options=PDF)
    world.drain()
    world.builder.faults.append(BadMembersError({"car-0.png": "the stored image is gone"}))
    world.finish()
    assert world.statuses == "fss"
    assert [image.name for image in world.pages.drawn[KEY]] == ["car-1.png", "car-2.png"]
    assert members(world)[:3] == ["car-1.png", "car-2.png", "pages.pdf"]


def test_the_pdf_goes_with_the_archive(world: World) -> None:
    world.run(1, options=PDF)
    which = world.which
    world.clock.advance(6 * 3600 + 1)
    world.finalize.delete(which)
    assert not world.pages.drawn


def test_giving_up_leaves_no_pdf(world: World) -> None:
    world.start(1, options=PDF)
    world.drain()
    world.finalize.build(world.which)
    world.finalize.give_up(world.which)
    assert not world.pages.drawn
