"""One association while it lasts, and whether an image is the one that its command names."""

import time
from dataclasses import dataclass, field, replace

from config.codes import Code
from config.errors import Final, UnusableInput
from dicom_node.receive import headers
from dicom_node.wire import StoreRequest
from storage import studies
from storage.arrivals import PAUSE_S, Arrival
from storage.associations import Peer, Refusal


@dataclass(slots=True)
class Visit:
    """What is kept of an association while it lasts."""

    peer: Peer
    rejected: str = ""  # why, where we reject it
    admitted: bool = False
    gave_way: bool = False
    association_id: int | None = None
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    received_bytes: int = 0
    brought: dict[int, Arrival] = field(default_factory=dict)  # by study number
    brought_at: dict[int, float] = field(default_factory=dict)  # when the last image of a study came
    unrecorded: list[Refusal] = field(default_factory=list)  # until the database can be written
    last_at: float = field(default_factory=time.monotonic)  # when the last image was answered

    def take(self, study_id: int, *, again: bool) -> None:
        """Count an image of a study."""
        before = self.brought.get(study_id, Arrival())
        self.brought[study_id] = replace(before, new=before.new + (not again), duplicates=before.duplicates + again)
        self.brought_at[study_id] = time.monotonic()

    def idle_s(self, *, in_message: bool) -> float:
        """Seconds since the last image was answered; 0 while part of a message has come."""
        return 0.0 if in_message else time.monotonic() - self.last_at

    def arrivals(self, *, broken: bool) -> dict[int, Arrival]:
        """What it brought; where it broke off, it did so for the studies that it was at."""
        return {
            study_id: replace(arrival, broken=broken and self.last_at - self.brought_at[study_id] < PAUSE_S)
            for study_id, arrival in self.brought.items()
        }


def check_named(uids: headers.ImageUids, request: StoreRequest) -> None:
    """The UIDs are there, are UIDs, and are those the command named.

    Raises
    ------
    UnusableInput
        One is missing, or is none.
    Final
        The command names another object.
    """
    for value, what in (
        (uids.study, "Study Instance UID"),
        (uids.series, "Series Instance UID"),
        (uids.instance, "SOP Instance UID"),
        (uids.sop_class, "SOP Class UID"),
    ):
        if not value:
            raise UnusableInput(Code.UID_MISSING, f"The data set has no {what}.")
        studies.check_uid(value, what)
    if (uids.instance, uids.sop_class) != (request.sop_instance, request.sop_class):
        raise Final(Code.UIDS_DIFFER, "The data set has another SOP Class or Instance UID than its command.")
