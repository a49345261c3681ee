"""Combines all routes, in the order of the OpenAPI document."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from imagebatch.api.application import Application
from imagebatch.api.routes import (
    batch_input,
    batches,
    budget,
    cars,
    deletes,
    erasures,
    items,
    models,
    operations,
    progress,
    prompts,
    rounds,
    shares,
    sheets,
    templates,
    uploads,
    variant_batches,
    variants,
    webhooks,
)
from imagebatch.api.routing import Route

if TYPE_CHECKING:
    from imagebatch.api.services import Services


GROUPS = (
    cars,
    sheets,
    templates,
    batches,
    batch_input,
    rounds,
    items,
    shares,
    progress,
    prompts,
    uploads,
    variants,
    variant_batches,
    webhooks,
    deletes,
    erasures,
    models,
    budget,
    operations,
)


def all_routes() -> Iterator[Route]:
    return chain.from_iterable(group.routes for group in GROUPS)


def build(services: "Services") -> Application:
    return Application(services, all_routes())
