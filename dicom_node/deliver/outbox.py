"""One turn of delivery to one destination: take what is due, send it, write down what came back as it comes."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from pydicom.uid import generate_uid

from config import logs
from config.settings import DeliverySettings
from dicom_node.deliver import fallbacks
from dicom_node.deliver.destination import Destination, Outcome, Outgoing, ProofAnswer, Verdict
from dicom_node.deliver.schedule import attempt_of, pause_s
from storage import deliveries, proofs, refusals
from storage.attempts import Attempt
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.destinations import find
from storage.objects import ObjectStore
from storage.proofs import ProofEntry
from storage.session import Database
from storage.states import Proof, utc_now

BATCH = 64
"""Objects of one turn: the destination is asked again then whether something newer waits."""

_ASK_AGAIN_AFTER = timedelta(minutes=5)  # what did not answer
_REPORT_WITHIN = timedelta(hours=1)  # a commitment that was promised and did not come is asked for again

log = logging.getLogger(__name__)


class Turn:
    """What is done for one destination again and again, in a thread of its own.

    Parameters
    ----------
    destination : Destination
    settings : DeliverySettings
    database : Database
    objects : ObjectStore
    """

    def __init__(
        self, destination: Destination, settings: DeliverySettings, database: Database, objects: ObjectStore
    ) -> None:
        self._destination = destination
        self._settings = settings
        self._database = database
        self._objects = objects
        self._unwritten: list[Attempt] = []  # what came back while the database could not be written

    def __call__(self) -> None:
        """Send what is due, if anything is, then ask for proof of what was sent.

        Raises
        ------
        StorageUnavailable
            The database is not ready; nothing more was sent, and what came back is written first of all next time.
        """
        name, now = self._destination.name, utc_now()
        self._write_rest()
        place = find(self._database, name)
        if place is None or not place.open or (place.paused_until is not None and place.paused_until > now):
            return
        limit = 1 if place.failures else BATCH
        if due := self._sort_out(deliveries.due(self._database, name, limit=limit)):
            self._send(due, was_down=place.failures > 0)
        elif asked := proofs.due(self._database, name):
            self._prove(asked)

    def _sort_out(self, due: Sequence[DueDelivery]) -> list[DueDelivery]:
        """What is to be offered; of what the destination is known not to accept, something else is sent, or nothing."""
        refused = refusals.of(self._database, self._destination.name) if due else frozenset()
        for item in due:
            if item.sop_class_uid in refused and not self._instead(item, refused):
                fallbacks.leave_out(self._database, item)
        return [item for item in due if item.sop_class_uid not in refused]

    def _instead(self, item: DueDelivery, refused: frozenset[str]) -> bool:
        return fallbacks.instead(self._database, self._objects, item, refused=refused)

    def _send(self, due: Sequence[DueDelivery], *, was_down: bool) -> None:
        deliveries.offer(self._database, due[0].delivery_id)
        with contextlib.closing(self._destination.send([self._outgoing(item) for item in due])) as outcomes:
            stored = self._take(due, outcomes, was_down=was_down)
        studies = ",".join(str(number) for number in sorted({item.study_id for item in due}))
        with logs.about(destination=self._destination.name, studies=studies):
            log.info("%s: %d of %d objects delivered", self._destination.name, stored, len(due))

    def _take(self, due: Sequence[DueDelivery], outcomes: Iterator[Outcome], *, was_down: bool) -> int:
        """Write each outcome as it comes; how many objects were stored."""
        since, stored = utc_now(), 0
        for number, (item, outcome) in enumerate(zip(due, outcomes, strict=False)):
            if outcome.of_destination:
                self._fail(outcome)
                break
            now = utc_now()
            self._unwritten.append(attempt_of(item, outcome, settings=self._settings, now=now))
            stored += outcome.verdict is Verdict.DELIVERED
            after = due[number + 1].delivery_id if number + 1 < len(due) else None
            self._write_rest(offering=after, since=since)
            if was_down:
                deliveries.recovered(self._database, self._destination.name, now=now)
                was_down = False
            if outcome.code == DeliveryCode.SOP_CLASS_REFUSED:
                until = now + timedelta(hours=self._settings.class_refused_h)
                refusals.remember(self._database, self._destination.name, item.sop_class_uid, until=until, now=now)
                self._instead(item, refusals.of(self._database, self._destination.name))
        return stored

    def _write_rest(self, *, offering: int | None = None, since: datetime | None = None) -> None:
        if self._unwritten or offering is not None:
            deliveries.record(self._database, self._unwritten, offering=offering, since=since)
            self._unwritten = []

    def _fail(self, outcome: Outcome) -> None:
        """The destination as a whole is the trouble: nothing is tried there before the pause is over."""
        now = utc_now()
        place = find(self._database, self._destination.name)
        failures = 0 if place is None else place.failures
        deliveries.record_failure(
            self._database,
            self._destination.name,
            code=outcome.code,
            comment=outcome.comment,
            until=now + timedelta(seconds=pause_s(failures + 1, self._settings)),
            give_up_after=timedelta(hours=self._settings.give_up_after_h),
            now=now,
        )

    def _prove(self, asked: Sequence[DueDelivery]) -> None:
        for again in (False, True):
            if part := [item for item in asked if item.promised is again]:
                self._prove_part(part, again=again)

    def _prove_part(self, asked: Sequence[DueDelivery], *, again: bool) -> None:
        transaction_uid = str(generate_uid(prefix=None))
        proofs.ask(self._database, [item.delivery_id for item in asked], transaction_uid)
        sent = [self._outgoing(item) for item in asked]
        answers = self._destination.prove(sent, transaction_uid=transaction_uid, again=again)
        now = utc_now()
        entries = [self._entry(item, answer, transaction_uid) for item, answer in zip(asked, answers, strict=True)]
        proofs.write(self._database, entries, now=now)

    def _entry(self, item: DueDelivery, answer: ProofAnswer, transaction_uid: str) -> ProofEntry:
        again_at = None
        if answer.proof is Proof.ASKED:
            again_at = utc_now() + _REPORT_WITHIN
        elif answer.missing:
            again_at = utc_now() + timedelta(seconds=pause_s(item.attempts + 1, self._settings))
        elif answer.proof.open:
            again_at = utc_now() + _ASK_AGAIN_AFTER
        return ProofEntry(item.delivery_id, answer.proof, answer.comment, again_at, answer.missing, transaction_uid)

    def _outgoing(self, item: DueDelivery) -> Outgoing:
        return Outgoing(
            path=self._objects.path(item.path_key),
            sop_class_uid=item.sop_class_uid,
            sop_instance_uid=item.sop_instance_uid,
            transfer_syntax_uid=item.transfer_syntax_uid,
            study_instance_uid=item.study_instance_uid,
            series_instance_uid=item.series_instance_uid,
        )
