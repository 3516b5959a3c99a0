"""Images of many associations recorded in shared transactions: one commit, one flush, for all who wait."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.errors import StorageUnavailable
from storage import images
from storage.images import IncomingImage, Recording
from storage.session import Database

MOST_TOGETHER = 64


@dataclass(slots=True, eq=False)
class _Wish:
    """One image that waits to be recorded."""

    image: IncomingImage
    news: threading.Event = field(default_factory=threading.Event)
    answer: Recording | Exception | None = None


class Recorder:
    """Records images, those that come while a transaction is under way together in the next.

    There is no thread: of those who wait one commits for all, and then hands over to one that came meanwhile.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._waiting: list[_Wish] = []
        self._busy = False

    def record(self, image: IncomingImage) -> Recording:
        """Record an image whose file is durable; returns when its row is.

        Raises
        ------
        UnusableInput
            One of the UIDs is none.
        StorageUnavailable
            Nothing was recorded; the image must be refused.
        """
        images.check_uids(image)
        wish = _Wish(image)
        with self._lock:
            self._waiting.append(wish)
            leads = not self._busy
            self._busy = True
        if not leads:
            wish.news.wait()
        if wish.answer is None:
            self._commit()
        if isinstance(wish.answer, Recording):
            return wish.answer
        raise wish.answer or RuntimeError("an image was neither recorded nor refused")

    def _commit(self) -> None:
        """Record all who wait, the caller among them."""
        with self._lock:
            taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        try:
            answers = self._record([wish.image for wish in taken])
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever it is
            answers = [error] * len(taken)
        for wish, answer in zip(taken, answers, strict=True):
            wish.answer = answer
            wish.news.set()
        with self._lock:
            self._busy = bool(self._waiting)
            if self._waiting:
                self._waiting[0].news.set()

    def _record(self, together: Sequence[IncomingImage]) -> Sequence[Recording | Exception]:
        order = sorted(range(len(together)), key=lambda number: together[number].study_instance_uid)
        try:
            recorded = images.record_together(self._database, [together[number] for number in order])
        except StorageUnavailable:
            raise
        except Exception:  # noqa: BLE001 - one of them cannot be recorded: the others must not fail with it
            return [self._alone(image) for image in together]
        answers: list[Recording | Exception] = list(recorded)
        for number, answer in zip(order, recorded, strict=True):
            answers[number] = answer
        return answers

    def _alone(self, image: IncomingImage) -> Recording | Exception:
        try:
            return images.record_instance(self._database, image)
        except Exception as error:  # noqa: BLE001 - as above
            return error
