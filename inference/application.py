"""What an application is, and where the installed ones are found.

An application reads studies of one kind. It is a class that is made without arguments, named by an entry point in the
group ``axspa_node.applications``; its words stand in the group ``axspa_node.presentations``, under the same name.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from config.codes import Code
from config.errors import BundleError
from inference.result import Analysis, Key
from inference.series import Selection
from inference.serving import ModelSpec
from inference.types import ModelIdentity, StudyHeaders

GROUP = "axspa_node.applications"

MISSING: Key = "missing"
"""In the context of an analysis: reasons to think that series which are read lack images, a tuple of Reason.

Nothing may be stated then that only all slices together can show.
"""


PURPOSES: tuple[Key, ...] = ("primary", "shadow", "trial")
"""What an application may be deployed for, where it has no attribute ``purposes`` that says fewer."""


class Application(Protocol):
    """One application.

    Attributes
    ----------
    name : Key
        That of its entry point.
    version : str
        Changes whenever the same images and bundle may give another result.
    steps : tuple of Key
        The steps of an analysis, in order.
    needs : mapping from Key to Key
        Role of each model that it needs of a bundle, and the kind of predictor in that role; empty: it needs no bundle.
    cutters : mapping
        What reads the parameters of a cutter from a manifest, by the cutter's name; see
        :class:`inference.serving.BundleUser`.

    An attribute ``purposes``, a tuple of :data:`PURPOSES`, says what it may be deployed for; without it, for all.
    """

    name: Key
    version: str
    steps: tuple[Key, ...]
    needs: Mapping[Key, Key]
    cutters: Mapping[str, Callable[[ModelSpec], object]]

    def wants(self, *, sop_class_uid: str, modality: str, image_type: tuple[str, ...] = ()) -> bool:
        """Whether an image may be of use, from what the database keeps of it: no other one starts an analysis.

        ``image_type`` is in capitals; an empty one is not known.
        """
        ...

    def select(self, study: StudyHeaders, *, chosen: Mapping[Key, str] | None = None) -> Selection:
        """Choose series by their headers; ``chosen`` is a person's choice: series UID by role."""
        ...

    def analyse(
        self,
        study: StudyHeaders,
        selection: Selection,
        models: Mapping[Key, Any],
        *,
        bundle: ModelIdentity,
        progress: Callable[[Key], None],
        priors: Sequence[Analysis] = (),
        context: Mapping[str, Any] | None = None,
    ) -> Analysis:
        """Read what was selected; ``progress`` is called with each step as it begins.

        ``context`` may hold :data:`MISSING`.

        Raises
        ------
        UnusableInput
            Series were chosen, but none of them can be decoded.
        """
        ...


class PictureReader(Protocol):
    """An application that reads pictures too, which are no DICOM and come from nowhere in a patient."""

    def load_picture(self, path: Path) -> NDArray[np.uint8]:
        """A picture in gray levels (rows, columns).

        Raises
        ------
        UnusableInput
            It is none.
        """
        ...

    def analyse_pictures(
        self, pictures: Mapping[Path, NDArray[np.uint8]], models: Mapping[Key, Any], *, bundle: ModelIdentity
    ) -> Mapping[Path, Analysis]:
        """Read pictures, uint8 (rows, columns), each for itself."""
        ...


def find_picture_reader(name: str) -> PictureReader:
    """The installed application of a name, which must read pictures.

    Raises
    ------
    BundleError
        ``APPLICATION_UNKNOWN``: none of this name is installed. ``PICTURES_UNKNOWN``: it reads no pictures.
    """
    application: Any = find_application(name)
    if not hasattr(application, "analyse_pictures"):
        raise BundleError(
            Code.PICTURES_UNKNOWN, f"This application reads no pictures; give it a DICOM study. Received {name!r}."
        )
    reader: PictureReader = application
    return reader


def purposes_of(name: str) -> tuple[Key, ...]:
    """What an installed application may be deployed for.

    Raises
    ------
    BundleError
        None of this name is installed.
    """
    return tuple(getattr(find_application(name), "purposes", PURPOSES))


@cache
def find_application(name: str) -> Application:
    """The installed application of a name, made once for each process.

    Raises
    ------
    BundleError
        None of this name is installed; those that are stand in the sentence.
    """
    known = {point.name: point for point in entry_points(group=GROUP)}
    if name not in known:
        raise BundleError(
            Code.APPLICATION_UNKNOWN,
            f"No application of this name is installed; there are {', '.join(sorted(known)) or 'none'}. "
            f"Received {name!r}.",
        )
    application: Application = known[name].load()()
    return application


@cache
def installed_applications() -> tuple[str, ...]:
    """Names of the installed applications."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))
