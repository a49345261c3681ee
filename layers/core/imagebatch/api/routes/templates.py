"""Templates for sheets: an owner's own, and the built-in ones."""

from imagebatch.api.http import json_object_of
from imagebatch.api.parameters import path
from imagebatch.api.request import Request
from imagebatch.api.response import Reply, Response
from imagebatch.api.routing import Routes
from imagebatch.domain.model_registry import Quality
from imagebatch.formats.visible_text import folded_name
from imagebatch.intake.sheet_templates import BUILT_IN, ColumnRule, SheetTemplate
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.requests import TemplateRequest
from imagebatch.schemas.template_answers import TemplateAnswer, TemplateColumn, TemplateList

NAME = path(
    "name",
    {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
    "The template's name",
)

routes = Routes("Templates")


@routes.put(
    "/api/templates/{name}",
    id="putTemplate",
    summary="Store a template for sheets",
    parameters=[NAME],
    request=TemplateRequest,
    returns={200: TemplateAnswer, 201: TemplateAnswer},
    errors=[400, 404, 409, 422],
)
def put_template(request: Request, name: str) -> Reply:
    sent = parsed(TemplateRequest, json_object_of(request.event))
    template = SheetTemplate(
        name=name,
        prompt=sent.prompt,
        file_name=sent.file_name,
        columns={
            folded_name(column): ColumnRule(
                required=rule.required,
                default=rule.default,
                one_of=tuple(rule.one_of),
                max_length=rule.max_length,
            )
            for column, rule in sent.columns.items()
        },
        model=sent.model,
        aspect_ratio=sent.aspect_ratio,
        quality=sent.quality,
        fallback=tuple(sent.fallback),
    )
    stored, is_new = request.services.manage_templates.put(request.owner, template)
    return Reply(201 if is_new else 200, template_answer(stored))


@routes.get(
    "/api/templates",
    id="listTemplates",
    summary="The built-in templates and your own",
    returns={200: TemplateList},
)
def list_templates(request: Request) -> TemplateList:
    found = request.services.manage_templates.list(request.owner)
    return TemplateList(items=[template_answer(each) for each in found], next_cursor=None)


@routes.get(
    "/api/templates/{name}",
    id="getTemplate",
    summary="One template",
    parameters=[NAME],
    returns={200: TemplateAnswer},
    errors=[404],
)
def get_template(request: Request, name: str) -> TemplateAnswer:
    return template_answer(request.services.manage_templates.get(request.owner, name))


@routes.delete(
    "/api/templates/{name}",
    id="deleteTemplate",
    summary="Remove a template; running batches keep it",
    parameters=[NAME],
    returns={204: None},
    errors=[404, 409],
)
def delete_template(request: Request, name: str) -> Response:
    request.services.manage_templates.delete(request.owner, name)
    return Response(204)


def template_answer(template: SheetTemplate) -> TemplateAnswer:
    return TemplateAnswer(
        name=template.name,
        prompt=template.prompt,
        file_name=template.file_name,
        columns={
            name: TemplateColumn(
                required=rule.required,
                default=rule.default,
                one_of=list(rule.one_of),
                max_length=rule.max_length,
            )
            for name, rule in template.columns.items()
        },
        model=template.model,
        aspect_ratio=template.aspect_ratio,
        quality=Quality(template.quality) if template.quality else None,
        fallback=list(template.fallback),
        built_in=template.name in BUILT_IN,
        updated_at=template.updated_at,
    )
