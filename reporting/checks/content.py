"""The result is whole."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from inference.result import Analysis
from reporting.findings import Checked, GateCode, GateFinding
from reporting.kinds import expected_kinds
from reporting.presentation import Presentation


def check_complete(
    objects: Sequence[Checked], analysis: Analysis, presentation: Presentation, kinds: Collection[str] | None = None
) -> Iterator[GateFinding]:
    """Every kind of object that the analysis calls for is there as often as it must be, and no other."""
    found, expected = Counter(item.kind for item in objects), expected_kinds(analysis, presentation, kinds)
    for kind in sorted(set(found) | set(expected)):
        if found[kind] < expected[kind]:
            sentence = f"{expected[kind]} objects of the kind {kind} are called for, {found[kind]} are there."
            yield GateFinding(GateCode.OBJECT_MISSING, sentence, kind)
        elif found[kind] > expected[kind]:
            sentence = f"{found[kind]} objects of the kind {kind} are there, {expected[kind]} are called for."
            yield GateFinding(GateCode.OBJECT_UNEXPECTED, sentence, kind)
