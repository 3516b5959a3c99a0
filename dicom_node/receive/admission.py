"""How many associations may be open, of all and of one peer, and which of them makes room for a new one."""

import threading
from collections.abc import Iterable, Iterator

from config.settings import ReceiverSettings
from dicom_node.pynetdicom_listening import GuardedAssociation


class Admission:
    """Decides about requests for association.

    Parameters
    ----------
    settings : ReceiverSettings
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()

    def decide(self, assoc: GuardedAssociation, connections: Iterable[GuardedAssociation]) -> str:
        """Let an association in, or say why not; one that is idle may have to end for it.

        Parameters
        ----------
        assoc : GuardedAssociation
            It asks, and has a visit.
        connections : iterable of GuardedAssociation
            All that are open.

        Returns
        -------
        str
            Why it is rejected; empty where it is let in.
        """
        with self._lock:
            there = [other for other in connections if other is not assoc and _counts(other)]
            leaving: list[GuardedAssociation] = []
            for option, most, counted in self._limits(assoc, there):
                staying = [other for other in counted if other not in leaving]
                if len(staying) < most:
                    continue
                idlest = max(staying, key=GuardedAssociation.idle_s)
                if idlest.idle_s() < self._settings.give_way_s:
                    return f"As many associations as receiver.{option} allows were open."
                leaving.append(idlest)
            for other in leaving:
                other.visit.gave_way = True
                other.give_way()
            assoc.visit.admitted = True
            return ""

    def _limits(
        self, assoc: GuardedAssociation, there: list[GuardedAssociation]
    ) -> Iterator[tuple[str, int, list[GuardedAssociation]]]:
        """Name of each limit, how many it lets in, and who counts for it."""
        settings, peer = self._settings, assoc.visit.peer
        if settings.max_per_caller:
            same = [other for other in there if other.visit.peer.calling_ae == peer.calling_ae]
            yield "max_per_caller", settings.max_per_caller, same
        if settings.max_per_address:
            same = [other for other in there if other.visit.peer.host == peer.host]
            yield "max_per_address", settings.max_per_address, same
        yield "max_associations", -(-settings.max_associations // settings.processes), there


def _counts(other: GuardedAssociation) -> bool:
    """It was let in, and is not over."""
    is_over = other.is_released or other.is_aborted or other.is_rejected
    return other.visit is not None and other.visit.admitted and not other.visit.gave_way and not is_over
