"""The owner's catalog of product variants."""

from imagebatch.structs import Struct


class Variant(Struct, frozen=True, kw_only=True):
    id: int
    title: str
    product_id: int
    product_title: str
    image_url: str | None = None

    def matches(self, words: str) -> bool:
        """Whether `words`, case-folded, is part of one of its titles."""
        return words in self.title.casefold() or words in self.product_title.casefold()

    @property
    def subject(self) -> str:
        """Return a one-line description: its title, preceded by the product's unless it contains
        it.
        """
        if self.product_title.casefold() in self.title.casefold():
            return self.title
        return f"{self.product_title} {self.title}"
