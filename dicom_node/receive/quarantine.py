"""Refused images, kept to be looked at, as long as they are not too many."""

import logging
import threading

from storage.objects import ObjectStore

AREA = "quarantine"

log = logging.getLogger(__name__)


class Quarantine:
    """The area of refused images, limited in size: whoever sends what is refused must not fill the disk.

    Parameters
    ----------
    objects : ObjectStore
    most_mb : float
        In 1e6 bytes.
    """

    def __init__(self, objects: ObjectStore, *, most_mb: float) -> None:
        self._objects = objects
        self._most_bytes = most_mb * 1e6
        self._lock = threading.Lock()
        self._bytes = objects.used_bytes(AREA)
        self._said = False

    def take(self, key: str, size_bytes: int) -> str | None:
        """Take a file in, where there is room for it.

        Returns
        -------
        str or None
            Its key there; None where there is no room, and the file is where it was.

        Raises
        ------
        StorageUnavailable
            The disk cannot be written.
        """
        with self._lock:
            if self._bytes + size_bytes > self._most_bytes:
                if not self._said:
                    log.warning("The quarantine is full (receiver.quarantine_mb); refused images are not kept any more")
                self._said = True
                return None
            self._bytes += size_bytes
        return self._objects.move(key, AREA)
