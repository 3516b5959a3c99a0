"""One turn of delivery to one destination: take what is due, send it, write down what came back."""

import logging
from collections.abc import Callable

from config.settings import Destination, Settings
from dicom_node.deliver import cstore
from storage import deliveries
from storage.objects import ObjectStore
from storage.session import Database
from storage.states import utc_now
from storage.tables import DeliveryState

Job = Callable[[], None]

log = logging.getLogger(__name__)


class Turn:
    """What the clock calls for one destination; each destination has a thread of its own."""

    def __init__(self, settings: Settings, database: Database, objects: ObjectStore, destination: Destination) -> None:
        self._settings = settings
        self._database = database
        self._objects = objects
        self._destination = destination

    def __call__(self) -> None:
        """Send what is due, if anything is."""
        due = deliveries.due(self._database, self._destination.name)
        if not due:
            return
        outgoing = [
            cstore.Outgoing(
                path=self._objects.path(item.path_key),
                sop_class_uid=item.sop_class_uid,
                sop_instance_uid=item.sop_instance_uid,
                transfer_syntax_uid=item.transfer_syntax_uid,
            )
            for item in due
        ]
        outcomes = cstore.send(
            outgoing,
            self._destination,
            our_ae_title=self._settings.receiver.ae_title,
            settings=self._settings.delivery,
        )
        now = utc_now()
        attempts = [
            cstore.attempt_of(item, outcome, settings=self._settings.delivery, now=now)
            for item, outcome in zip(due, outcomes, strict=True)
        ]
        deliveries.record(self._database, attempts, now=now)
        stored = sum(attempt.state is DeliveryState.DELIVERED for attempt in attempts)
        log.info("%s: %d of %d objects delivered", self._destination.name, stored, len(attempts))
