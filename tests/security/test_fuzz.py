"""The API against its own document: schemathesis with every check that fits a signed-in client."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.security.conftest import Site
from tests.support.journey import Belongings

ROOT = Path(__file__).parents[2]
EXAMPLES = 12
"""A route and phase: seconds, not minutes. A night's run is ARGS and `--max-examples 1000`."""
LEFT_OUT = {
    # What a sheet or a list must be is said in words and checked in full, which no schema does.
    "positive_data_acceptance": "a random text is no sheet, and a random id is nobody's",
    # `extra="ignore"`: a client of tomorrow may send more than this document knows.
    "negative_data_rejection": "unknown fields, parameters and headers are ignored",
    "missing_required_header": "no route requires a header but the token",
    "unsupported_method": "the gateway hands every method on: the answer is 404, not 405",
}


@pytest.fixture(scope="module")
def schemathesis() -> str:
    return str(ROOT / ".venv" / "bin" / "schemathesis")


def test_no_request_breaks_the_api_or_its_document(
    site: Site, hers: Belongings, schemathesis: str, tmp_path: Path
) -> None:
    """`hers` gives the fuzzed account's neighbour something that could leak."""
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(configuration(site))
    site.fake.latency = 0.0
    done = subprocess.run(
        [schemathesis, "--config-file", str(settings), "--no-color", "run",
         f"{site.stack['apiUrl']}/openapi.json", "--url", site.stack["apiUrl"],
         "--checks", "all", "--exclude-checks", ",".join(LEFT_OUT),
         "--max-examples", str(EXAMPLES), "--seed", "1", "--workers", "2",
         "--phases", "examples,coverage,fuzzing", "--request-timeout", "60",
         "--suppress-health-check", "all", "--warnings", "off"],
        capture_output=True, text=True, check=False, timeout=540, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert hers.cars not in done.stdout


def configuration(site: Site) -> str:
    token = site.issuer.token("the fuzzer")
    return "\n".join(
        [
            f'headers = {{ Authorization = "Bearer {token}" }}',
            "[[operations]]",
            'include-operation-id = "watchBatchInBrowser"',
            f'parameters = {{ "query.access_token" = {json.dumps(token)} }}',
        ]
    )


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/api/v1/batch", {"limit": "1e9"}),
        ("/api/v1/batch", {"limit": "٣"}),
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
def test_what_a_fuzzer_may_not_think_of_is_refused_in_words(
    site: Site, path: str, parameters: dict[str, str]
) -> None:
    answer: httpx.Response = site.as_("the fuzzer").get(path, params=parameters)

    assert answer.status_code in {200, 400, 404}, answer.text
    assert "Traceback" not in answer.text
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
