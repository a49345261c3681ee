"""Submitting a sheet: what is sent, what is said, and that nothing is made twice."""

import json
from pathlib import Path

import pytest

from testing.fake_api import BATCH, Answer, FakeApi, Lost, problem, status
from tests.cli.conftest import CARS, Cli

SUBMIT = "/api/car-batch"
DRY_RUN = {
    "dryRun": True,
    "total": 1,
    "estimatedCost": "0.05",
    "mode": "live",
    "warnings": ["duplicate column: make"],
    "items": [
        {
            "row": 2,
            "customId": "row-0002",
            "prompt": "A studio shot of a [bold] Toyota",
            "file": "Toyota-white.png",
            "input": {},
            "price": "0.05",
        }
    ],
}
ROW_ERROR = {
    "row": 7,
    "column": "aspect_ratio",
    "value": "2:1",
    "message": "must be one of 1:1, 16:9",
    "suggestion": "16:9",
}


def test_sheet_is_submitted_unchanged_with_key_and_token(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    done = cli("submit", sheet)
    assert done.returncode == 0
    assert BATCH in done.stdout
    assert "$0.15" in done.stdout
    assert "warning: unknown column: engine" in done.stderr
    (request,) = api.sent("POST", SUBMIT)
    assert request.file() == CARS.encode()
    assert request.headers["authorization"] == "Bearer secret-token"
    assert len(request.headers["idempotency-key"]) >= 32


def test_every_option_reaches_the_service_as_a_form_field(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    options = "--name Spring --metadata team=a=b --metadata lot=7 --model flux --max-cost 2.50"
    more = "--callback-url https://me.example/hook --skip-invalid --idempotency-key mine"
    models = "--fallback a/b --fallback c/d --quality hd --quote q1"
    done = cli("submit", sheet, *options.split(), *more.split(), *models.split())
    assert done.returncode == 0
    (request,) = api.sent("POST", SUBMIT)
    form = request.form()
    assert request.headers["idempotency-key"] == "mine"
    assert json.loads(form.pop("metadata")) == {"team": "a=b", "lot": "7"}
    form.pop("file")
    assert form == {
        "name": "Spring",
        "model": "flux",
        "fallback": "a/b,c/d",
        "quality": "hd",
        "quoteId": "q1",
        "maxCost": "2.50",
        "callbackUrl": "https://me.example/hook",
        "invalidRows": "skip",
    }


def test_json_is_the_only_thing_on_standard_output(cli: Cli, sheet: Path) -> None:
    done = cli("submit", sheet, "--json")
    assert json.loads(done.stdout)["jobId"] == BATCH


def test_a_sheet_comes_from_standard_input(cli: Cli, api: FakeApi) -> None:
    assert cli("submit", "-", input=CARS).returncode == 0
    assert api.sent("POST", SUBMIT)[0].file() == CARS.encode()


@pytest.mark.slow
def test_lost_response_is_retried_and_creates_one_batch(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    api.script(
        "POST", SUBMIT, Lost(), problem(409, "in flight", retry_after=1), Answer(502), Lost()
    )
    done = cli("submit", sheet, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["jobId"] == BATCH
    assert len(api.sent("POST", SUBMIT)) == 5
    assert len({r.headers["idempotency-key"] for r in api.sent("POST", SUBMIT)}) == 1
    assert len(api.batches) == 1


@pytest.mark.slow
def test_key_is_printed_without_any_response(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, *[Lost()] * 9)
    done = cli("--retry-timeout", "1", "submit", sheet)
    assert done.returncode == 4
    assert f"--idempotency-key {next(iter(api.batches))}" in " ".join(done.stderr.split())


@pytest.mark.slow
def test_too_many_batches_wait_as_long_as_told(cli: Cli, api: FakeApi, sheet: Path) -> None:
    busy = problem(429, "Too many unfinished batches", retry_after=2)
    api.script("POST", SUBMIT, busy)
    cli.short_pauses = False
    done = cli("submit", sheet)
    assert done.returncode == 0
    assert "Too many unfinished batches" in done.stderr
    first, second = api.sent("POST", SUBMIT)
    assert second.at - first.at >= 2


def test_a_wait_beyond_the_patience_is_not_begun(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, problem(429, "Too many", retry_after=3600))
    assert cli("submit", sheet).returncode == 4
    assert len(api.sent("POST", SUBMIT)) == 1


def test_a_refused_sheet_lists_every_row_and_exits_3(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, problem(400, "Invalid rows", [ROW_ERROR, ROW_ERROR | {"row": 9}]))
    done = cli("submit", sheet)
    assert done.returncode == 3
    assert done.stdout == ""
    for told in ("Invalid rows", "7", "9", "aspect_ratio", "2:1", "must be one of", "suggestion"):
        assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_refusal_is_json_too(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, problem(400, "Invalid rows", [ROW_ERROR]))
    done = cli("submit", sheet, "--json")
    assert done.returncode == 3
    told = json.loads(done.stdout)
    assert (told["error"], told["status"], told["details"]) == ("Invalid rows", 400, [ROW_ERROR])


def test_what_a_terminal_would_obey_is_not_handed_on(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, problem(400, "Invalid \x1b[31mrows\x07", ["\x1b]0;title\x07"]))
    done = cli("submit", sheet)
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


def test_a_token_that_is_not_taken_exits_4(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, Answer(401, {"message": "Unauthorized"}))
    done = cli("submit", sheet)
    assert done.returncode == 4
    assert "Unauthorized" in done.stderr
    assert "IMAGEBATCH_TOKEN" in done.stderr


def test_validate_shows_prompts_files_and_price_and_makes_nothing(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    api.script("POST", SUBMIT, Answer(200, DRY_RUN))
    done = cli("validate", sheet, "--rows", "--max-cost", "1")
    assert done.returncode == 0
    for told in ("Toyota-white.png", "A studio shot of a [bold] Toyota", "Valid: 1 image", "$0.05"):
        assert told in done.stdout
    assert "warning: duplicate column: make" in done.stderr
    (request,) = api.sent("POST", SUBMIT)
    assert request.form()["dryRun"] == "true"
    assert "idempotency-key" not in request.headers


def test_a_dry_run_is_a_validation(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.script("POST", SUBMIT, Answer(200, DRY_RUN))
    done = cli("submit", sheet, "--dry-run", "--wait", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == DRY_RUN


@pytest.mark.slow
def test_large_sheet_is_uploaded_without_the_token(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_text(CARS + "Toyota,Corolla,2024,white\n" * 170_000)
    done = cli("submit", large, "--name", "Large", "--metadata", "a=b", "--idempotency-key", "k")
    assert done.returncode == 0
    wanted = api.sent("POST", "/api/uploads")[0].json()
    size = large.stat().st_size
    assert wanted == {
        "kind": "csv",
        "filename": "large.csv",
        "contentType": "text/csv",
        "size": size,
    }
    assert api.uploaded is not None
    assert "authorization" not in api.uploaded.headers
    assert api.uploaded.form()["policy"] == "signed"
    assert api.uploaded.file() == large.read_bytes()
    (request,) = api.sent("POST", SUBMIT)
    assert request.json() == {"uploadId": "up-1", "name": "Large", "metadata": {"a": "b"}}
    assert request.headers["idempotency-key"] == "k"
    assert len(api.sent("GET", "/api/uploads")) == 2


@pytest.mark.slow
def test_rejected_upload_exits_3_with_the_reason(cli: Cli, api: FakeApi, tmp_path: Path) -> None:
    api.checks = ["rejected"]
    large = tmp_path / "large.csv"
    large.write_bytes(b"\x89PNG" * 1_100_000)
    done = cli("submit", large)
    assert done.returncode == 3
    assert "it is a PNG image" in done.stderr
    assert not api.sent("POST", SUBMIT)


@pytest.mark.slow
def test_a_submit_with_wait_ends_with_the_batch(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.life = [status("queued"), status("completed", done=2, failed=1)]
    done = cli("submit", sheet, "--wait", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["outcome"] == "partial"


def test_a_rehearsal_is_sent_by_rows(cli: Cli, api: FakeApi, sheet: Path) -> None:
    fates = "7:refused, 9:throttled:20,10%:timeout"
    assert cli("submit", sheet, "--rehearse", fates).returncode == 0
    sent = json.loads(api.sent("POST", SUBMIT)[0].form()["rehearse"])
    assert sent == {"7": "refused", "9": "throttled:20", "10%": "timeout"}


@pytest.mark.parametrize("fates", ["7", "7:", ":refused", "7:refused,7:lost"])
def test_a_rehearsal_that_is_none_exits_3(cli: Cli, api: FakeApi, sheet: Path, fates: str) -> None:
    assert cli("submit", sheet, "--rehearse", fates).returncode == 3
    assert not api.sent("POST", SUBMIT)
