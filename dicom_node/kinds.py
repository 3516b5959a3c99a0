"""Kinds of result objects by name: what the settings and the command line ask for, and what presentations give."""

from collections.abc import Collection, Iterable

from config.codes import Code
from config.destinations import DestinationSettings, Kinds
from config.errors import BundleError, SettingsError
from config.settings import Settings
from reporting.kinds import default_kinds, every_kind, row_of
from reporting.presentation import Presentation, find_presentation

SETS = ("default", "all")


def kinds_to_make(presentation: Presentation, wanted: Iterable[Kinds]) -> frozenset[str]:
    """The default set, which the panel shows and reports name, and what is wanted beside it, of what there is."""
    return default_kinds(presentation).union(*(_of(kinds, presentation) for kinds in wanted))


def chosen_kinds(text: str, presentation: Presentation) -> frozenset[str]:
    """The kinds that a person named on the command line.

    Parameters
    ----------
    text : str
        ``default``, ``all`` and names of kinds, with commas between them.
    presentation : Presentation

    Raises
    ------
    SettingsError
        One of them is no kind that the application gives (code ``KIND_UNKNOWN``), or none is named.
    """
    names = tuple(name.strip() for name in text.split(","))
    _refuse_unknown(names, every_kind(presentation), "--kinds")
    return _of(names, presentation)


def check_kinds(settings: Settings, applications: Iterable[str]) -> None:
    """See that every kind that a destination names is given by one of the applications.

    Where one of them is not installed, nobody knows which kinds it gives, and nothing is refused.

    Raises
    ------
    SettingsError
        A kind is not known (code ``KIND_UNKNOWN``).
    """
    try:
        presentations = [find_presentation(application) for application in applications]
    except BundleError:
        return
    known = dict.fromkeys(name for presentation in presentations for name in every_kind(presentation))
    for destination in settings.destinations:
        names = (destination.kinds,) if isinstance(destination.kinds, str) else destination.kinds
        _refuse_unknown(names, known, f"kinds of the destination {destination.name}")


def wanted_classes(destination: DestinationSettings, applications: Iterable[str]) -> frozenset[str]:
    """SOP classes of the objects that a destination may get from the applications.

    Raises
    ------
    BundleError
        One of them is not installed.
    """
    classes: set[str] = set()
    for application in applications:
        presentation = find_presentation(application)
        rows = (row_of(name, presentation) for name in _of(destination.kinds, presentation))
        classes |= {str(row.sop_class) for row in rows if row is not None}
    return frozenset(classes)


def _of(kinds: Kinds, presentation: Presentation) -> frozenset[str]:
    """The kinds that are meant, of those that a presentation gives."""
    names, known = (kinds,) if isinstance(kinds, str) else kinds, frozenset(every_kind(presentation))
    if "all" in names:
        return known
    return (known & set(names)) | (default_kinds(presentation) if "default" in names else frozenset())


def _refuse_unknown(names: Iterable[str], known: Collection[str], where: str) -> None:
    unknown = [name for name in names if name not in (*known, *SETS)]
    if unknown:
        raise SettingsError(
            Code.KIND_UNKNOWN,
            f"Correct {where}: there are {', '.join((*SETS, *known))}. Received {', '.join(map(repr, unknown))}.",
        )
