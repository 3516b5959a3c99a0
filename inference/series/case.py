"""One stack of planes judged for one role: what is measured, what is named, and the evidence gathered."""

from dataclasses import dataclass, field

from inference.dicom import Stack
from inference.series.types import Evidence
from inference.series.words import Meaning, meanings
from inference.types import Key, Reason, SeriesHeader

MR_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.4": "MR Image",
    "1.2.840.10008.5.1.4.1.1.4.1": "Enhanced MR Image",
    "1.2.840.10008.5.1.4.1.1.4.4": "Legacy Converted Enhanced MR Image",
}
FAT_OPTIONS = {"FS", "SFS", "FATSAT", "FAT_SAT", "FAT SAT", "SPIR", "SPAIR", "SPFS", "WE", "FATSUP"}
_KIND_NAMES = {
    Meaning.WATER: "water",
    Meaning.FAT: "fat",
    Meaning.OPPOSED_PHASE: "opposed phase",
    Meaning.IN_PHASE: "in phase",
}


@dataclass
class Case:
    """One stack judged for one role: evidence is gathered, then read."""

    series: SeriesHeader
    stack: Stack
    role: Key
    stack_orientations: int = 1
    evidence: list[Evidence] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def __post_init__(self) -> None:
        series = self.series
        self.names = meanings(series.description, series.protocol_name, series.sequence_name)
        self.around = meanings(series.study_description)
        self.repetition_ms = self.stack.typical("repetition_time_ms")
        self.echo_ms = self.stack.typical("echo_time_ms")
        self.inversion_ms = self.stack.typical("inversion_time_ms")
        self.sequence = self.stack.words("scanning_sequence")
        self.image_type = self.stack.words("image_type")
        self.measured = self.repetition_ms is not None and self.echo_ms is not None

    def give(self, criterion: Key, points: float, reason: Reason) -> None:
        """Add evidence."""
        self.evidence.append(Evidence(criterion, round(float(points), 1), reason))

    def refuse(self, reason: Reason) -> None:
        """Rule the stack out."""
        self.refusals.append(reason)

    def note(self, reason: Reason) -> None:
        """Say something of the stack beside its evidence."""
        self.notes.append(reason)

    @property
    def score(self) -> float:
        """Sum of the points, within 0 and 100; a refused stack has at most 49."""
        total = max(0.0, min(100.0, sum(item.points for item in self.evidence)))
        return round(min(total, 49.0) if self.refusals else total, 1)

    @property
    def magnetic(self) -> bool:
        """True for MR images, as far as modality and SOP class say."""
        return self.series.modality in ("MR", "") and self.stack.images[0].sop_class_uid in MR_CLASSES

    @property
    def placed(self) -> bool:
        """True where the stack has a place in the patient and a pixel size."""
        image = self.stack.images[0]
        return image.position_mm is not None and self.stack.normal is not None and image.pixel_spacing_mm is not None

    @property
    def kind(self) -> str:
        """Dixon component or complex part, from the image type or else from the name."""
        if self.stack.kind or not self.names & set(_KIND_NAMES):
            return self.stack.kind
        return next(name for meaning, name in _KIND_NAMES.items() if meaning in self.names)

    @property
    def fat_suppressed(self) -> str:
        """How fat suppression is known: "header", "name" or "" (not known)."""
        if self.stack.kind == "water" or self.stack.words("scan_options") & FAT_OPTIONS:
            return "header"
        if self.kind in ("in phase", "opposed phase", "fat"):
            return ""
        return "name" if self.kind == "water" or Meaning.FAT_SUPPRESSED in self.names else ""

    @property
    def inversion(self) -> bool:
        """True for an inversion recovery sequence."""
        return "IR" in self.sequence or self.inversion_ms is not None

    @property
    def times(self) -> tuple[Reason, ...]:
        """TR, TE and TI, as far as they are known."""
        known = (
            ("repetition-time", self.repetition_ms),
            ("echo-time", self.echo_ms),
            ("inversion-time", self.inversion_ms),
        )
        return tuple(Reason.of(code, ms=ms) for code, ms in known if ms is not None) or (Reason("no-times"),)
