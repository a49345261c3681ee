"""The models that batches can run on."""

from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.schemas.model_answers import ModelList, model_list

routes = Routes("Image models")


@routes.get(
    "/api/models",
    id="listModels",
    summary="The models, their prices and what each can make",
    returns={200: ModelList},
)
def list_models(request: Request) -> ModelList:
    return model_list(request.services.usable_models())
