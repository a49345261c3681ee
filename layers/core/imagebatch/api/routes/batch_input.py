"""What a batch was made of: its rows as they were submitted."""

from imagebatch.api.http import item_cursor, page_limit
from imagebatch.api.parameters import BATCH_ID, ITEM_CURSOR, LIMIT
from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.domain.batch import ItemSpec
from imagebatch.schemas.answers import BatchInput, InputItem

routes = Routes("Batches")


@routes.get(
    "/api/batches/{batch_id}/input",
    id="getBatchInput",
    summary="The rows of a batch as submitted, with their prompts",
    parameters=[BATCH_ID, LIMIT, ITEM_CURSOR],
    returns={200: BatchInput},
    errors=[400, 404, 406, 410],
)
def get_batch_input(request: Request, batch_id: str) -> BatchInput:
    limit, start = page_limit(request.query), item_cursor(request.query)
    manifest = request.services.read_input(request.owner, batch_id)
    end = start + limit
    return BatchInput(
        kind=manifest.kind,
        columns=list(manifest.header),
        items=[_input_item(spec) for spec in manifest.items[start:end]],
        next_cursor=str(end) if end < len(manifest.items) else None,
    )


def _input_item(spec: ItemSpec) -> InputItem:
    return InputItem(
        index=spec.index,
        custom_id=spec.custom_id,
        row=spec.row,
        prompt=spec.prompt,
        aspect_ratio=spec.aspect_ratio,
        cells=list(spec.cells),
    )
