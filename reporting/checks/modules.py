"""Every object has what its information object definition demands, module by module.

Type 1 must be there with a value, type 2 must be there, 1C and 2C where their condition can be judged. A module that is
not mandatory is held to its table where the object has an attribute that is its alone.

References
----------
PS3.3 A.1.3, PS3.5 section 7.4.
"""

from collections.abc import Iterator, Sequence

from reporting.checks.conditions import CONDITIONS
from reporting.checks.tables import CONTENT_OF, GROUPS, GROUPS_OF, Module, Table, modules_of
from reporting.findings import Checked, GateCode, GateFinding
from reporting.levels import Level, name_of, tag_of

TEXT_VR = frozenset(("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT"))
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
CALLED_FOR = {"graphic-layer": "GraphicAnnotationSequence"}
"""Modules that must be there where an attribute of another is (PS3.3 A.33.1)."""
_SHARED, _PER_FRAME = GROUPS


def check_modules(objects: Sequence[Checked]) -> Iterator[GateFinding]:
    """Required attributes of every object, by the modules of its SOP class."""
    for item in objects:
        whole = item.levels
        modules = modules_of(whole.text("SOPClassUID"))
        if not modules:
            sentence = f"The {item.kind} object is of a SOP class of which the gate has no table."
            yield GateFinding(GateCode.MODALITY_UNKNOWN, sentence, item.kind)
        lacking = [
            (place, module.name) for module in modules if _is_there(module, whole) for place in _lacking(module, whole)
        ]
        lacking += [(place, "functional groups") for place in _groups(whole)]
        for place, module in dict.fromkeys(lacking):
            sentence = f"The {item.kind} object lacks {place} (module {module})."
            yield GateFinding(GateCode.ATTRIBUTE_MISSING, sentence, item.kind)


def _is_there(module: Module, whole: Level) -> bool:
    called_for = module.name in CALLED_FOR and whole.holds(CALLED_FOR[module.name])
    return module.mandatory or called_for or not module.own.isdisjoint(whole.elements)


def _lacking(module: Module, whole: Level) -> Iterator[str]:
    return _below(module.table, whole, whole, "")


def _below(table: Table, level: Level, whole: Level, path: str) -> Iterator[str]:
    """Keyword and type of each attribute that a level, or one below it, lacks."""
    for keyword, kind in table.demands:
        if _is_demanded(keyword, kind, level, whole) and not is_given(level, keyword, kind):
            yield f"{path}{keyword}, type {kind}"
    if table.is_content:
        yield from _content(level, level is whole, path)
    for tag, items in level.items.items():
        below = table.below.get(tag)
        if below is not None:
            name = f"{path}{name_of(tag)}."
            for item in items:
                yield from _below(below, item, whole, name)


def _is_demanded(keyword: str, kind: str, level: Level, whole: Level) -> bool:
    if not kind.endswith("C"):
        return True
    condition = CONDITIONS.get(keyword)
    return condition is not None and condition(level, whole)


def is_given(level: Level, keyword: str, kind: str) -> bool:
    """True where an attribute is there as its type demands: type 1 with a value, type 2 at all."""
    tag = tag_of(keyword)
    element = level.elements.get(tag)
    if element is None:
        return False
    if kind.startswith("2"):
        return True
    if tag in level.items:
        return bool(level.items[tag])
    value = element.value
    if isinstance(value, bytes) and element.VR in TEXT_VR:
        value = value.strip(b"\0 ")
    return value is not None and value not in (b"", "")


def _content(item: Level, is_root: bool, path: str) -> Iterator[str]:
    """What a content item lacks; one that names another by its place has no value (PS3.3 C.17.3.2.4)."""
    demands: tuple[tuple[str, str], ...] = (("ConceptNameCodeSequence" if is_root else "RelationshipType", "1"),)
    if not item.holds("ReferencedContentItemIdentifier"):
        demands += (("ValueType", "1"), *CONTENT_OF.get(item.text("ValueType"), ()))
    for keyword, kind in demands:
        if not is_given(item, keyword, kind):
            yield f"{path}{keyword}, type {kind}"


def _groups(whole: Level) -> Iterator[str]:
    """Functional groups that a frame lacks, and frames that are not described."""
    demanded = GROUPS_OF.get(whole.text("SOPClassUID"))
    if demanded is None:
        return
    if not any(whole.holds(keyword) for keyword in _PIXELS):
        yield f"{' or '.join(_PIXELS)}, type 1C"
    shared, frames = whole.below(_SHARED), whole.below(_PER_FRAME)
    if whole.text("NumberOfFrames") != str(len(frames)):
        yield f"an item of {_PER_FRAME} for each frame, type 1"
    for keyword in demanded:
        if not any(item.holds(keyword) for item in shared) and not all(item.holds(keyword) for item in frames):
            yield f"{keyword} of a frame, type 1"
