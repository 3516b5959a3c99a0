"""The terms of an application (what each key is in words, code, units and colors), and the report that they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydicom.sr.coding import Code as Concept

from inference.result import Key
from inference.types import Side
from reporting.language import Language, find_language

Rgb = tuple[int, int, int]
Lab = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class RoleTerm:
    """A role of images.

    Attributes
    ----------
    words : str
        ``T1-weighted``.
    short : str
        A short word for names of files and panes: ``t1``.
    wanted : str
        The series that is looked for, where none is found; empty: a series called by `words`.
    without : str
        What cannot be read without it: ``edema cannot be read``.
    """

    words: str
    short: str
    wanted: str = ""
    without: str = ""


@dataclass(frozen=True, slots=True)
class AnatomyTerm:
    """A part of the body, or a level of one.

    Attributes
    ----------
    paired : bool
        It has a left and a right: without a side it is both.
    others : tuple of Concept
        Further parts, each on both sides, where no one concept names the whole.
    """

    words: str
    concept: Concept
    paired: bool = False
    others: tuple[Concept, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentTerm:
    """A kind of segment.

    Attributes
    ----------
    labels : mapping from Side or None to str
        Segment label by side; None for a segment without a side.
    category, kind : Concept
        Segmented property category and type (PS3.3 C.8.20.2).
    regions : tuple of Concept
        Anatomic regions.
    finding : Concept
        What a measurement of it is a finding of (PS3.16 TID 1411).
    lab : mapping from Side or None to (L, a, b)
        Recommended display color, CIELab.
    rgb : mapping from Side or None to (red, green, blue)
        Color in our own pictures.
    volume : Key
        Key of the measurement that is its volume.
    """

    labels: Mapping[Side | None, str]
    category: Concept
    kind: Concept
    regions: tuple[Concept, ...]
    finding: Concept
    lab: Mapping[Side | None, Lab]
    rgb: Mapping[Side | None, Rgb]
    volume: Key = ""


@dataclass(frozen=True, slots=True)
class MeasurementTerm:
    """A kind of number.

    Attributes
    ----------
    concepts : mapping from Side or None to Concept
        Its name in code, by side where the name has a side; ``concepts[None]`` is that of all others.
    unit : Concept
    show : callable
        The number with its unit in words, with the digits that it deserves.
    of_study : bool
        True where the study's own report names it; else only the report of its segment does.
    role : Key
        Role of the images on which it is measured where it has no segment; empty: those of its segment alone.
    """

    words: str
    concepts: Mapping[Side | None, Concept]
    unit: Concept
    show: Callable[[float], str]
    of_study: bool = True
    role: Key = ""


@dataclass(frozen=True, slots=True)
class ValueTerm:
    """One value of an evaluation.

    Attributes
    ----------
    probability : Concept or None
        Names in code the probability of this value, if it has one.
    severity : float or None
        From 0, nothing is wrong, to 1, the worst: pages color the value by it. None: it is neither good nor bad.
    suggests : Concept or None
        What the value suggests without proving it; said in code beside the value.
    """

    words: str
    concept: Concept
    probability: Concept | None = None
    severity: float | None = None
    suggests: Concept | None = None


@dataclass(frozen=True, slots=True)
class EvaluationTerm:
    """A question that is answered from a list of values.

    Attributes
    ----------
    of : Key
        Kind of segment beside which it is repeated.
    short : str
        Its name where there is little room; empty: `words`.
    note : str
        How far its values can be trusted, beside them on every page.
    """

    words: str
    concepts: Mapping[Side | None, Concept]
    values: Mapping[Key, ValueTerm]
    of: Key = ""
    short: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProfileTerm:
    """One number a plane.

    Attributes
    ----------
    of, value : Key
        The evaluation, and the value of it, whose probability the number is; empty where it is none.
    shows : str
        What is seen in the planes that have a number, where that is worth a line: ``joint traced``.
    """

    words: str
    of: Key = ""
    value: Key = ""
    shows: str = ""


@dataclass(frozen=True, slots=True)
class LayerTerm:
    """A layer that a viewer can lay over the pictures. Segments, traces and heat maps of one name are one layer.

    Attributes
    ----------
    name : str
        For names of files: small letters, digits and hyphens.
    words : str
        For the switch that turns it on.
    shown : bool
        True where it is on at first.
    edge, fill : int
        Opacity of a segment's outline and of its inside, 0 to 255.
    marked : bool
        True where the slices that it is drawn in are marked.
    """

    name: str
    words: str
    shown: bool = True
    edge: int = 255
    fill: int = 0
    marked: bool = False


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """Kinds of segments that share one segmentation object and, where they are outlined, one report for each series.

    Attributes
    ----------
    name : str
        For file names and the database: ``edema`` gives the kinds ``seg-edema`` and ``sr-edema``.
    offset : int
        Of the segmentation's series number, from the base of the deployment.
    description : str
        Series description of the segmentation; viewers show some 22 letters of it.
    keys : tuple of Key
        The finding itself first: its outlines are those that a report opens on.
    default : bool
        Of the default set; else both are made on request.
    report_offset : int or None
        Of the report's series number. None: it has no report.
    report_description : str
        Series description of the report.
    """

    name: str
    offset: int
    description: str
    keys: tuple[Key, ...]
    default: bool = True
    report_offset: int | None = None
    report_description: str = ""

    @property
    def segmentation(self) -> str:
        """Kind of its segmentation object."""
        return f"seg-{self.name}"

    @property
    def report(self) -> str:
        """Kind of its report; empty where it has none."""
        return "" if self.report_offset is None else f"sr-{self.name}"


@dataclass(frozen=True, slots=True)
class Terms:
    """All terms of an application, by key, in one language."""

    roles: Mapping[Key, RoleTerm]
    anatomy: Mapping[Key, AnatomyTerm]
    levels: Mapping[Key, AnatomyTerm] = field(default_factory=dict)  # else the key is the word, and a local code
    segments: Mapping[Key, SegmentTerm] = field(default_factory=dict)
    traces: Mapping[Key, Mapping[Side | None, Rgb]] = field(default_factory=dict)  # color of the line, by side
    measurements: Mapping[Key, MeasurementTerm] = field(default_factory=dict)
    evaluations: Mapping[Key, EvaluationTerm] = field(default_factory=dict)
    profiles: Mapping[Key, ProfileTerm] = field(default_factory=dict)
    heatmaps: Mapping[Key, str] = field(default_factory=dict)  # in words
    heat_note: str = ""  # what was measured of the heat maps that are sent, in a sentence
    quantities: Mapping[Key, Concept] = field(default_factory=dict)  # of heat maps, in code; else a local one
    layers: Mapping[Key, LayerTerm] = field(
        default_factory=dict
    )  # of segments, traces, heat maps; else one for each key
    limitations: Mapping[Key, str] = field(default_factory=dict)  # sentences with {parameters}
    reasons: Mapping[Key, str] = field(default_factory=dict)  # of the choice of series, with {parameters}
    whys: Mapping[Key, str] = field(default_factory=dict)  # why a slice is one to look at first; else the key
    shown: str = ""  # what its series show, in words
    lead: Key = ""  # the evaluation that is named first; else the first of them
    language: Language = field(default_factory=find_language)  # of these terms, and of all else that is said

    def say(self, key: str, /, **parameters: str | float) -> str:
        """A message of the language in words, see :meth:`reporting.language.Language.say`."""
        return self.language.say(key, **parameters)


@dataclass(frozen=True, slots=True)
class Report:
    """An analysis in words.

    Attributes
    ----------
    headline : str
        The result in one line.
    findings : tuple of str
        Each a sentence or two.
    conclusions : tuple of str
        How far they can be trusted.
    limitations : tuple of str
        What could not be read, or must be read with care.
    impression : tuple of str
        What the findings amount to, the surest first.
    reasons : tuple of str
        Why nothing was read, where nothing was.
    missing : tuple of str
        Those of the limitations that must be known before all else: what of the study was not there or not judged.
    gaps : tuple of str
        Those of the missing that say that the study is not whole; the headline begins with them.
    technique : tuple of str
        What was read and how: said last.
    """

    headline: str
    findings: tuple[str, ...]
    conclusions: tuple[str, ...]
    limitations: tuple[str, ...]
    impression: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    technique: tuple[str, ...] = ()
