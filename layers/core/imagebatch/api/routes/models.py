"""The models on which batches can run."""

from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.domain.errors import ForbiddenError
from imagebatch.schemas.model_answers import ModelCheckAnswer, ModelList, model_check, model_list

routes = Routes("Image models")


@routes.get(
    "/api/models",
    id="listModels",
    summary="The models with their prices and capabilities",
    returns={200: ModelList},
)
def list_models(request: Request) -> ModelList:
    return model_list(request.services.usable_models())


@routes.post(
    "/api/models/check",
    id="checkModels",
    summary="Look up every model at its provider now, for operators",
    description="Also runs once a day. Sends only free requests and takes some seconds. A "
    "model that is gone is rejected in new batches; an unclear response changes nothing.",
    returns={200: ModelCheckAnswer},
    errors=[403],
)
def check_models(request: Request) -> ModelCheckAnswer:
    if not request.is_operator:
        raise ForbiddenError("operators-only", "For operators only", title="For operators only")
    return model_check(request.services.check_models(request.owner))
