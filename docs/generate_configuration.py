"""Writes docs/configuration.md from template.yaml: `python docs/generate_configuration.py`."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "template.yaml"
PAGE = ROOT / "docs" / "configuration.md"

type Node = dict[str, Any]

HEAD = """\
# Configuration

<!-- Written by docs/generate_configuration.py from template.yaml; a test compares the two. -->

The parameters of `template.yaml` are the only configuration of a stack. On AWS, pass them to a
deploy; the stack keeps each value until you pass another:

    sam deploy --parameter-overrides MaxRows=200 AlarmEmail=ops@example.com

On the local stack, each parameter is an environment variable with the same name in upper case:

    MAX_ROWS=200 DEV_LATENCY=0 make up

`make up` reads five more variables: `PORT` (of the emulator, 4566), `REPLICATE_API_TOKEN`,
`RUNPOD_API_KEY` and `FAL_KEY` (it stores them in the emulator's Secrets Manager and passes their
ARNs), and `SFN_WAIT_SCALE` (the duration of waits in the emulator's Step Functions, as a fraction
of real time). Locally, `AUTH_MODE` defaults to `none`, `ReservedConcurrency` follows
`WORKER_CONCURRENCY`, and `Architecture` is the machine's own.
"""

NUMBERS = """\
## Numbers that depend on each other

| number | depends on |
| --- | --- |
| visibility timeout of the item queue | `WorkerTimeoutSeconds` + 15 (the mapping `ItemQueueVisibility`, because CloudFormation cannot add): after it, the item of a killed worker is redelivered |
| maximum concurrency of the item queue | `WorkerConcurrency` |
| reserved concurrency of the worker | `ReservedConcurrency`, which must equal `WorkerConcurrency` or be 0; any other value is rejected |
| messages of one batch in the queue | `WorkerConcurrency` |
| lifecycle rule of `archives/` | one day; deletes what `ArchiveTtlSeconds` (at most a day) should have deleted |
| lifecycle rules of `batches/`, `inbox/`, `outbox/` | `RetentionDays` |
| retention of the dead-letter queue | longer than that of the other queues, because a message's age counts from the first |

A new AWS account may not reserve any Lambda concurrency. In that case `make deploy` omits both
reservations and says so, and sets them once the quota allows it. With `sam deploy`, pass
`ReservedConcurrency=0 ProgressConcurrency=0`. The queue's maximum concurrency still applies.
"""  # noqa: E501 - a table's row is one line


BUDGETS = """\
## Budgets

`OwnerMonthlyBudget` limits what the batches of one owner may cost in a calendar month (UTC), and
`StackMonthlyBudget` what all batches together may cost, both in USD:

    sam deploy --parameter-overrides OwnerMonthlyBudget=50 StackMonthlyBudget=400

- When a batch is accepted, it reserves the most that it can cost: its `maxCost`, or by default its
  estimate times 2, the number of attempts per row. A retry or a redo makes its own reservation for
  its rows.
- When the round ends, the amount spent is charged to the month in which the round was accepted, and
  the rest is released. Spent amounts stay counted when a batch is deleted or expires.
- A batch that does not fit is rejected with 402 `Budget exceeded` and the remaining amount, before
  anything is stored; for a dropped sheet, this is the error document. A lower `maxCost` reserves
  less.
- The limit holds for any number of concurrent requests
  ([decision 34](decisions/0034-accounts-in-the-batch-transaction.md)).
- A new value applies to the next batch. Development mode is counted separately, against the same
  limits.

`imagebatch budget` and `GET /api/budget` show the remaining amount. Operators can also query any
owner (`--owner`) and the stack (`--stack`). At 80 %, `BudgetNearlySpentAlarm` fires. To find the
owner, query the table, which has one record per owner:

    aws dynamodb query --table-name OUTPUT(TableName) --key-condition-expression "pk = :month" \\
      --expression-attribute-values '{":month": {"S": "LEDGER#live#2026-11"}}'
"""


SIGNING_IN = """\
## Signing in

With `AuthMode=cognito`, the default, the stack has its own user pool; its operators add users
([operations.md](operations.md)). The page and `imagebatch login` sign in with the authorization
code flow and PKCE. With `AuthMode=oidc`, you can use any OpenID Connect issuer whose tokens API
Gateway can validate:

- It signs with RSA (RS256, RS384, RS512). API Gateway rejects tokens signed with ES256, EdDSA or
  HS256.
- `<OidcIssuer>/.well-known/openid-configuration` and the keys it refers to are public.
- The access token is a JWT whose `iss` is `OidcIssuer` and whose `aud` or `client_id` is
  `OidcAudience`.

Register one public client for the page (redirect: the stack's URL with a trailing slash) and one
for the command line (redirects: `http://127.0.0.1:21741/callback`, and the same with 21742 and
21743), both without a secret, and pass them as `OidcClientId` and `CliClientId`. If the issuer
supports the scope `offline_access`, the command line requests it to renew the sign-in
automatically. Auth0, Keycloak, Okta and Microsoft Entra ID sign with RS256 by default.

**Supabase** signs with ES256 or HS256 by default, so its tokens are rejected. There are two ways to
use it:

- Keep `AuthMode=cognito` and let the user pool trust Supabase. Turn on Supabase's OAuth 2.1 server
  and register a confidential client with `https://POOL_DOMAIN/oauth2/idpresponse` as its redirect.
  Add it to the pool as an OpenID Connect provider (`aws cognito-idp create-identity-provider
  --provider-type OIDC`, issuer `https://PROJECT.supabase.co/auth/v1`), and add the provider to
  the client's `SupportedIdentityProviders`. The pool validates Supabase's signature and issues its
  own RS256 tokens.
- Let Supabase sign with RSA. Create an RS256 signing key in the project's JWT settings, rotate
  to it, and deploy with `AuthMode=oidc OidcIssuer=https://PROJECT.supabase.co/auth/v1
  OidcAudience=authenticated`. Your frontend then sends its Supabase session's token to the API;
  the page and `imagebatch login` need clients of Supabase's OAuth 2.1 server.
"""


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as the long ones: !Ref X is {"Ref": "X"}."""


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> Node:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _long_form)


def load(path: Path = TEMPLATE) -> Node:
    return dict(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506 - a SafeLoader


def page(template: Node) -> str:
    parts = [HEAD, "## Parameters\n", *_parameters(template), BUDGETS, SIGNING_IN, NUMBERS]
    parts += [
        "## Environment variables\n",
        _variables(template),
        "## Outputs\n",
        _outputs(template),
    ]
    return "\n".join(parts)


def _parameters(template: Node) -> Iterator[str]:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    for group in groups:
        rows = [_parameter(name, template["Parameters"][name]) for name in group["Parameters"]]
        yield f"### {group['Label']['default']}\n"
        yield _table(["parameter", "default", "allowed", "what it does"], rows)


def _parameter(name: str, parameter: Node) -> list[str]:
    default = str(parameter["Default"])
    description = parameter["Description"].removeprefix("Development only. ")
    return [f"`{name}`", f"`{default}`" if default else "empty", _allowed(parameter), description]


def _allowed(parameter: Node) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    if "MinValue" in parameter:
        return f"{parameter['MinValue']:,} to {parameter['MaxValue']:,}"
    return str(parameter.get("ConstraintDescription", "text"))


def _variables(template: Node) -> str:
    everywhere = template["Globals"]["Function"]["Environment"]["Variables"]
    rows = [[f"`{name}`", "all", _source(template, value)] for name, value in everywhere.items()]
    own: dict[str, tuple[list[str], Any]] = {}
    for logical, resource in template["Resources"].items():
        environment = resource.get("Properties", {}).get("Environment", {})
        for name, value in environment.get("Variables", {}).items():
            own.setdefault(name, ([], value))[0].append(logical.removesuffix("Function"))
    rows += [[f"`{n}`", ", ".join(on), _source(template, value)] for n, (on, value) in own.items()]
    return (
        "The functions read these. Do not set them by hand: they are derived from the parameters"
        " and the stack's resources.\n\n" + _table(["variable", "functions", "from"], rows)
    )


def _source(template: Node, value: object) -> str:
    """The parameters and resources a value is made of, or the value itself."""
    names = [name for name in dict.fromkeys(_names(value)) if "::" not in name]
    known = [n for n in names if n in template["Parameters"] or n in template["Resources"]]
    return ", ".join(f"`{name}`" for name in known) or f"`{_text(value)}`"


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from re.findall(r"\$\{([\w:]+)", text)
            elif key == "Fn::GetAtt":
                yield inner[0]
            else:
                yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)


def _text(value: object) -> str:
    return str(value["Fn::Sub"]) if isinstance(value, Mapping) else str(value)


def _outputs(template: Node) -> str:
    rows = [[f"`{name}`", output["Description"]] for name, output in template["Outputs"].items()]
    return _table(["output", "what it is"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


if __name__ == "__main__":
    PAGE.write_text(page(load()), encoding="utf-8")
