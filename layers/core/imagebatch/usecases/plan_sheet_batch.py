"""Intake of sheets: from bytes and a template to a submission."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import ImageModel, Quality
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.formats.file_kind import FileKind, kind_of_file
from imagebatch.intake.cars import car_recipe
from imagebatch.intake.file_names import car_stem
from imagebatch.intake.headers import ColumnSet
from imagebatch.intake.prompt_sheet import PROMPT_COLUMNS, prompt_recipe
from imagebatch.intake.sheet import REFERENCES, ReadOptions, Sheet, read_sheet
from imagebatch.intake.sheet_batch import Recipe, ResolvedReferences, plan_rows, refuse_invalid_rows
from imagebatch.intake.sheet_templates import (
    BUILT_IN,
    MEANINGS,
    SheetTemplate,
    check_columns,
    columns_of,
    template_recipe,
)
from imagebatch.intake.templates import Template
from imagebatch.intake.uploads import XLSX_TYPE, unusable_reason
from imagebatch.intake.urls import url_rejection_reason
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct, field, replace
from imagebatch.usecases import keys
from imagebatch.usecases.submit_batch import Submission, requirements

_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_PAGE = 100
MAX_UPLOADS_SEARCHED = 2_000
_NO_TEMPLATE = SheetTemplate(name="", prompt="")


class SheetRequest(Struct, frozen=True, kw_only=True):
    """`template` None is a car sheet, or a sheet of prompts."""

    body: bytes
    of_prompts: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    template: SheetTemplate | None = None
    model_name: str | None = None
    fallback: Sequence[str] = ()
    quality: Quality | None = None
    skip_invalid: bool = False
    read: ReadOptions = field(default_factory=ReadOptions)


class PlanSheetBatch(Struct, frozen=True):
    models: Callable[[], UsableModels]
    car_templates: Mapping[str, Template]
    uploads: UploadStore
    max_rows: int

    def __call__(self, owner: str, sent: SheetRequest, **facts: Any) -> Submission:
        """Read, validate and plan a sheet; InvalidRequestError for a rejected one."""
        template = sent.template or _NO_TEMPLATE
        usable = self.models()
        sheet, recipe = self._read(sent, usable.registry.aspect_ratios)
        quality = sent.quality or Quality(template.quality or Quality.STANDARD)
        images = _most_references(sheet)
        references = self._references(owner, sheet)
        find_models = partial(
            usable.chain,
            sent.model_name or template.model,
            sent.fallback or template.fallback,
            with_images=images > 0,
        )
        recipe = _offer_supported_ratios(recipe, find_models)
        if not sent.skip_invalid:
            refuse_invalid_rows(sheet, recipe, references)
        models = find_models()
        plan = plan_rows(
            sheet,
            recipe,
            model=models[0],
            price=usable.price(models, quality, images),
            quality=quality,
            references=references,
            skip_invalid=True,  # otherwise they have been refused
        )
        usable.check(models, requirements(plan))
        return Submission(
            owner=owner,
            plan=plan,
            models=models,
            mode=usable.mode,
            quality=quality,
            source=sent.body,
            source_type=_media_type(sent.body),
            options={**({"template": template.name} if template.name else {}), **sent.options},
            **facts,
        )

    def check_readable(self, body: bytes, read: ReadOptions) -> None:
        """InvalidRequestError for a file that is not a sheet, whatever its columns."""
        columns = ColumnSet(names=MEANINGS, any_column=True)
        read_sheet(body, max_rows=self.max_rows, columns=columns, options=read)

    def _read(self, sent: SheetRequest, ratios: Sequence[str]) -> tuple[Sheet, Recipe]:
        """A ratio that no model supports is an invalid value; the model's own are checked later."""
        template = sent.template
        if sent.of_prompts:
            sheet = read_sheet(
                sent.body, max_rows=self.max_rows, columns=PROMPT_COLUMNS, options=sent.read
            )
            return sheet, prompt_recipe(ratios)
        if template is None or template.name in BUILT_IN:
            sheet = read_sheet(sent.body, max_rows=self.max_rows, options=sent.read)
            return sheet, _car_recipe(self.car_templates, template)
        sheet = read_sheet(
            sent.body,
            max_rows=self.max_rows,
            columns=columns_of(template),
            options=sent.read,
            check=partial(check_columns, template),
        )
        return sheet, template_recipe(template, ratios)

    def _references(self, owner: str, sheet: Sheet) -> ResolvedReferences:
        named = _named_references(sheet)
        urls = {value for value in named if "://" in value}
        refused = {url: reason for url in urls if (reason := url_rejection_reason(url))}
        kept = {url: url for url in urls if url not in refused}
        self._resolve_uploads(owner, named - urls, kept, refused)
        return ResolvedReferences(kept, refused)

    def _resolve_uploads(
        self, owner: str, named: set[str], kept: dict[str, str], refused: dict[str, str]
    ) -> None:
        """An ID takes precedence over a name; a name that several uploads have is rejected with
        their IDs.
        """
        ids = sorted(name for name in named if _UPLOAD_ID.fullmatch(name))
        by_id = self.uploads.get_many(owner, ids) if ids else {}
        by_name = self._by_name(owner, named - by_id.keys())
        for name in named:
            found = [name] if name in by_id else by_name.get(name, [])
            if reason := _why_refused(by_id.get(name), found):
                refused[name] = reason
            else:
                kept[name] = keys.S3_PREFIX + keys.upload(found[0])

    def _by_name(self, owner: str, names: set[str]) -> dict[str, list[str]]:
        """Return the IDs of the ready uploads by name, newest first."""
        found: dict[str, list[str]] = {}
        cursor, seen = None, 0
        while names and seen < MAX_UPLOADS_SEARCHED:
            page = self.uploads.list_uploads(
                owner,
                limit=_PAGE,
                cursor=cursor,
                kind=UploadKind.PRODUCT,
                keep=lambda upload: upload.ready,
            )
            for upload in page.items:
                if upload.original_name in names:
                    found.setdefault(upload.original_name, []).append(upload.id)
            cursor, seen = page.cursor, seen + len(page.items)
            if cursor is None:
                break
        return found


def _offer_supported_ratios(
    recipe: Recipe, find_models: Callable[[], Sequence[ImageModel]]
) -> Recipe:
    """Every model of the batch must accept a suggestion that is applied."""
    try:
        models = find_models()
    except InvalidRequestError:
        return recipe  # the caller reports it after the rows' own problems
    others = models[1:]
    supported = [
        ratio
        for ratio in models[0].aspect_ratios
        if all(ratio in model.aspect_ratios for model in others)
    ]
    return replace(recipe, rules=replace(recipe.rules, supported_ratios=supported))


def _most_references(sheet: Sheet) -> int:
    """Return the largest number of reference images in a row."""
    return max(sum(column in row.values for column in REFERENCES) for row in sheet.rows)


def _named_references(sheet: Sheet) -> set[str]:
    return {
        value for row in sheet.rows for column in REFERENCES if (value := row.values.get(column))
    }


def _why_refused(upload: Upload | None, found: Sequence[str]) -> str | None:
    """`upload` is the one with this ID, if any; `found` are the IDs of all that can be meant."""
    if upload is not None:
        reason = unusable_reason(upload, UploadKind.PRODUCT)
        return f"names an upload that {reason}" if reason else None
    if not found:
        return "is neither an https URL nor the ID or name of one of your uploads"
    if len(found) > 1:
        return f"is the name of several uploads: {', '.join(found[:5])}; use an ID"
    return None


def _media_type(body: bytes) -> str:
    return XLSX_TYPE if kind_of_file(body) is FileKind.XLSX else "text/csv"


def _car_recipe(templates: Mapping[str, Template], template: SheetTemplate | None) -> Recipe:
    """A built-in template that is named applies to every row without its own background."""
    recipe = car_recipe(templates)
    if template is None:
        return recipe
    background = {"background": template.name.removeprefix("car-")}
    return replace(
        recipe,
        defaults={**recipe.defaults, **background},
        stem=lambda values, index: car_stem(background | dict(values) if values else {}, index),
    )
