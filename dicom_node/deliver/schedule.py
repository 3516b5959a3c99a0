"""When what failed is tried again, and what an outcome makes of a row of the ledger."""

import random
from datetime import datetime, timedelta

from config.settings import DeliverySettings
from dicom_node.deliver.destination import Outcome, Verdict
from storage.attempts import Attempt
from storage.codes import DeliveryCode
from storage.deliveries import DueDelivery
from storage.states import DeliveryState

JITTER = 0.2
"""A pause is shorter by up to this part, so that what failed together does not come back together."""


def pause_s(attempt: int, settings: DeliverySettings, *, chance: float | None = None) -> float:
    """Seconds to wait after the attempt of this number (from 1): doubled each time, up to the longest, less a bit.

    Parameters
    ----------
    attempt : int
    settings : DeliverySettings
    chance : float, optional
        0 to 1, how much of the jitter; drawn without.

    Raises
    ------
    ValueError
        The number is below 1.
    """
    if attempt < 1:
        raise ValueError(f"attempts are counted from 1, received {attempt}")
    full = min(settings.first_pause_s * 2.0 ** min(attempt - 1, 40), settings.max_pause_s)
    return full * (1 - JITTER * (random.random() if chance is None else chance))


def attempt_of(
    due: DueDelivery, outcome: Outcome, *, settings: DeliverySettings, now: datetime, chance: float | None = None
) -> Attempt:
    """The ledger entry that an outcome makes: delivered, refused, tried again later, or given up.

    That a destination has an object already is believed where this node put it on the way before.
    """

    def entry(state: DeliveryState, again: datetime | None = None) -> Attempt:
        return Attempt(due.delivery_id, state, outcome.status, outcome.code, outcome.comment, again)

    if outcome.verdict is Verdict.DELIVERED or (outcome.verdict is Verdict.DUPLICATE and due.offered):
        return entry(DeliveryState.DELIVERED)
    if outcome.verdict is Verdict.DUPLICATE:
        code = DeliveryCode.DUPLICATE_UNKNOWN
        return Attempt(due.delivery_id, DeliveryState.REFUSED, outcome.status, code, code.sentence)
    if outcome.verdict is Verdict.REFUSED:
        return entry(DeliveryState.REFUSED)
    again = now + timedelta(seconds=pause_s(due.attempts + 1, settings, chance=chance))
    if again > due.created_at + timedelta(hours=settings.give_up_after_h):
        return entry(DeliveryState.GIVEN_UP)
    return entry(DeliveryState.WAITING, again)
