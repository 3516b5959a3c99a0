"""What is concluded of every real pair of series, by the node's path and the shipped bundle.

Run by name (``python -m pytest tests/proof/pairs.py``), by the part *recognition* of the proof.
"""

from pathlib import Path

from inference.result import Answer
from inference.serving.registry import LoadedBundle
from inference.sij_mri import Conclusion, conclude_reading, read_volumes
from training.sij_mri.importing.nifti import labeled_subject
from training.sij_mri.lesions.dataset import in_space

PAIRS = ("1007", "1012", "1013", "1016", "1234", "2015", "3002", "4386")
MOST_UNDECIDED = 2
MARKED_BY_ALL = set(PAIRS) - {"2015"}  # each of the four readings meets the ASAS rule


def test_every_real_pair_is_concluded_and_never_against_the_rule(
    shipped_bundle: LoadedBundle, shared_data: Path
) -> None:
    source = shared_data / "data" / "sij"
    said = {}
    for name in PAIRS:
        scan = labeled_subject(source, source / "t1w" / f"{name}.nii.gz")
        read = read_volumes(in_space(scan.volume("t1w")), in_space(scan.volume("stir")), shipped_bundle.models)
        concluded = conclude_reading(read)
        assert isinstance(concluded, Conclusion), f"{name}: {concluded}"
        assert read.asas is not None
        said[name] = (read.asas.study, concluded.axspa)
    assert all(axspa is Answer.PRESENT for rule, axspa in said.values() if rule is Answer.PRESENT)
    assert sum(axspa is Answer.UNDECIDED for _, axspa in said.values()) <= MOST_UNDECIDED
    assert {name for name, (rule, _) in said.items() if rule is Answer.ABSENT} == set(PAIRS) - MARKED_BY_ALL
    assert said["2015"] == (Answer.ABSENT, Answer.ABSENT)
