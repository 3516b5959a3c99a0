"""What an attacker may write into a header: nothing of it may leave its folder or fill the memory."""

import struct
from pathlib import Path

import pytest

from config.errors import UnusableInput
from dicom_node.commands import process as offline
from dicom_node.receive import headers
from inference.types import StudyHeaders
from tests.factories.dicom import encode, image
from tests.factories.waiting import processor_limit_s

EXPLICIT = "1.2.840.10008.1.2.1"


@pytest.mark.parametrize("uid", ["../../evil", "/tmp/evil", "..", ".", "1.2/../../3", "1..2", "x" * 200])
def test_no_study_uid_leads_out_of_the_folder_of_results(tmp_path: Path, uid: str) -> None:
    name = offline._folder_name(StudyHeaders(uid, ()))
    assert (tmp_path / name).resolve().parent == tmp_path.resolve()
    assert offline._folder_name(StudyHeaders("1.2.3", ())) == "1.2.3"


def test_a_header_of_very_many_elements_is_given_up_soon() -> None:
    data = encode(image(1))
    place = data.index(struct.pack("<HH", 0x0020, 0x000D))
    many = b"".join(struct.pack("<HH2sHH", 9, 0x1000 + k % 0xE000, b"US", 2, 1) for k in range(300_000)) * 10
    with processor_limit_s(20), pytest.raises(UnusableInput, match="DATA_SET_UNREADABLE"):
        headers.read_header(memoryview(data[:place] + many + data[place:]), transfer_syntax_uid=EXPLICIT)
