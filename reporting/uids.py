"""UIDs: minted once for what is made, derived for what must be found again."""

from hashlib import sha256
from uuid import uuid4


def minted_uid() -> str:
    """A UID that nothing had before: ``2.25.`` and a random UUID (PS3.5 Annex B.2)."""
    return f"2.25.{uuid4().int}"


def derived_uid(*parts: object) -> str:
    """A UID under the root 2.25 that depends on nothing but the parts.

    Parameters
    ----------
    *parts : object
        Written as text and joined by a separator that no UID, number or kind contains.

    Returns
    -------
    str
        ``2.25.`` and the decimal form of a UUID of version 8 filled from SHA-256; at most 44 characters.

    References
    ----------
    DICOM PS3.5 Annex B.2 (UUID derived UID); RFC 9562 section 5.8 (UUID version 8).
    """
    number = int.from_bytes(sha256("\x1f".join(map(str, parts)).encode()).digest()[:16], "big")
    number = number & ~(0xF << 76) | 0x8 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return f"2.25.{number}"


def tracking_seed(*, site_salt: str, patient_id: str, issuer: str = "", study_instance_uid: str) -> str:
    """What tracking UIDs are derived from: the patient at this site, or the study where that is not known.

    Parameters
    ----------
    site_salt : str
        Secret of the site, so that nobody can guess patients from UIDs; empty: there is none.
    patient_id, issuer : str
        As in the source; an empty Patient ID is none.
    study_instance_uid : str

    Returns
    -------
    str
        A hash from which neither salt nor patient can be read.
    """
    known = bool(site_salt and patient_id.strip())
    of = ("patient", patient_id.strip(), issuer.strip()) if known else ("study", study_instance_uid)
    return sha256("\x1f".join((site_salt, *of)).encode()).hexdigest()


class ResultUids:
    """The UIDs of one result: each minted when it is first asked for, and the same whenever it is asked for again.

    They follow from nothing, so one UID never names two contents, whatever becomes of databases, settings or software.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[str, int | str], str] = {}

    def make(self, kind: str, index: int | str = 0) -> str:
        """UID of one thing of this result, named by its kind and its number or name within the kind."""
        if (kind, index) not in self._made:
            self._made[kind, index] = minted_uid()
        return self._made[kind, index]
