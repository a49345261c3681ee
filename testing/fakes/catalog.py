from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.catalog import Variant
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.page import Page
from testing.fakes.faults import Faults, faulty


class InMemoryCatalogStore(Faults, CatalogStore):
    """`variants` holds the stored records, by owner and ID."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.variants: dict[tuple[str, int], Variant] = {}

    @faulty
    def upsert(self, owner: str, variants: Sequence[Variant]) -> int:
        with self._lock:
            new = [variant for variant in variants if (owner, variant.id) not in self.variants]
            self.variants |= {(owner, variant.id): variant for variant in variants}
        return len(new)

    @faulty
    def get_many(self, owner: str, variant_ids: Sequence[int]) -> Mapping[int, Variant]:
        return {
            id_: self.variants[owner, id_] for id_ in variant_ids if (owner, id_) in self.variants
        }

    @faulty
    def delete(self, owner: str, variant_id: int) -> None:
        with self._lock:
            self.variants.pop((owner, variant_id), None)

    @faulty
    def list_variants(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        keep: Callable[[Variant], bool] = lambda _: True,
    ) -> Page[Variant]:
        mine = [variant for (of, _), variant in self.variants.items() if of == owner]
        ordered = sorted(mine, key=lambda variant: (variant.product_id, variant.id))
        names = [f"{owner}/{variant.id}" for variant in ordered]
        if cursor is not None and cursor not in names:
            raise InvalidRequestError("invalid-cursor", "Invalid cursor")
        start = names.index(cursor) + 1 if cursor else 0
        found = [variant for variant in ordered[start:] if keep(variant)]
        more = len(found) > limit
        return Page(found[:limit], f"{owner}/{found[limit - 1].id}" if more else None)
