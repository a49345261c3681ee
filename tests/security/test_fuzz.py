"""The API against its own document: schemathesis with every check."""

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from testing.scenario import OwnedResources, ask, catalog, picture, prompts, upload, variants
from tests.security.conftest import Site

ROOT = Path(__file__).parents[2]
HOOKS = Path(__file__).with_name("fuzz_hooks.py")
FUZZER = "the fuzzer"
LISTS = {
    "listBatches": "/api/v1/batch",
    "listBatchesWithFolders": "/api/batches",
    "listUploads": "/api/uploads",
    "listVariants": "/api/variants",
    "listFolders": "/api/variants/501/folders",
}
CREATING = ("createCarBatch", "createPromptBatch", "createVariantBatch", "createSheetBatch")
VALID = ["2xx", "3xx", "401", "403", "404", "409", "429"]
"""What valid data is answered with: the state may be against it, the data not."""
EXPECTED = {
    "positive_data_acceptance": {
        # A `maxCost` below the estimate is as valid as any other, and so is a model without a key.
        **{operation: [*VALID, "402", "422"] for operation in CREATING},
        # "A template or a prompt" is more than OpenAPI can say of a form.
        "createSheetBatch": [*VALID, "400", "402", "422"],
        # So is "a `default` is one of `oneOf`".
        "putTemplate": [*VALID, "422"],
        # So is "the name of a sheet that the workbook has".
        "importVariants": [*VALID, "400", "422"],
        # What can be made again depends on the batch.
        **{each: [*VALID, "402", "410", "422"] for each in ("redoItems", "redoItemsV1")},
        # Whether a batch has room for another link depends on the batch.
        "shareBatch": [*VALID, "422"],
        # Which versions there are depends on the item.
        "chooseVersion": [*VALID, "422"],
        "getBudget": [*VALID, "400"],
        # The archive may have gone by then.
        "downloadBatch": [*VALID, "410"],
    },
    "negative_data_rejection": {
        # Larger than an upload may be.
        "createUpload": ["400", "409", "413", "415", "422"],
        # What is not there is deleted already, whatever its name.
        "deleteTemplate": ["204", "400", "404"],
        "revokeShare": ["204", "400", "404"],
    },
}
"""What a check takes for right besides its own list, by the operation."""


@pytest.fixture(scope="module")
def schemathesis() -> str:
    return str(ROOT / ".venv" / "bin" / "schemathesis")


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        pytest.param("examples,fuzzing,stateful", 4, id="some-examples"),
        pytest.param(
            "examples,coverage,fuzzing,stateful", 100, id="every-boundary-and-many-examples",
            marks=[pytest.mark.soak, pytest.mark.timeout(7200)],
        ),
    ],
)  # fmt: skip
def test_no_request_breaks_the_api_or_its_document(
    site: Site,
    hers: OwnedResources,
    schemathesis: str,
    tmp_path: Path,
    phases: str,
    examples: int,
) -> None:
    """`hers` gives the fuzzed account's neighbour something that could leak. `examples` is their
    number per route and phase.
    """
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(configuration(site.issuer.token(FUZZER)))
    site.fake.latency = 0.0
    done = subprocess.run(
        [schemathesis, "--config-file", str(settings), "--no-color", "run",
         f"{site.stack['apiUrl']}/openapi.json", "--url", site.stack["apiUrl"],
         "--checks", "all", "--max-response-time", "60",
         "--phases", phases, "--max-examples", str(examples), "--seed", "1", "--workers", "2",
         "--request-timeout", "60", "--suppress-health-check", "all", "--warnings", "off"],
        capture_output=True, text=True, check=False, timeout=7000, cwd=tmp_path,
        env={**os.environ, **owned(site.as_(FUZZER))},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert hers.cars not in done.stdout


def configuration(token: str) -> str:
    lines = [
        f"hooks = {json.dumps(str(HOOKS))}",
        f'headers = {{ Authorization = "Bearer {token}" }}',
        "[[operations]]",
        'include-operation-id = "watchBatchInBrowser"',
        f'parameters = {{ "query.access_token" = {json.dumps(token)} }}',
    ]
    for check, operations in EXPECTED.items():
        for operation, statuses in operations.items():
            lines += [
                "[[operations]]",
                f"include-operation-id = {json.dumps(operation)}",
                f"checks.{check}.expected-statuses = {json.dumps(statuses)}",
            ]
    return "\n".join(lines)


def owned(api: httpx.Client) -> dict[str, str]:
    """What valid requests of the fuzzer can name; the hooks say where."""
    known = [501, 502, 503]
    catalog(api, *known)
    uploads = [upload(api, "product", picture())["id"] for _ in range(2)]
    for _ in range(2):
        prompts(api, {"prompt": "a chair"})
        variants(api, known[0], "https://shop.example.com/501.jpg")
    pages = {name: ask(api, "GET", f"{path}?limit=1", 200) for name, path in LISTS.items()}
    cursors = {name: page.get("nextCursor") or page["next_cursor"] for name, page in pages.items()}
    own = {"upload": uploads[0], "variants": known, "cursors": cursors}
    return {"WHAT_THE_FUZZER_OWNS": json.dumps(own)}


@pytest.mark.parametrize("charset", ["hex", "rot13", "zlib", "base64", "idna", "nonsense"])
def test_codec_that_is_no_charset_is_refused(site: Site, charset: str) -> None:
    body = (
        "--x\r\nContent-Disposition: form-data; name=name\r\n"
        f"Content-Type: text/plain; charset={charset}\r\n\r\nabc\r\n--x--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    for path in ("/api/car-batch", "/api/sheet-batch", "/api/uploads"):
        answer = site.as_(FUZZER).post(path, content=body.encode(), headers=headers)
        assert (path, answer.status_code) == (path, 400)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/batch", {"limit": "1e9"}),
        ("/api/v1/batch", {"limit": "٣"}),
        ("/api/v1/batch", {"limit": "000000001999"}),
        ("/api/v1/batch", {"limit": "9" * 5000}),
        ("/api/v1/batch", {"cursor": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}),
        ("/api/v1/batch", {"cursor": "A" * 6000}),
        ("/api/variants", {"q": "\x00'\";--"}),
        ("/api/folders/%00", {}),
        ("/api/folders/..%2f..%2f", {}),
        ("/api/batch/" + "a" * 4000, {}),
        ("/api/batch/%F0%9F%92%A9%23BATCH%23", {}),
        ("/api/variants/99999999999999999999/folders", {}),
        ("/api/schemas/..%2fmodels.toml", {}),
    ],
)
def test_handwritten_hostile_requests_get_problem_documents(
    site: Site, path: str, parameters: dict[str, str]
) -> None:
    answer: httpx.Response = site.as_(FUZZER).get(path, params=parameters)

    assert answer.status_code in {200, 400, 404}, answer.text
    assert "Traceback" not in answer.text
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
