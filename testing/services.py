"""The services of all functions in one, as the tests use them."""

from imagebatch.compose.api import ApiServices
from imagebatch.compose.deadletter import DeadLetterServices
from imagebatch.compose.dispatcher import DispatcherServices
from imagebatch.compose.finalizer import FinalizerServices
from imagebatch.compose.intake import IntakeServices
from imagebatch.compose.sweeper import SweeperServices
from imagebatch.compose.worker import WorkerServices


class Deployment(
    ApiServices,
    IntakeServices,
    SweeperServices,
    DispatcherServices,
    WorkerServices,
    DeadLetterServices,
    FinalizerServices,
):
    """Each use case is built once, so that a test can replace its dependencies."""
