"""What is safely kept of objects that a peer asks about."""

from collections.abc import Collection

from sqlalchemy import select

from storage.session import Database
from storage.tables import Instance

_MOST_IN_ONE_QUERY = 500


def kept(database: Database, sop_instance_uids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """SOP class and key of the file of each of these objects that is stored.

    Parameters
    ----------
    database : Database
    sop_instance_uids : collection of str

    Returns
    -------
    dict
        From the SOP Instance UID; one that came in several studies has several entries, an unknown one none.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    uids = list(sop_instance_uids)
    with database.read() as session:
        for start in range(0, len(uids), _MOST_IN_ONE_QUERY):
            query = select(Instance.sop_instance_uid, Instance.sop_class_uid, Instance.path_key).where(
                Instance.sop_instance_uid.in_(uids[start : start + _MOST_IN_ONE_QUERY])
            )
            for uid, sop_class, key in session.execute(query):
                found.setdefault(uid, []).append((sop_class, key))
    return found
