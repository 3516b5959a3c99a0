"""What dciodvfy calls an error in a damaged object, the gate finds, too."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from inference.result import Analysis
from reporting.checks import check_modules, check_references, check_representations
from reporting.sij_mri.presentation import SacroiliacPresentation
from reporting.writer import write
from tests.factories.analysis import make_analysis
from tests.factories.checked import Objects, checked
from tests.programs import Need, dciodvfy_errors

NOT_JUDGED = frozenset(("Laterality",))
"""What asks for more than an object holds: whether the part of the body is paired."""
WRITTEN_ANYWAY = frozenset(("SOPClassUID", "SOPInstanceUID", "BitsAllocated"))  # without them there is no file
EVERY = 9  # attributes: one in so many, another of each class


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    return make_analysis(tmp_path_factory.mktemp("damaged"))


def damaged(dataset: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Copies of an object that lack one of its attributes each."""
    for number, element in enumerate(dataset):
        if element.keyword not in WRITTEN_ANYWAY and number % EVERY == len(dataset) % EVERY:
            copy = deepcopy(dataset)
            del copy[element.tag]
            yield element.keyword, copy


def test_what_dciodvfy_finds_the_gate_finds(analysis: Analysis, tmp_path: Path, need_program: Need) -> None:
    need_program("dciodvfy")
    objects = Objects(analysis)
    kinds = [objects.of_class(sop_class) for sop_class in {str(one.SOPClassUID) for one in objects.by_kind.values()}]
    unseen, path = [], tmp_path / "damaged.dcm"
    for kind in kinds:
        write(objects.by_kind[kind], path)
        of_whole = dciodvfy_errors(need_program, path)
        for keyword, dataset in damaged(objects.by_kind[kind]):
            write(dataset, path)
            errors = [
                line
                for line in dciodvfy_errors(need_program, path)
                if line not in of_whole and not any(name in line for name in NOT_JUDGED)
            ]
            if not errors:
                continue
            read = checked(kind, pydicom.dcmread(path))
            named = check_references([*objects.beside(kind), read], objects.source, (), SacroiliacPresentation())
            found = [*check_modules([read]), *check_representations([read], objects.source), *named]
            if not any(one.object_kind == kind for one in found):
                unseen.append((kind, keyword, errors))
    assert unseen == []
