"""Whom the images of an earlier version name: read from their files once, so that held studies can be decided."""

import logging

from config.errors import AxspaError
from inference.dicom import open_header, reading, text_of
from storage import identities
from storage.objects import ObjectStore
from storage.session import Database

_KEYWORDS = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "accession_number": "AccessionNumber",
}

log = logging.getLogger(__name__)


def read_names(database: Database, objects: ObjectStore) -> int:
    """Read what is not known yet and return of how many images; one that cannot be read names nobody.

    Raises
    ------
    StorageUnavailable
        The database does not answer.
    """
    count = 0
    while unread := identities.unread(database):
        identities.fill(database, {number: _names(objects, key) for number, key in unread})
        count += len(unread)
    return count


def _names(objects: ObjectStore, key: str) -> dict[str, str]:
    try:
        with reading():
            header, _ = open_header(objects.path(key), keywords=tuple(_KEYWORDS.values()))
    except AxspaError as error:
        log.warning("A stored image cannot be read for whom it names [%s]", error.code)
        return {}
    return {name: text_of(header, keyword) for name, keyword in _KEYWORDS.items()}
