"""Which objects of a result a destination wants: what is stored says its kind, so that no table is needed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select

from config.destinations import Kinds, Wish
from storage.codes import DeliveryCode, EventCode
from storage.session import Database
from storage.showing import refresh
from storage.states import DeliveryState, ResultStatus, utc_now
from storage.tables import Delivery, Result, ResultObject, Study
from storage.timeline import move_delivery, note

Destinations: TypeAlias = Collection[str] | Mapping[str, Kinds] | Mapping[str, Wish]
"""Names of destinations, each with what it wants; one without wants the default set of every result."""


def wants(kinds: Kinds, made: ResultObject) -> bool:
    """True where an object is one of the kinds that a destination wants."""
    names = (kinds,) if isinstance(kinds, str) else kinds
    return "all" in names or made.kind in names or ("default" in names and made.of_default)


def kinds_of(destinations: Destinations, name: str) -> Kinds:
    """The kinds that a destination wants."""
    return _wish(destinations, name).kinds


def wanted(made: ResultObject, result: Result, destinations: Destinations) -> Sequence[str]:
    """Names of the destinations that want an object of a result."""
    if made.stands_for_id is not None:
        return []  # it goes where the one that it stands for was refused, and nowhere else
    analysed = result.status is not ResultStatus.NOT_APPLICABLE
    return [
        name
        for name in destinations
        if wants(kinds_of(destinations, name), made)
        and _wish(destinations, name).takes(analysed=analysed, plausible=result.plausible)
    ]


def _wish(destinations: Destinations, name: str) -> Wish:
    found = destinations[name] if isinstance(destinations, Mapping) else Wish()
    return found if isinstance(found, Wish) else Wish(found)


def cancel_unwanted(database: Database, destinations: Destinations, *, now: datetime | None = None) -> int:
    """End the deliveries of objects that their destination no longer wants; returns how many there were.

    What waits is not sent, and what was refused or given up needs no person any more. What arrived stays where it is.
    Destinations that are not named are left alone.
    """
    now = now or utc_now()
    open_ = [state for state in DeliveryState if state is DeliveryState.WAITING or state.lost]
    with database.write() as session:
        found = session.execute(
            select(Delivery, ResultObject, Result.study_id)
            .join(ResultObject, Delivery.object_id == ResultObject.id)
            .join(Result, ResultObject.result_id == Result.id)
            .where(Delivery.state.in_(open_), Delivery.destination.in_(list(destinations)))
            .order_by(Result.study_id, Delivery.id)
        ).all()
        ended: dict[tuple[int, str], int] = {}
        for row, made, study_id in found:
            if not wants(kinds_of(destinations, row.destination), made):
                move_delivery(row, to=DeliveryState.CANCELLED)
                row.last_code, row.last_comment = DeliveryCode.NOT_WANTED, DeliveryCode.NOT_WANTED.sentence
                ended[study_id, row.destination] = ended.get((study_id, row.destination), 0) + 1
        for (study_id, name), count in ended.items():
            sentence = f"{count} objects are no longer sent to {name}: its settings no longer ask for them."
            note(session, study_id, at=now, code=EventCode.DELIVERY_CANCELLED, sentence=sentence)
        for study_id in sorted({study_id for study_id, _ in ended}):
            refresh(session, session.get_one(Study, study_id, with_for_update=True), at=now)
    return sum(ended.values())
