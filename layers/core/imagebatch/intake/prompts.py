"""Rules of the prompt intake: from a list of prompts to items with a file name and a price."""

import string
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import ImageModel, Quality
from imagebatch.domain.statuses import Kind
from imagebatch.intake.field_problems import FieldProblem
from imagebatch.intake.file_names import safe_stem, unique_stems
from imagebatch.structs import Struct

MAX_PROMPT_LENGTH = 4_000
DEFAULT_ASPECT_RATIO = "1:1"
_WORDS_OF_A_NAME = 8
_PUNCTUATION = string.punctuation + "\u2018\u2019\u201c\u201d\u201e«»…\u2013\u2014"


class PromptDraft(Struct, frozen=True):
    """An item as sent, trimmed; `file` is an upload's ID, a URL or empty."""

    prompt: str = ""
    file: str = ""
    custom_id: str = ""
    aspect_ratio: str = DEFAULT_ASPECT_RATIO


def default_custom_id(index: int) -> str:
    return f"item-{index + 1:04d}"


def plan_prompts(
    drafts: Sequence[PromptDraft],
    *,
    model: ImageModel,
    quality: Quality,
    price: Callable[[int], Decimal],
    reference: Callable[[str], str],
) -> BatchManifest:
    """Plan one image per draft.

    `reference` maps a `file` to its stored reference, and `price` returns the maximum price of an
    item with that many images.
    """
    names = [draft.custom_id or default_custom_id(i) for i, draft in enumerate(drafts)]
    stems = unique_stems(map(_stem, drafts, names))
    items = tuple(
        ItemSpec(
            index=index,
            custom_id=name,
            row=None,
            prompt=draft.prompt,
            stem=stem,
            price=price(1 if draft.file else 0),
            input=model.input_for(
                prompt=draft.prompt,
                aspect_ratio=draft.aspect_ratio,
                images=(draft.file,) if draft.file else (),
                quality=quality,
            ),
            aspect_ratio=draft.aspect_ratio,
            images=(reference(draft.file),) if draft.file else (),
            quality=quality,
        )
        for index, (draft, name, stem) in enumerate(zip(drafts, names, stems, strict=True))
    )
    return BatchManifest(Kind.PROMPTS, (), items)


def repeated_ids(drafts: Sequence[PromptDraft]) -> Iterator[FieldProblem]:
    """Find IDs that an earlier item has, or that an item without its own ID gets."""
    owners = {default_custom_id(i): i for i, each in enumerate(drafts) if not each.custom_id}
    for index, draft in enumerate(drafts):
        if not draft.custom_id:
            continue
        first = owners.setdefault(draft.custom_id, index)
        if first != index:
            message = f"is already the custom_id of item {first}"
            yield FieldProblem(f"items.{index}.custom_id", message)


def _stem(draft: PromptDraft, name: str) -> str:
    """The client's own ID, otherwise the prompt's first words."""
    return safe_stem(draft.custom_id) or safe_stem(stem_of_words(draft.prompt)) or name


def stem_of_words(prompt: str) -> str:
    words = (word.strip(_PUNCTUATION) for word in prompt.split()[:_WORDS_OF_A_NAME])
    return "-".join(word for word in words if word).lower()
