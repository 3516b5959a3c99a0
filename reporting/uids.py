"""Deterministic UIDs: the same study, revision and model always give the same, so a retry can't make a second."""

from dataclasses import dataclass
from hashlib import sha256


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


@dataclass(frozen=True, slots=True)
class ResultUids:
    """UIDs of one result of one study.

    Attributes
    ----------
    study_instance_uid : str
        Study that was analysed.
    revision : int
        Revision of that study's content or of its processing.
    model_digest : str
        SHA-256 of the bundle's manifest.
    """

    study_instance_uid: str
    revision: int
    model_digest: str

    def make(self, kind: str, index: int | str = 0) -> str:
        """UID of one thing of this result, named by its kind and its number or name within the kind."""
        return derived_uid(self.study_instance_uid, self.revision, self.model_digest, kind, index)

    @property
    def device(self) -> str:
        """UID of the algorithm as a device; changes whenever the model does, never with the study."""
        return derived_uid("device", self.model_digest)
