"""The one conclusion: what the measured evidence and the network say together.

The ASAS/OMERACT rule over the measured edema comes first. The network's four stage probabilities (p is the sum of those
of Early, Moderate and Advanced) stand within the bounds that it sets:

========== ================================================ ==================================================
the rule   bounds on p                                      class
========== ================================================ ==================================================
present    at least 0.80; what Normal loses goes to Early   present
undecided  at least 0.30; what Normal loses goes to Early   present above 0.70, else undecided
absent     at most 0.70 where Early is the likeliest of     absent below 0.30; present above 0.70, which takes
           the three: what Early loses goes to Normal       structural lesions; else undecided
========== ================================================ ==================================================

The class follows from the bounded p: present above 0.70, absent below 0.30, undecided between. The stage is the
likeliest that fits the class, and undecided where that is. So neither is ever Normal where the rule is met, nothing is
absent while the rule depends on the cut-off of edema, and Early, which is active inflammation without known structural
change, is never concluded without the inflammation.

Where the numbers come from: 43 of 47 patients with axial spondyloarthritis and 11 of 47 healthy volunteers met the ASAS
definition on MRI [1]_, so that with as many healthy people as patients the met rule alone gives 43 / 54 = 0.80. The
patients of that study had been chosen for an earlier positive MRI, which flatters the rule; 4 of its 7 women with
postpartum back pain met it too. 0.30 and 0.70 are a convention for what is called undecided; they are not measured.

References
----------
.. [1] J. de Winter et al., "Magnetic resonance imaging of the sacroiliac joints indicating sacroiliitis according to
   the Assessment of SpondyloArthritis international Society definition in healthy individuals, runners, and women with
   postpartum back pain", Arthritis Rheumatol 2018; 70: 1042-1048.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.result import Answer, Limitation
from inference.sij_mri.missing import missing_class
from inference.sij_mri.types import STAGES, Reading, Stage

PRESENT_FROM = 0.70
ABSENT_BELOW = 0.30
MET_LEAST = 0.80
NORMAL, EARLY = STAGES.index(Stage.NORMAL), STAGES.index(Stage.EARLY)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Class and stage of a study.

    Attributes
    ----------
    axspa : Answer
        Whether the pattern suggests axial spondyloarthritis.
    stage : Stage or None
        None exactly where `axspa` is undecided.
    stages : tuple of float
        Probability of each of STAGES under the rule of this module; they sum to 1.
    """

    axspa: Answer
    stage: Stage | None
    stages: tuple[float, ...]

    @property
    def probability(self) -> float:
        """Of a pattern of axial spondyloarthritis: of every stage but Normal."""
        return 1.0 - self.stages[NORMAL]


def conclude(rule: Answer, network: Sequence[float]) -> Conclusion:
    """Join rule and network; see the module.

    Parameters
    ----------
    rule : Answer
        The ASAS/OMERACT rule for the study.
    network : sequence of float
        Its probability of each of STAGES; they sum to 1.
    """
    stages = np.array(network, np.float64) / float(np.sum(network))
    early_is_likeliest = int(stages[EARLY:].argmax()) == 0
    if rule is Answer.PRESENT:
        _move(stages, NORMAL, EARLY, down_to=1 - MET_LEAST)
    elif rule is Answer.UNDECIDED:
        _move(stages, NORMAL, EARLY, down_to=1 - ABSENT_BELOW)
    elif early_is_likeliest:
        _move(stages, EARLY, NORMAL, down_to=PRESENT_FROM - float(stages[EARLY + 1 :].sum()))
    normal, early, moderate, advanced = (float(value) for value in stages)
    answer = answer_of(1 - normal)
    stage = {Answer.ABSENT: Stage.NORMAL, Answer.UNDECIDED: None}.get(answer, STAGES[1 + int(stages[1:].argmax())])
    return Conclusion(answer, stage, (normal, early, moderate, advanced))


def answer_of(probability: float) -> Answer:
    """The class that a probability gives."""
    rounded = round(probability, 9)  # a bound itself is undecided, whatever was lost in the last digits
    if rounded > PRESENT_FROM:
        return Answer.PRESENT
    return Answer.ABSENT if rounded < ABSENT_BELOW else Answer.UNDECIDED


def conclude_reading(reading: Reading) -> Conclusion | Limitation:
    """The conclusion of a reading, or why there is none: the first thing along the way that was not judged.

    Raises
    ------
    ValueError
        Everything was judged, yet the reading holds no rule or no prediction.
    """
    missing = missing_class(reading)
    if missing is not None:
        return missing
    if reading.asas is None or reading.asas.study is None or reading.prediction is None:
        raise ValueError("a reading with both joints, edema and slices must have a rule and a prediction")
    return conclude(reading.asas.study, reading.prediction.stage_probabilities)


def network_differs(reading: Reading, conclusion: Conclusion) -> bool:
    """Whether the network alone gives another class."""
    return reading.prediction is not None and answer_of(reading.prediction.as_probability) is not conclusion.axspa


def _move(stages: NDArray[np.float64], source: int, to: int, *, down_to: float) -> None:
    """Move what `source` has above a bound; in place."""
    surplus = max(0.0, float(stages[source]) - down_to)
    stages[source] -= surplus
    stages[to] += surplus
