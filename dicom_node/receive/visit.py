"""One association while it lasts, and whether an image is the one that its command names."""

from dataclasses import dataclass, field
from typing import Any

from config.codes import Code
from config.errors import Final, UnusableInput
from dicom_node.receive import headers
from storage import studies
from storage.associations import Peer, Refusal


@dataclass(slots=True)
class Visit:
    """What is kept of an association while it lasts."""

    peer: Peer
    association_id: int | None = None
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    received_bytes: int = 0
    arrivals: dict[int, list[int]] = field(default_factory=dict)  # study number: [new, duplicates]
    unrecorded: list[Refusal] = field(default_factory=list)  # until the database can be written


def check_named(uids: headers.ImageUids, request: Any) -> None:
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
    commanded = (str(request.AffectedSOPInstanceUID), str(request.AffectedSOPClassUID))
    if (uids.instance, uids.sop_class) != commanded:
        raise Final(Code.UIDS_DIFFER, "The data set has another SOP Class or Instance UID than its command.")
