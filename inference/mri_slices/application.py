"""The published framework as an application: one series of a study, or pictures; see the package."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from config.codes import Code
from config.errors import BundleError
from inference.dicom import load_volume
from inference.mri_slices.cutter import CUTTER, ByteArray, to_gray
from inference.mri_slices.pictures import load_picture
from inference.mri_slices.reading import Read, parted, read_slices
from inference.mri_slices.said import say
from inference.mri_slices.types import CLASSIFIERS, SEGMENTERS, SLICES, read_spec
from inference.result import Analysis, Images
from inference.series import MR_CLASSES, Case, Selection, WantedSeries, choose, is_made_of_others
from inference.serving import ModelSpec
from inference.space import standard
from inference.turned import turn_back
from inference.types import ImageHeader, Key, ModelIdentity, Reason, StudyHeaders


def judge(case: Case) -> Case:
    """Any MR series of parallel planes will do; more planes are better."""
    if not case.magnetic or not case.placed:
        case.refuse(Reason("no-place"))
    slices = len(case.stack.images)
    case.give("slices", min(100, 60 + slices), Reason.of("slices", slices=slices))
    return case


class MriSlices:
    """Asks the published models, as many of them as a bundle has, about single slices.

    Its labels are a function of the image's brightness, so what it says is never sent: it runs as shadow or trial.
    """

    name: Key = "mri_slices"
    version = "1.0.0"
    steps: tuple[Key, ...] = ("select", "load", "read")
    needs: Mapping[Key, Key] = {}
    cutters: Mapping[str, Callable[[ModelSpec], object]] = {CUTTER: read_spec}
    purposes = ("shadow", "trial")

    def wants(self, *, sop_class_uid: str, modality: str, image_type: tuple[str, ...] = ()) -> bool:
        """MR images that are not marked as made of others."""
        return sop_class_uid in MR_CLASSES and not is_made_of_others(image_type)

    def select(self, study: StudyHeaders, *, chosen: Mapping[Key, str] | None = None) -> Selection:
        """The series with most slices, or that which a person chose."""
        wanted = (chosen or {}).get(SLICES)

        def judge_chosen(case: Case) -> Case:
            if wanted is not None and case.series.series_instance_uid != wanted:
                case.refuse(Reason("another-chosen"))
            return judge(case)

        return choose(study, (WantedSeries(SLICES, judge_chosen),))

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
        """Read every slice of the series.

        Raises
        ------
        BundleError
            ``BUNDLE_KIND``: no model was given.
        UnusableInput
            The series cannot be decoded.
        """
        _check_models(models)
        whose = (self.name, self.version, study.study_instance_uid)
        candidate = selection.chosen.get(SLICES)
        if candidate is None:
            return Analysis(*whose, "none", selection, bundle)
        seconds: dict[str, float] = {}
        with _timed("load", seconds, progress):
            series = {one.series_instance_uid: one for one in study.series}
            source = load_volume(candidate.images, series=series[candidate.series_instance_uid])
            volume, turn = standard(source)
        with _timed("read", seconds, progress):
            read = read_slices(to_gray(volume.voxels), models)
        images = Images.of(SLICES, volume)
        analysis = say(read, images, whose=whose, selection=selection, bundle=bundle, seconds=seconds)
        return turn_back(analysis, {SLICES: turn})

    def load_picture(self, path: Path) -> ByteArray:
        """A PNG or JPEG in 256 gray levels, uint8 (rows, columns).

        Raises
        ------
        UnusableInput
            ``PICTURE_UNREADABLE``: it is none.
        """
        return load_picture(path)

    def analyse_pictures(
        self, pictures: Mapping[Path, ByteArray], models: Mapping[Key, Any], *, bundle: ModelIdentity
    ) -> dict[Path, Analysis]:
        """Read pictures, each for itself.

        Parameters
        ----------
        pictures : mapping of Path to uint8 array (rows, columns)
        models : mapping of Key to Predictor
        bundle : ModelIdentity

        Returns
        -------
        dict of Path to Analysis
            In the order of the pictures.

        Raises
        ------
        BundleError
            ``BUNDLE_KIND``: no model was given.
        """
        _check_models(models)
        of_shape: dict[tuple[int, ...], list[Path]] = defaultdict(list)
        for path, picture in pictures.items():
            of_shape[picture.shape].append(path)
        found: dict[Path, Analysis] = {}
        for paths in of_shape.values():
            begun = time.perf_counter()
            read = read_slices(np.stack([pictures[path] for path in paths]), models, apart=True)
            seconds = (time.perf_counter() - begun) / len(paths)
            for place, path in enumerate(paths):
                found[path] = self._picture(path, pictures[path], parted(read, place), bundle, seconds)
        return {path: found[path] for path in pictures}

    def _picture(self, path: Path, picture: ByteArray, read: Read, bundle: ModelIdentity, seconds: float) -> Analysis:
        rows, columns = picture.shape
        header = ImageHeader(path, "", "", rows=rows, columns=columns)
        images = Images(SLICES, picture[None].astype(np.float32), (header,), None, "")
        whose = (self.name, self.version, "")
        return say(read, images, whose=whose, selection=Selection((), {}), bundle=bundle, seconds={"read": seconds})


def _check_models(models: Mapping[Key, Any]) -> None:
    if not set(models) & {*SEGMENTERS, *CLASSIFIERS}:
        raise BundleError(
            Code.BUNDLE_KIND,
            "mri_slices needs a bundle with at least one of the published models; name one, mri-slices-demo for "
            f"example. Received: {', '.join(models) or 'no model'}.",
        )


@contextmanager
def _timed(step: Key, seconds: dict[str, float], progress: Callable[[Key], None]) -> Iterator[None]:
    progress(step)
    begun = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - begun
