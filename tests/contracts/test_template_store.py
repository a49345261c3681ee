from concurrent.futures import ThreadPoolExecutor

import pytest

from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
from imagebatch.domain.errors import LimitReachedError
from imagebatch.intake.sheet_templates import ColumnRule, SheetTemplate
from imagebatch.ports.templates import TemplateStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes import InMemoryTemplateStore

CHAIR = SheetTemplate(
    name="chairs",
    prompt="A {{größe}} chair{{#note}}, {{note}}{{/note}}",
    columns={"größe": ColumnRule(required=True, one_of=("S", "M"), max_length=9)},
    fallback=("m",),
)


@pytest.fixture(params=["memory", "dynamodb"])
def templates(request: pytest.FixtureRequest) -> TemplateStore:
    if request.param == "memory":
        return InMemoryTemplateStore()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBTemplateStore(client, TABLE, sleep=no_sleep)


def named(name: str) -> SheetTemplate:
    return SheetTemplate(name=name, prompt="x")


def test_a_template_is_as_it_was_stored(templates: TemplateStore) -> None:
    assert templates.put("ann", CHAIR, limit=1)
    assert templates.get("ann", "chairs") == CHAIR


def test_a_template_is_replaced_by_name(templates: TemplateStore) -> None:
    templates.put("ann", CHAIR, limit=1)
    assert not templates.put("ann", named("chairs"), limit=1)
    assert templates.list_templates("ann") == [named("chairs")]


def test_templates_are_their_owners_alone(templates: TemplateStore) -> None:
    templates.put("ann", CHAIR, limit=1)
    assert templates.get("bob", "chairs") is None
    assert templates.list_templates("bob") == []
    templates.delete("bob", "chairs")
    assert templates.get("ann", "chairs") == CHAIR


def test_templates_are_listed_by_name(templates: TemplateStore) -> None:
    for name in ("b", "a", "c"):
        templates.put("ann", named(name), limit=9)
    assert [each.name for each in templates.list_templates("ann")] == ["a", "b", "c"]


def test_a_removed_template_makes_room(templates: TemplateStore) -> None:
    templates.put("ann", named("a"), limit=1)
    with pytest.raises(LimitReachedError):
        templates.put("ann", named("b"), limit=1)
    templates.delete("ann", "a")
    templates.delete("ann", "a")
    assert templates.put("ann", named("b"), limit=1)


@pytest.mark.slow
def test_limit_holds_for_all_callers_at_once(templates: TemplateStore) -> None:
    def put(number: int) -> bool:
        try:
            return templates.put("ann", named(f"t{number}"), limit=5)
        except LimitReachedError:
            return False

    with ThreadPoolExecutor(200) as pool:
        stored = sum(pool.map(put, range(200)))
    assert stored == 5 == len(templates.list_templates("ann"))
