"""What builders are given: the analysis, its words, and what of the result is made already."""

from collections.abc import Collection
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import UID, Comprehensive3DSRStorage

from inference.result import Analysis
from reporting.objects.sources import Evidence, relink
from reporting.objects.stamp import ResultContext
from reporting.pictures import Plates
from reporting.presentation import Presentation, Report
from reporting.types import KindRow, ResultObject


@dataclass(frozen=True, slots=True)
class Material:
    """What every builder of :mod:`reporting.objects` takes, beside the row of its kind.

    Attributes
    ----------
    analysis : Analysis
    presentation : Presentation
    report : Report
        Of this analysis.
    context : ResultContext
    evidence : Evidence
        The images that were read; of a study of which nothing was read, one image.
    kinds : collection of str
        Kinds of objects that are to be made.
    plates : Plates or None
        None where nothing was read.
    report_class : UID
        SOP class of the reports that outline.
    made : list of ResultObject
        What was built so far, in the order of the kinds.
    """

    analysis: Analysis
    presentation: Presentation
    report: Report
    context: ResultContext
    evidence: Evidence
    kinds: Collection[str]
    plates: Plates | None = None
    report_class: UID = Comprehensive3DSRStorage
    made: list[ResultObject] = field(default_factory=list)

    def describe(self, words: str) -> str:
        """A series description: what it is, then whose; viewers show some 22 letters of it."""
        return f"{words}, {self.presentation.title}"

    def description(self, row: KindRow) -> str:
        """What a kind that is of no group is called in its series description."""
        return self.context.language.say(f"description-{row.name}")

    def finish(self, row: KindRow, dataset: Dataset, *, name: str = "", title: str = "") -> ResultObject:
        """An object of this result; its references to images name the true ones."""
        relink(dataset, self.evidence.classes)
        return ResultObject(name or row.name, title or row.title, dataset)
