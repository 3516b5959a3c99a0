"""B1, B2, G1 and G2: what starts a run, what is held, and half a study, at a running node over DICOM and HTTP."""

import copy
import os
import re
import shutil
import time
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.outside import pictures
from tests.outside.archive import SUCCESS, send
from tests.outside.inputs import FLUID, T1, Images, Inputs, read, renamed, told, uid
from tests.outside.node import READ_S, Node, running, waited
from tests.outside.report import Said
from tests.outside.statements import cut, first
from tests.outside.verdict import Seen, case, fault, no_fault
from tests.outside.version import Broken, Version

WATCHED_S = 40.0  # watched after what should start nothing: quiet period, start of a worker, an analysis
OUT_OF_RESOURCES = 0xA700
REFUSED_FROM, PUSHED = 30, 50
SLACK_MB = 4000  # what others on this machine may write meanwhile
GAP = re.compile(r"missing|refused|incomplete|not all|broken off|\bgaps?\b|\blacks?\b|did not come", re.IGNORECASE)


def foreign(study: Images) -> list[Dataset]:
    """What other makers put into a study: presentation state, key object, report, and a derived series."""
    found: list[Dataset] = []
    for number, (name, modality, sop_class) in enumerate(
        (
            ("presentation", "PR", "1.2.840.10008.5.1.4.1.1.11.1"),
            ("key objects", "KO", "1.2.840.10008.5.1.4.1.1.88.59"),
            ("report", "SR", "1.2.840.10008.5.1.4.1.1.88.33"),
        )
    ):
        made = Dataset()
        for keyword in ("StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate"):
            setattr(made, keyword, study[0][keyword].value)
        made.SOPClassUID, made.SOPInstanceUID = sop_class, uid(name, study[0].StudyInstanceUID)
        made.SeriesInstanceUID, made.SeriesNumber = uid("series", made.SOPInstanceUID), 70 + number
        made.Modality, made.Manufacturer, made.InstanceNumber = modality, "ANOTHER", 1
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.file_meta.MediaStorageSOPClassUID = sop_class
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        found.append(made)
    return found


def derived(study: Images, kind: str, number: int) -> Images:
    """A derived series of another maker: a projection ("MIP") or a reformat ("MPR")."""
    images = study[:6]
    told(images, ImageType=["DERIVED", "SECONDARY", kind], SeriesNumber=number, SeriesDescription=kind)
    told(images, Manufacturer="ANOTHER")
    for image in images:
        image.SeriesInstanceUID = uid(kind, str(image.StudyInstanceUID))
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid(kind, str(image.SOPInstanceUID))
    return images


def _another(made: Dataset) -> Dataset:
    """An object of a result, as another node makes it: the same content, other UIDs."""
    other = copy.deepcopy(made)
    other.SeriesInstanceUID = uid("another", str(made.SeriesInstanceUID))
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = uid("another", str(made.SOPInstanceUID))
    return other


@case("B1", "whatever comes late starts a new analysis: a presentation state, a report, another node's result")
def late_objects(version: Version, inputs: Inputs) -> Seen:
    folder = inputs.made("late", lambda: inputs.shipped(T1, FLUID))
    others = [_another(one) for one in version.read(folder).objects]
    with running(version, "b1") as node:
        images = read(folder)
        held_back = images.pop(24)  # the last of the T1-weighted series
        send(images, node.dicom_port)
        address = node.study()
        if not node.settled(address).startswith("done"):
            raise Broken(f"the study is {node.panel.state(address)}")
        for name, objects in (
            ("another node's result", others),
            ("foreign objects", foreign(images)),
            ("a projection", list(derived(read(folder), "MIP", 77))),
            ("a reformat", list(derived(read(folder), "MPR", 78))),
        ):
            before = len(node.archive.got())
            send(objects, node.dicom_port)
            if words := _begins(node, address, before):
                return fault(f"{name} started an analysis: {words}")
        before = len(node.archive.got())
        send([held_back], node.dicom_port)
        if not waited(lambda: len(node.archive.got()) > before, READ_S):
            return fault("a late image of a wanted series started nothing")
        return no_fault("results, reports and derived series started nothing; a late T1-weighted image did")


def _begins(node: Node, address: str, before: int) -> str:
    """What shows that an analysis began, or nothing where none did within the time."""

    def seen() -> str:
        state = node.panel.state(address)[0].lower()
        grown = len(node.archive.got()) - before
        return f"{grown} more objects" if grown else state if state.startswith(("analys", "waiting", "sending")) else ""

    found = waited(seen, WATCHED_S) or ""
    if found:
        waited(lambda: len(node.archive.got()) > before, 60)
        node.settled(address)
    return f"{len(node.archive.got()) - before} more objects in the archive" if found else ""


def mixed(inputs: Inputs) -> Images:
    """A study whose fluid-sensitive images name another patient from the middle on."""
    images = renamed(inputs.shipped(T1, FLUID), "mixed")
    told(pictures.of(images, FLUID)[12:], PatientID="OUT-OTHER", PatientName="Other^Person")
    return images


def _held(node: Node, inputs: Inputs) -> str:
    """Send the mixed study; its address once it is held."""
    send(mixed(inputs), node.dicom_port)
    address = node.study()
    state = node.settled(address)
    if not state.startswith("held"):
        raise Broken(f"a study of two patients is {state or node.panel.state(address)}, not held")
    return address


@case("B2", "held for mixed identity is a dead end: nothing releases it")
def held_for_identity(version: Version, inputs: Inputs) -> Seen:
    with running(version, "b2") as node:
        address = _held(node, inputs)
        ways = node.panel.page(address).forms_of("release", "keep", "split")
        if not ways:
            offered = _offered(node, address)
            node.panel.press(node.panel.page(address).forms_of("reprocess")[0])
            time.sleep(2)
            return fault(f"offered: {offered}; after a new analysis it is {node.settled(address)}")
        if node.archive.got():
            return fault("objects of a held study were sent")
        way = (node.panel.page(address).forms_of("release") or ways)[0]
        node.panel.press(way)
        if not waited(lambda: len(node.archive.got()) > 0, READ_S):
            return fault(f"{way.words.strip()} sent nothing: {node.panel.state(address)}")
        state = node.settled(address)
        return no_fault(f"{way.words.strip()} with a reason: {state}, {len(node.archive.got())} objects sent")


def _offered(node: Node, address: str) -> str:
    return ", ".join(dict.fromkeys(one.words.strip() for one in node.panel.page(address).forms))


@case("G2", "a held study cannot be discarded, nor is it said who decided and why")
def held_then_discarded(version: Version, inputs: Inputs) -> Seen:
    reason = "Wrong worklist entry 4711"
    with running(version, "g2") as node:
        address = _held(node, inputs)
        ways = node.panel.page(address).forms_of("discard", "delete", "dismiss")
        if not ways:
            return fault(f"offered: {_offered(node, address)}")
        node.panel.press(ways[0], reason=reason)
        state = waited(lambda: _unless(node.panel.state(address)[0].lower(), "held"), 30)
        if not state:
            return fault("it is still held after it was discarded")
        if node.archive.got():
            return fault("objects of a discarded study were sent")
        told_why = reason in node.panel.page(address).text and re.search("discard", node.panel.page("/audit").text)
        return no_fault(f"it is {state}, reason and audit are there") if told_why else fault("no reason, or no audit")


def _unless(state: str, start: str) -> str:
    return "" if state.startswith(start) else state


@case("G1", "half a study is read and sent as a whole one (refused with 0xA700 from image 30 of 50 on)")
def half_a_study(version: Version, inputs: Inputs) -> Seen:
    images = read(inputs.made("half", lambda: inputs.shipped(T1, FLUID)))
    pushed = [one for pair in zip(pictures.of(images, T1), pictures.of(images, FLUID), strict=True) for one in pair]
    free_mb = shutil.disk_usage(version.work).free // 2**20
    with running(
        version, "g1", receiver={"min_free_mb": max(1, free_mb - SLACK_MB)}, completion=version.patience(gap_s=20.0)
    ) as node:
        ballast = node.folder / "ballast"
        try:
            answers = send(pushed, node.dicom_port, before=lambda number: _fill(ballast, number))
        finally:
            ballast.unlink(missing_ok=True)
        kept = answers.count(SUCCESS)
        if OUT_OF_RESOURCES not in answers or kept < REFUSED_FROM - 5:
            raise Broken(f"the push was not cut: {kept} of {len(answers)} stored")
        return _read_as(node, kept)


def _fill(ballast: Path, number: int) -> None:
    """Take the room on the disk before one image."""
    if number == REFUSED_FROM:
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2 * SLACK_MB * 2**20)


def _read_as(node: Node, kept: int) -> Seen:
    """How the half is read: as a whole, or with what is missing said first."""
    address, waiting = node.study(), ""

    def sent() -> bool:
        nonlocal waiting
        sentence = node.panel.state(address)[1]
        waiting = waiting or (sentence if GAP.search(sentence) else "")
        return bool(node.archive.got())

    waited(sent, READ_S)
    state = node.settled(address)
    lines = Said(node.archive.got()).lines()
    opening = [one for one in lines if "RESEARCH" not in one and "axspa" not in one and "sij-1" not in one][:3]
    said = next((one for one in opening if GAP.search(one)), "")
    if not lines:
        raise Broken(f"nothing was read of the half ({kept} images): {node.panel.state(address)}")
    if not said:
        headline = first(lines, re.compile("classification|pattern|ASAS|Not analysed"))
        return fault(f"{kept} of {PUSHED} images: {state}, sent as: {headline}")
    if not waiting:
        return fault("it was read at once, without waiting for what is missing")
    return no_fault(f"waited: {cut(waiting)}; then read with: {cut(said)}")
