"""Settings and the template speak of the same variables, and development stays at home."""

import re
from pathlib import Path

import pytest

from functions.web.app import bucket_origins
from imagebatch.settings import Settings
from tests.template.rendering import PSEUDO, Rendered

FUNCTIONS = Path(__file__).parents[2] / "functions"
SETTINGS = {name.upper() for name in Settings.__struct_fields__}
READ_BY_LIBRARIES = {
    "AWS_ENDPOINT_URL",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
}
DEVELOPMENT_ONLY = {
    "AwsEndpointUrl": "AWS_ENDPOINT_URL",
    "ReplicateBaseUrl": "REPLICATE_BASE_URL",
    "RunpodBaseUrl": "RUNPOD_BASE_URL",
    "FalBaseUrl": "FAL_BASE_URL",
    "DevCallbackOrigin": "DEV_CALLBACK_ORIGIN",
    "DevLatency": "DEV_LATENCY",
}


def read_by_the_page() -> set[str]:
    text = (FUNCTIONS / "web" / "app.py").read_text()
    names = set(re.findall(r'env(?:\.get\(|\[)"([A-Z_]+)"', text))
    names |= set(re.findall(r'"(OIDC_[A-Z_]+)"', text))
    return names


@pytest.mark.slow
def test_settings_and_template_variables_match(development: Rendered) -> None:
    declared = {
        name
        for function in development.functions
        if function != "WebFunction"
        for name in development.environment(function)
    }

    assert declared - READ_BY_LIBRARIES == SETTINGS


def test_page_gets_only_the_variables_it_reads() -> None:
    with_oidc = Rendered(AuthMode="oidc").environment("WebFunction").keys()
    with_cognito = Rendered().environment("WebFunction").keys()
    everywhere = Rendered().environment("FinalizerFunction").keys()

    assert read_by_the_page() - DEVELOPMENT_ONLY_VARIABLES <= with_oidc | with_cognito
    assert (with_oidc | with_cognito) - everywhere <= read_by_the_page()


def test_the_page_knows_the_bucket_in_every_partition(
    development: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PSEUDO, "AWS::URLSuffix", "c2s.ic.gov")
    isolated = Rendered().environment("WebFunction")

    assert bucket_origins(isolated) == [
        "https://<Bucket>.s3.eu-west-1.c2s.ic.gov",
        "https://<Bucket>.s3.c2s.ic.gov",
    ]
    assert bucket_origins(development.environment("WebFunction")) == [
        development.parameters["AwsEndpointUrl"]
    ]


DEVELOPMENT_ONLY_VARIABLES = set(DEVELOPMENT_ONLY.values())


def test_template_defaults_match_the_code(production: Rendered) -> None:
    seen = Settings.from_env(production.environment("WorkerFunction"))
    alone = Settings.from_env({})
    made_by_the_stack = {
        "table_name",
        "bucket_name",
        "item_queue_url",
        "dispatch_queue_url",
        "intake_queue_url",
        "dead_letter_queue_url",
        "state_machine_arn",
        "public_url",
        "auth_mode",
    }

    for name in Settings.__struct_fields__:
        if name in made_by_the_stack:
            assert getattr(seen, name)
        else:
            assert getattr(seen, name) == getattr(alone, name), name


def test_authentication_is_on_unless_it_is_switched_off(production: Rendered) -> None:
    assert production.environment("ApiFunction")["AUTH_MODE"] == "cognito"
    assert Rendered(AuthMode="none").environment("ApiFunction")["AUTH_MODE"] == "none"


def test_in_production_no_function_knows_a_development_only_variable(
    production: Rendered,
) -> None:
    for function in production.functions:
        assert not DEVELOPMENT_ONLY_VARIABLES & production.environment(function).keys()


@pytest.mark.parametrize("parameter", [*DEVELOPMENT_ONLY, "PublicUrl"])
def test_development_parameter_is_empty_and_labelled(production: Rendered, parameter: str) -> None:
    declared = production.source["Parameters"][parameter]

    assert declared["Default"] == ""
    assert declared["Description"].startswith("Development only.")


@pytest.mark.parametrize(("parameter", "variable"), DEVELOPMENT_ONLY.items())
def test_development_parameter_reaches_the_functions_if_set(
    development: Rendered, parameter: str, variable: str
) -> None:
    for function in development.functions:
        given = development.parameters[parameter]
        assert development.environment(function)[variable] == given


def test_public_url_defaults_to_the_gateway(production: Rendered, development: Rendered) -> None:
    api, page = (r.environment("ApiFunction")["PUBLIC_URL"] for r in (production, development))

    assert api == "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com"
    assert page == development.parameters["PublicUrl"]


def test_links_and_webhooks_have_the_custom_domain() -> None:
    custom = Rendered(PublicOrigin="https://images.example.com")

    assert custom.outputs["ApiUrl"]["Value"] == "https://images.example.com"
    for function in custom.functions:
        assert custom.environment(function)["PUBLIC_URL"] == "https://images.example.com"


def test_who_may_start_the_finalizer_is_told_its_name(production: Rendered) -> None:
    told = {f for f in production.functions if "STATE_MACHINE_ARN" in production.environment(f)}
    allowed = {
        function
        for function in production.functions
        for statement in production.statements(function)
        if "states:StartExecution" in statement["Action"]
    }

    assert told == allowed
