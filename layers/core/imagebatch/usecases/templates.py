"""An owner's templates, and the built-in ones."""

from collections.abc import Mapping, Sequence

from imagebatch.domain.errors import (
    InvalidRequestError,
    LimitReachedError,
    NotFoundError,
    StateConflictError,
    UnprocessableError,
)
from imagebatch.intake.sheet_templates import (
    BUILT_IN,
    MAX_TEMPLATES,
    NAME,
    RESERVED,
    SheetTemplate,
    check_template,
)
from imagebatch.ports.clock import Clock
from imagebatch.ports.templates import TemplateStore
from imagebatch.structs import Struct, replace

UNKNOWN_TEMPLATE = "unknown-template"


class ManageTemplates(Struct, frozen=True):
    """`built_in` are by name; they cannot be changed or removed."""

    store: TemplateStore
    clock: Clock
    built_in: Mapping[str, SheetTemplate]

    def put(self, owner: str, template: SheetTemplate) -> tuple[SheetTemplate, bool]:
        """Store a template; true if it is new. InvalidRequestError for an invalid one."""
        _check_name(template.name)
        check_template(template)
        stored = replace(template, updated_at=self.clock.now())
        try:
            return stored, self.store.put(owner, stored, limit=MAX_TEMPLATES)
        except LimitReachedError:
            raise StateConflictError(
                "too-many-templates",
                "Too many templates",
                detail=f"You already have {MAX_TEMPLATES} templates; delete one that you no "
                "longer need.",
            ) from None

    def get(self, owner: str, name: str) -> SheetTemplate:
        found = self.find(owner, name)
        if found is None:
            raise NotFoundError("template-not-found", "Template not found", title="Not found")
        return found

    def find(self, owner: str, name: str) -> SheetTemplate | None:
        if name in self.built_in:
            return self.built_in[name]
        return self.store.get(owner, name) if NAME.fullmatch(name) else None

    def list(self, owner: str) -> Sequence[SheetTemplate]:
        return [*self.built_in.values(), *self.store.list_templates(owner)]

    def delete(self, owner: str, name: str) -> None:
        if name.startswith(RESERVED):
            raise _reserved()
        if NAME.fullmatch(name):
            self.store.delete(owner, name)

    def choose(self, owner: str, name: str | None, prompt: str | None) -> SheetTemplate:
        """Return the template of a batch: a named one, or the one in the request."""
        if name and prompt:
            raise InvalidRequestError(
                "template-and-prompt",
                "Send template or prompt, not both",
                detail="A sheet batch has one template: set template to a stored one, or send "
                "its text as prompt.",
            )
        if prompt:
            template = SheetTemplate(name="", prompt=prompt)
            check_template(template)
            return template
        if not name:
            raise InvalidRequestError(
                "template-required",
                "Template is required",
                detail="Set template to a stored template, or send a template's text as prompt.",
            )
        found = self.find(owner, name)
        if found is None:
            raise UnprocessableError(
                UNKNOWN_TEMPLATE,
                "Unknown template",
                detail=f"There is no template {name[:64]!r}. List yours with GET /api/templates.",
            )
        return found


def _check_name(name: str) -> None:
    if name.startswith(RESERVED):
        raise _reserved()
    if not NAME.fullmatch(name):
        raise UnprocessableError(
            "invalid-template-name",
            "Invalid template name",
            detail="A template's name has 1 to 64 lower-case letters, digits and hyphens, and "
            "starts with a letter or a digit.",
        )


def _reserved() -> StateConflictError:
    built_in = " and ".join(BUILT_IN)
    return StateConflictError(
        "template-reserved",
        "Template name is reserved",
        detail=f"Names that start with {RESERVED} are reserved for built-in templates "
        f"({built_in}), which cannot be changed.",
    )
