"""Intake of variants: from chosen variants, images and settings to a submission."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.catalog import Variant
from imagebatch.intake.field_problems import FieldProblem
from imagebatch.intake.settings_schema import (
    PRODUCT_IMAGES,
    SettingsSchema,
    find_schema,
)
from imagebatch.intake.variants import (
    MAX_PRODUCT_IMAGES,
    ShotSettings,
    VariantSelection,
    plan_variants,
)
from imagebatch.ports.catalog import CatalogStore
from imagebatch.structs import Struct
from imagebatch.usecases.references import References
from imagebatch.usecases.submit_batch import Submission, requirements

MAX_NAMED_PROBLEMS = 5


class VariantRequest(Struct, frozen=True):
    """`choices` are variants with the URLs of their product images, as sent."""

    choices: Sequence[tuple[int, Sequence[str]]]
    schema_key: str
    variations: int
    input: Mapping[str, Any]


class PlanVariantBatch(Struct, frozen=True):
    models: Callable[[], UsableModels]
    schemas: Mapping[str, SettingsSchema]
    catalog: CatalogStore
    references: References

    def __call__(
        self,
        owner: str,
        request: VariantRequest,
        *,
        model_name: str | None = None,
        fallback: Sequence[str] = (),
        quality: Quality = Quality.STANDARD,
        **facts: Any,
    ) -> Submission:
        """Checks and plans a request; UnprocessableError lists all that is wrong with it."""
        choices, shot = self._checked(owner, request)
        usable = self.models()
        models = usable.chain(model_name, fallback, with_images=True)
        plan = plan_variants(
            choices,
            shot,
            model=models[0],
            price=lambda images: usable.price(models, quality, images),
            quality=quality,
        )
        usable.check(models, requirements(plan))
        return Submission(
            owner=owner,
            plan=plan,
            models=models,
            mode=usable.mode,
            quality=quality,
            source=_source(choices, shot),
            source_type="application/json",
            options={"schemaKey": shot.schema.key, "numberOfVariations": request.variations},
            **facts,
        )

    def _checked(
        self, owner: str, request: VariantRequest
    ) -> tuple[Sequence[VariantSelection], ShotSettings]:
        """The variants and the settings, with stored references in place of the client's URLs."""
        schema = find_schema(self.schemas, request.schema_key)
        user_input = {k: v for k, v in request.input.items() if k != PRODUCT_IMAGES}
        catalog = self.catalog.get_many(owner, [id_ for id_, _ in request.choices])
        kept, refused = self.references.resolve(owner, _urls(request, schema, user_input))
        problems = [
            *_variant_problems(request, catalog, refused),
            *_settings_problems(schema, user_input, refused),
        ]
        if problems:
            raise invalid_variants(problems)
        settings = {
            k: kept.get(v, v) if k in schema.image_fields else v for k, v in user_input.items()
        }
        choices = [
            VariantSelection(catalog[id_], tuple(kept[u] for u in urls))
            for id_, urls in request.choices
        ]
        return choices, ShotSettings(schema, settings, request.variations)


def _source(choices: Sequence[VariantSelection], shot: ShotSettings) -> bytes:
    """Return the request as stored: without signatures, so that it is the same for the same
    objects.
    """
    document = {
        "variants": [
            {"variantId": each.variant.id, "productImageUrls": each.images} for each in choices
        ],
        "settings": {
            "schemaKey": shot.schema.key,
            "numberOfVariations": shot.variations,
            "input": shot.user_input,
        },
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def known_variants(
    catalog: CatalogStore, owner: str, variant_ids: Sequence[int], field: str
) -> list[Variant]:
    """The variants in that order; UnprocessableError names those that are not there."""
    found = catalog.get_many(owner, variant_ids)
    problems = [
        FieldProblem(field.format(at), "is not in the catalog", id_)
        for at, id_ in enumerate(variant_ids)
        if id_ not in found
    ]
    if problems:
        raise invalid_variants(problems)
    return [found[id_] for id_ in variant_ids]


def invalid_variants(problems: Sequence[FieldProblem]) -> InvalidRequestError:
    more = (
        f" and {len(problems) - MAX_NAMED_PROBLEMS} more"
        if len(problems) > MAX_NAMED_PROBLEMS
        else ""
    )
    return UnprocessableError(
        "invalid-variants",
        "Invalid variants" if any(p.variant_id for p in problems) else "Invalid settings",
        title="The batch request is not valid",
        detail="; ".join(map(_sentence, problems[:MAX_NAMED_PROBLEMS])) + more + ".",
        details=[problem.detail() for problem in problems],
    )


def _urls(
    request: VariantRequest, schema: SettingsSchema, user_input: Mapping[str, Any]
) -> Iterator[str]:
    for _, urls in request.choices:
        yield from urls[:MAX_PRODUCT_IMAGES]
    yield from (
        user_input[n]
        for n in schema.image_fields
        if user_input.get(n) and isinstance(user_input[n], str)
    )


def _variant_problems(
    request: VariantRequest, catalog: Mapping[int, Variant], refused: Mapping[str, str]
) -> Iterator[FieldProblem]:
    seen: set[int] = set()
    for at, (id_, urls) in enumerate(request.choices):
        if id_ in seen:
            yield FieldProblem(f"variants.{at}.variantId", "is already in the batch", id_)
        elif id_ not in catalog:
            yield FieldProblem(f"variants.{at}.variantId", "is not in the catalog", id_)
        seen.add(id_)
        field = f"variants.{at}.productImageUrls"
        if not 1 <= len(urls) <= MAX_PRODUCT_IMAGES:
            count = f"{len(urls)} images" if urls else "no image"
            yield FieldProblem(field, f"has {count}; 1 to {MAX_PRODUCT_IMAGES} are needed", id_)
            continue
        for place, url in enumerate(urls):
            if url in refused:
                yield FieldProblem(f"{field}.{place}", refused[url], id_, unsigned(url))


def _settings_problems(
    schema: SettingsSchema, user_input: Mapping[str, Any], refused: Mapping[str, str]
) -> Iterator[FieldProblem]:
    for name, message in schema.problems(user_input):
        yield FieldProblem(f"settings.input.{name}".rstrip("."), message)
    for name in schema.image_fields:
        url = user_input.get(name)
        if isinstance(url, str) and url in refused:
            yield FieldProblem(f"settings.input.{name}", refused[url], None, unsigned(url))


def _sentence(problem: FieldProblem) -> str:
    if problem.variant_id is None:
        return f"{problem.field} {problem.message}"
    what = "an image of variant" if problem.value else "variant"
    return f"{what} {problem.variant_id} {problem.message}"


def unsigned(url: str) -> str:
    """Return the URL without its query, which may contain a signature."""
    return url.partition("?")[0][:200]
