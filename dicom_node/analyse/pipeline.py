"""The one orchestration of an analysis: files in, checked DICOM objects out. Knows neither network nor database."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from config.codes import Code
from config.errors import BundleError
from inference.serving import LoadedBundle
from inference.sij_mri import Analysis, SacroiliacNeeds
from inference.sij_mri import application as sij_mri
from inference.types import StudyHeaders
from reporting import gate, outputs
from reporting.checks import GateCode

STAGES = (*sij_mri.STAGES, "report", "check")
"""The parts of a run, in order."""

MIXED = GateCode.IDENTITY_MIXED


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


def application(name: str) -> SacroiliacNeeds:
    """An application, as far as bundles know it.

    Raises
    ------
    BundleError
        This node has no such application.
    """
    if name != SacroiliacNeeds.name:
        raise BundleError(Code.APPLICATION_UNKNOWN, f"This node has no application of this name: {name!r}")
    return SacroiliacNeeds()


def run(
    study: StudyHeaders,
    bundle: LoadedBundle,
    *,
    revision: int,
    started: datetime,
    identity_conflict: bool = False,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> Outcome:
    """Analyse one study, build its result objects and check them.

    Parameters
    ----------
    study : StudyHeaders
        Headers of all images of the study.
    bundle : LoadedBundle
        The models.
    revision : int
        From 1; enters the UIDs of the results.
    started : datetime
        Aware; becomes the content time of the results.
    identity_conflict : bool
        The receiver saw images of more than one patient; the gate reads only those images whose headers are whole.
    on_stage : callable
        Called with the name of each part of :data:`STAGES` as it begins.

    Raises
    ------
    UnusableInput
        The chosen series cannot be decoded.
    """
    analysis = sij_mri.analyse(study, bundle, on_stage=on_stage)
    on_stage("report")
    begun = time.perf_counter()
    made = outputs.build(analysis, study, revision=revision, software_version=software_version(), started=started)
    analysis.timings_s["report"] = time.perf_counter() - begun
    on_stage("check")
    begun = time.perf_counter()
    findings = gate.check(made.objects, analysis, study)
    if identity_conflict and not any(finding.code == MIXED for finding in findings):
        sentence = "The images that were received under this study name more than one patient."
        findings += (gate.GateFinding(MIXED, sentence, ""),)
    analysis.timings_s["check"] = time.perf_counter() - begun
    return Outcome(analysis, made, findings)
