"""Files that no row names: what a crash left between writing the files of a result and saving its row."""

from sqlalchemy import or_, select

from storage.objects import ObjectStore
from storage.runs import file_group
from storage.session import Database
from storage.tables import Picture, Result, ResultObject, Run, Study

AREAS = ("results", "pictures")
OLD_S = 24 * 3600.0


def sweep(database: Database, objects: ObjectStore, *, older_than_s: float = OLD_S) -> int:
    """Remove files of results that no row names, and return how many.

    Only runs that began and left no result, or began more than once, can have such files, so only theirs are looked at.

    Raises
    ------
    StorageUnavailable
        The database or the disk does not answer.
    """
    columns = (Study.study_instance_uid, Run.deployment_id, Run.revision, Result.id)
    suspects = (
        select(*columns)
        .join(Study, Run.study_id == Study.id)
        .outerjoin(Result, Result.run_id == Run.id)
        .where(Run.claims > 0, or_(Result.id.is_(None), Run.claims > 1))
    )
    with database.read() as session:
        found = session.execute(suspects).all()
    return sum(
        _sweep_one(database, objects, file_group(uid, deployment, revision), result_id, older_than_s=older_than_s)
        for uid, deployment, revision, result_id in found
    )


def _sweep_one(
    database: Database, objects: ObjectStore, group: str, result_id: int | None, *, older_than_s: float
) -> int:
    keys = [key for area in AREAS for key in objects.keys(area, group, older_than_s=older_than_s)]
    if not keys:
        return 0
    with database.read() as session:
        named = {
            key
            for column, owner in (
                (ResultObject.path_key, ResultObject.result_id),
                (Picture.path_key, Picture.result_id),
            )
            for key in session.scalars(select(column).where(owner == result_id))
        }
    lost = [key for key in keys if key not in named]
    for key in lost:
        objects.discard(key)
    return len(lost)
