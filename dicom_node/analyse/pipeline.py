"""The one orchestration of an analysis: files in, checked DICOM objects out. Knows neither network nor database."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

from inference.application import MISSING, Application, find_application
from inference.result import Analysis, Key
from inference.series import Selection, header_gaps
from inference.serving import LoadedBundle
from inference.types import Gap, ModelIdentity, Reason, StudyHeaders
from reporting import gate, outputs
from reporting.findings import GateCode
from reporting.pictures import COLORMAP
from reporting.presentation import find_presentation
from reporting.types import Predecessor

MIXED = GateCode.IDENTITY_MIXED
SELECT, REPORT, CHECK = "select", "report", "check"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a study gave: the analysis, the objects made of it, and what the gate found wrong with them."""

    analysis: Analysis
    outputs: outputs.Outputs
    findings: tuple[gate.GateFinding, ...]

    @property
    def may_leave(self) -> bool:
        """True where the gate found nothing."""
        return not self.findings


def software_version() -> str:
    """Version of the installed axspa-node."""
    return version("axspa-node")


def steps(application: Application) -> tuple[Key, ...]:
    """The steps of a run of an application, in order."""
    return tuple(dict.fromkeys((SELECT, *application.steps, REPORT, CHECK)))


def run(
    study: StudyHeaders,
    bundle: LoadedBundle | None,
    *,
    application: str,
    revision: int,
    started: datetime,
    series_base: int = 900,
    site_salt: str = "",
    language: str = "en",
    colormap: str = COLORMAP,
    chosen: Mapping[Key, str] | None = None,
    predecessors: Sequence[Predecessor] = (),
    identity_conflict: bool = False,
    identity_settled: bool = False,
    missing: Sequence[Gap] = (),
    kinds: Collection[str] | None = None,
    progress: Callable[[Key], None] = lambda step: None,
) -> Outcome:
    """Analyse one study with one application, build its result objects and check them.

    Parameters
    ----------
    study : StudyHeaders
        Headers of all images of the study.
    bundle : LoadedBundle or None
        The models; None for an application that needs none.
    application : str
        Name of an installed application.
    revision : int
        From 1.
    started : datetime
        Aware; becomes the content time of the results.
    series_base : int
        Number from which the series numbers of the results are counted.
    site_salt : str
        Secret of the site; without it nothing is followed from one study of a patient to another.
    language : str
        Of the words of the results.
    colormap : str
        Of heat maps, one of :data:`reporting.pictures.COLORMAPS`.
    chosen : mapping from Key to str, optional
        A person's choice: series UID by role.
    predecessors : sequence of Predecessor
        Reports of the last result, which these follow.
    identity_conflict : bool
        The receiver saw images of more than one patient; the gate reads only those images whose headers are whole.
    identity_settled : bool
        A person said that all images are of one patient, whatever they name.
    missing : sequence of Gap
        What is known of missing images beside what their headers say.
    kinds : collection of str, optional
        Which kinds of objects to make; the default set without.
    progress : callable
        Called with each of :func:`steps` as it begins.

    Raises
    ------
    SettingsError
        No such application is installed, or nothing that presents it, or it has no words in this language.
    UnusableInput
        The chosen series cannot be decoded.
    """
    reader, presentation = find_application(application), find_presentation(application, language)
    seconds: dict[Key, float] = {}
    with _timed(SELECT, seconds, progress):
        selection = reader.select(study, chosen=chosen)
        gaps = (*missing, *header_gaps(study, selection))
    analysis = reader.analyse(
        study,
        selection,
        _models(bundle),
        bundle=_identity(bundle, reader),
        progress=progress,
        context={MISSING: of_chosen(gaps, selection)},
    )
    analysis = replace(_limited(analysis, gaps), seconds={**seconds, **analysis.seconds})
    with _timed(REPORT, analysis.seconds, progress):
        made = outputs.build(
            analysis,
            study,
            presentation=presentation,
            revision=revision,
            software_version=software_version(),
            started=started,
            series_base=series_base,
            site_salt=site_salt,
            predecessors=predecessors,
            kinds=kinds,
            colormap=colormap,
        )
    with _timed(CHECK, analysis.seconds, progress):
        findings = gate.check(
            made.objects, analysis, presentation=presentation, source=study, predecessors=predecessors, kinds=kinds
        )
        if identity_settled:
            findings = tuple(finding for finding in findings if finding.code != MIXED)
        elif identity_conflict and not any(finding.code == MIXED for finding in findings):
            sentence = "The images that were received under this study name more than one patient."
            findings += (gate.GateFinding(MIXED, sentence, ""),)
    return Outcome(analysis, made, findings)


def of_chosen(gaps: Sequence[Gap], selection: Selection) -> tuple[Reason, ...]:
    """The gaps that may lie in a series that is read."""
    chosen = {candidate.series_instance_uid for candidate in selection.chosen.values()}
    return tuple(gap.reason for gap in gaps if not gap.series or chosen & set(gap.series))


def _limited(analysis: Analysis, gaps: Sequence[Gap]) -> Analysis:
    """An analysis of a study that is not whole says so first of all, and is not full where its series may lack images.

    Whatever an application makes of the gaps, this holds for each.
    """
    if not gaps:
        return analysis
    partial = analysis.scope == "full" and of_chosen(gaps, analysis.selection)
    limitations = (*(gap.reason for gap in gaps), *analysis.limitations)
    return replace(analysis, scope="partial" if partial else analysis.scope, limitations=limitations)


@contextmanager
def _timed(step: Key, seconds: dict[Key, float], progress: Callable[[Key], None]) -> Iterator[None]:
    progress(step)
    begun = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - begun


def _models(bundle: LoadedBundle | None) -> Mapping[Key, Any]:
    return {} if bundle is None else bundle.models


def _identity(bundle: LoadedBundle | None, application: Application) -> ModelIdentity:
    """The bundle; without one the application itself is what made the result."""
    return ModelIdentity(application.name, application.version, "") if bundle is None else bundle.identity
