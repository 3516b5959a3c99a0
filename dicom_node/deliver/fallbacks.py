"""What is done about an object of a class that a destination is known not to accept."""

import logging
from io import BytesIO

from pydicom import dcmread
from pydicom.errors import InvalidDicomError
from pydicom.uid import UID

from reporting.fallback import check_twin, in_class, other_class
from storage import fallbacks
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.objects import ObjectStore
from storage.results import NewObject
from storage.session import Database

log = logging.getLogger(__name__)


def instead(database: Database, objects: ObjectStore, item: DueDelivery, *, refused: frozenset[str]) -> bool:
    """Send an object in another class that the destination may accept; False where there is none."""
    wanted = other_class(item.sop_class_uid, refused=refused)
    if wanted is None:
        return False
    made = None
    if not fallbacks.known(database, item.delivery_id, wanted):
        made = _made(objects, item, wanted)
        if made is None:
            return False
    fallbacks.send_instead(database, item, wanted, made)
    log.info("%s: an object goes as %s", item.destination, UID(wanted).name)
    return True


def leave_out(database: Database, item: DueDelivery) -> None:
    """Do not offer what was refused a while ago and has nothing to take its place."""
    fallbacks.end(database, item, DeliveryCode.NOT_OFFERED)


def _made(objects: ObjectStore, item: DueDelivery, sop_class_uid: str) -> NewObject | None:
    """The object in another class, its file durable; None where that could not be made or may not leave."""
    try:
        original = objects.path(item.path_key).read_bytes()
        encoded = in_class(original, sop_class_uid)
        findings = check_twin(item.kind, encoded, original=original)
    except (OSError, InvalidDicomError, ValueError, AttributeError, KeyError, TypeError) as error:
        log.error("An object could not be made in another class: %s", type(error).__name__)
        return None
    if findings:
        log.error("An object in another class may not leave: %s", findings[0].sentence)
        return None
    twin = dcmread(BytesIO(encoded), stop_before_pixels=True)
    series_uid, instance_uid = str(twin.SeriesInstanceUID), str(twin.SOPInstanceUID)
    stored = objects.put("results", item.sop_instance_uid, name=instance_uid, content=[encoded], suffix=".dcm")
    return NewObject(
        kind=item.kind,
        description=item.description,
        sop_class_uid=sop_class_uid,
        sop_instance_uid=instance_uid,
        series_instance_uid=series_uid,
        transfer_syntax_uid=item.transfer_syntax_uid,
        stored=stored,
    )
