"""`imagebatch verify`: a ZIP against its own record and, signed in, against the service."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image

from imagebatch.domain.provenance import Mark
from imagebatch.usecases.mark_image import find_mark, with_statements
from imagebatch_cli import app
from imagebatch_cli.marks import mark_of
from testing.effort import examples
from testing.fake_api import Answer, FakeApi, problem
from testing.image_mutants import bases, mutants, saved
from tests.formats.test_image_xmp import STATEMENTS, with_manifest

SIGNED = [with_manifest(saved(Image.new("RGB", (9, n), "red"), "PNG")) for n in range(1, 8)]
MARKED = [with_statements(body, STATEMENTS) for body in bases()[:3]]
IMAGES = {f"car-{n}.png": body for n, body in enumerate([*SIGNED, *MARKED])}
RECORDED = "10 images: 7 with the provider's C2PA, 3 marked by us, 0 unmarked, 0 altered"
STATUS = "/api/v1/batch/b1/status"

type Files = dict[str, bytes]


def entry(name: str, body: bytes) -> dict[str, Any]:
    return {
        "file": name,
        "custom_id": name.removesuffix(".png"),
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "model": "google/nano-banana-2.1",
        "prediction": "p",
        "mark": find_mark(body).value,
        "found": "none" if body in MARKED else find_mark(body).value,
        "added": body in MARKED,
    }


def record(images: Mapping[str, bytes] = IMAGES) -> dict[str, Any]:
    entries = [entry(name, body) for name, body in images.items()]
    return {"format": 1, "batch": {"id": "b1"}, "images": entries}


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    def write(files: Mapping[str, bytes] = IMAGES, told: Any = None) -> Path:
        path = tmp_path / "cars.zip"
        with zipfile.ZipFile(path, "w") as made:
            for name, body in files.items():
                made.writestr(name, body)
            made.writestr("results.csv", "row\n")
            if told is not False:
                made.writestr("provenance.json", json.dumps(record() if told is None else told))
        return path

    return write


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    monkeypatch.delenv("IMAGEBATCH_URL", raising=False)
    monkeypatch.delenv("IMAGEBATCH_TOKEN", raising=False)
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path / "config"))
    return lambda *words: app.run(["verify", *map(str, words)])


def test_an_untouched_archive_matches_its_record(
    run: Any, archive: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(archive()) == 0

    assert capsys.readouterr().out.splitlines() == [
        RECORDED,
        "cars.zip matches its own record.",
    ]


def change_a_byte(files: Files) -> str:
    body = bytearray(files["car-3.png"])
    body[-20] ^= 1
    files["car-3.png"] = bytes(body)
    return "car-3.png: does not match its record"


def swap_two(files: Files) -> str:
    files["car-1.png"], files["car-9.png"] = files["car-9.png"], files["car-1.png"]
    return "car-1.png: does not match its record"


def remove_one(files: Files) -> str:
    del files["car-0.png"]
    return "car-0.png: is not in the ZIP"


def add_one(files: Files) -> str:
    files["car-99.png"] = SIGNED[0]
    return "car-99.png: is not in the record"


@pytest.mark.parametrize("change", [change_a_byte, swap_two, remove_one, add_one])
def test_what_differs_is_named(
    run: Any, archive: Any, capsys: pytest.CaptureFixture[str], change: Callable[[Files], str]
) -> None:
    files = dict(IMAGES)
    said = change(files)

    assert run(archive(files)) == 1

    out = capsys.readouterr().out
    assert said in out
    assert "matches its own record" not in out


@pytest.mark.slow
def test_every_changed_byte_of_every_image_is_found(run: Any, archive: Any) -> None:
    random = Random(20)  # noqa: S311
    for name, body in IMAGES.items():
        for _ in range(3):
            changed = bytearray(body)
            changed[random.randrange(len(body))] ^= 1 << random.randrange(8)
            assert run(archive(IMAGES | {name: bytes(changed)}), "--json") == 1


def test_a_member_whose_bytes_are_damaged_is_altered(run: Any, archive: Any) -> None:
    path = archive()
    body = path.read_bytes()
    path.write_bytes(body.replace(MARKED[0], MARKED[0][:-1] + b"?"))

    assert run(path) == 1


def test_a_record_that_claims_another_mark_is_found(
    run: Any, archive: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told = record()
    told["images"][8]["mark"] = "c2pa"

    assert run(archive(told=told)) == 1
    assert "car-8.png: is recorded as c2pa, and has xmp" in capsys.readouterr().out


def test_json_has_every_finding(run: Any, archive: Any, capsys: pytest.CaptureFixture[str]) -> None:
    files = dict(IMAGES)
    remove_one(files)

    assert run(archive(files), "--json") == 1

    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["c2pa"], told["markedByUs"], told["unmarked"]) == (10, 6, 3, 0)
    assert told["findings"] == [
        {"file": "car-0.png", "kind": "missing", "message": "is not in the ZIP"}
    ]


def test_rejected_pictures_are_no_part_of_the_record(run: Any, archive: Any) -> None:
    assert run(archive(IMAGES | {"rejected/car-3.png": b"blank"})) == 0


def test_an_image_from_before_checksums_is_counted(
    run: Any, archive: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    told = record()
    told["images"][0] |= {"sha256": None, "mark": None}

    assert run(archive(told=told)) == 0
    assert "1 without a recorded checksum" in capsys.readouterr().out


@pytest.mark.parametrize("told", [False, [], {"images": 3}, {"images": [{}]}, {"images": [[]]}])
def test_without_a_record_there_is_nothing_to_verify(run: Any, archive: Any, told: Any) -> None:
    assert run(archive(told=told)) == 3


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\5\6" + bytes(18)])
def test_what_is_no_archive_is_refused(run: Any, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "cars.zip"
    path.write_bytes(body)

    assert run(path) == 3
    assert run(tmp_path / "nowhere.zip") == 3


@pytest.fixture
def signed_in(api: FakeApi, run: Any, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "secret-token")
    return api


def service_has(api: FakeApi, images: Mapping[str, bytes]) -> None:
    items = [
        {"custom_id": told["custom_id"], "file": told["file"], "sha256": told["sha256"]}
        for told in record(images)["images"]
    ]
    api.answers["GET", STATUS] = Answer(200, {"items": items, "next_cursor": None})


@pytest.mark.slow
def test_signed_in_the_service_is_asked_too(
    run: Any, archive: Any, signed_in: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    service_has(signed_in, IMAGES)
    assert run(archive()) == 0
    assert "It matches the service's records." in capsys.readouterr().out

    service_has(signed_in, IMAGES | {"car-2.png": MARKED[0]})
    assert run(archive()) == 1
    out = capsys.readouterr().out
    assert "car-2.png: the service has another image for this item" in out
    assert "cars.zip matches its own record." in out

    asked = len(signed_in.sent("GET", STATUS))
    assert run(archive(), "--offline") == 0
    assert len(signed_in.sent("GET", STATUS)) == asked


def test_missing_batch_is_reported_and_changes_nothing(
    run: Any, archive: Any, signed_in: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.answers["GET", STATUS] = problem(404, "Job not found")

    assert run(archive()) == 0
    assert "Not compared with the service: Job not found." in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_command_line_and_service_find_the_same_marks() -> None:
    seen = set()
    for body in [*mutants(examples(1_000), seed=20), *SIGNED, *MARKED]:
        seen.add(find_mark(body))
        assert mark_of(body) == find_mark(body).value
    assert seen == set(Mark)
