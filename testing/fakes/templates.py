from collections.abc import Sequence
from threading import Lock

from imagebatch.domain.errors import LimitReachedError
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.ports.templates import TemplateStore
from testing.fakes.faults import Faults, faulty


class InMemoryTemplateStore(Faults, TemplateStore):
    """`templates` holds the stored records, by owner and name."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.templates: dict[tuple[str, str], SheetTemplate] = {}

    @faulty
    def put(self, owner: str, template: SheetTemplate, *, limit: int) -> bool:
        with self._lock:
            is_new = (owner, template.name) not in self.templates
            if is_new and sum(of == owner for of, _ in self.templates) >= limit:
                raise LimitReachedError
            self.templates[owner, template.name] = template
        return is_new

    @faulty
    def get(self, owner: str, name: str) -> SheetTemplate | None:
        return self.templates.get((owner, name))

    @faulty
    def delete(self, owner: str, name: str) -> None:
        self.templates.pop((owner, name), None)

    @faulty
    def list_templates(self, owner: str) -> Sequence[SheetTemplate]:
        mine = [each for (of, _), each in self.templates.items() if of == owner]
        return sorted(mine, key=lambda each: each.name)
