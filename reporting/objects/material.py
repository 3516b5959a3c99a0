"""What builders are given: the analysis, its words, and what of the result is made already."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset

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
    plates : Plates or None
        None where nothing was read.
    made : list of ResultObject
        What was built so far, in the order of the kinds.
    """

    analysis: Analysis
    presentation: Presentation
    report: Report
    context: ResultContext
    evidence: Evidence
    plates: Plates | None = None
    made: list[ResultObject] = field(default_factory=list)

    def finish(self, row: KindRow, dataset: Dataset, *, name: str = "", title: str = "") -> ResultObject:
        """An object of this result; its references to images name the true ones."""
        relink(dataset, self.evidence.classes)
        return ResultObject(name or row.name, title or row.title, dataset)
