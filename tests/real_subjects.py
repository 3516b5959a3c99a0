"""Every real subject through PACS and node, once: ``python -m tests.real_subjects --out docs/evaluation/subjects.md``.

Makes DICOM studies of the ten labeled subjects and of one follow-up pair, pushes each from Orthanc to a running node,
waits for the results of every kind in Orthanc, runs every validator on them, and writes one table. The shipped networks
have seen these subjects: the table shows that the chain works, not how well the models judge. The exit status is 1
where a study is not done or a validator found an error.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from sqlalchemy import select

from storage.tables import Study, StudyState
from tests import programs
from tests.factories.rounds import KEY_OBJECTS, SEG, STRUCTURED_REPORTS, clinic
from tests.factories.storage import results_of
from tests.factories.waiting import wait_until
from tests.results import reader_volumes_ml, segment_voxels, volume_ml

FOLLOW_UP = "2001"


def main() -> int:
    """Run all and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--subject", help="this one alone, as 1013; default: all")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axspa-subjects-") as name:
        rows = read_all(options.shared, Path(name), options.subject)
    options.out.write_text(page(rows), encoding="utf-8")
    undone = [entry["study"] for entry in rows if entry["state"] != StudyState.DONE]
    errors = sum(entry["errors"] for entry in rows)
    objects = sum(entry["objects"] for entry in rows)
    print(f"{len(rows)} studies, {objects} objects, {errors} validator errors; not done: {', '.join(undone) or 'none'}")
    return 1 if undone or errors else 0


def read_all(shared: Path, folder: Path, subject: str | None) -> list[dict[str, Any]]:
    """Send every study, or those of one subject, through PACS and node; a row for each."""
    tool = [sys.executable, str(shared / "tools" / "sij_to_dicom.py")]
    if subject != FOLLOW_UP:
        subprocess.run([*tool, subject or "all", str(folder / "studies")], check=True)
    if subject in (FOLLOW_UP, None):
        subprocess.run([*tool, FOLLOW_UP, str(folder / "studies"), "--followup"], check=True)
    studies = sorted({file.parent for file in (folder / "studies").rglob("*.dcm")})
    rows = []
    with clinic(folder, programs.program, kinds="all") as running:
        pacs, node = running.pacs, running.node
        for study in studies:
            files = sorted(study.glob("*.dcm"))
            programs.storescu(programs.program, files, pacs.dicom_port, called="ORTHANC")
            sent = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
            uid = str(sent[0].StudyInstanceUID)
            pacs.send_study(uid, "AXSPA")
            label = str(study.relative_to(folder / "studies"))
            state = settled(node.database, uid)
            results = fetch(pacs, uid, folder / "results" / uid, sources={str(one.SOPInstanceUID) for one in sent})
            rows.append(row(label, state, results, shared))
            print(rows[-1], flush=True)
    return rows


def row(label: str, study: dict[str, Any], results: dict[Path, Dataset], shared: Path) -> dict[str, Any]:
    """Judge what came back of one study."""
    segments = {
        segment.SegmentLabel: (dataset, int(segment.SegmentNumber))
        for dataset in results.values()
        if dataset.SOPClassUID == SEG
        for segment in dataset.SegmentSequence
    }
    amounts = {name: volume_ml(*segments[name]) if name in segments else 0.0 for name in segment_names()}
    return {
        "study": label,
        "state": study["state"],
        **study["summary"],
        "ml": amounts,
        "readers": readers(shared, label, segments),
        "objects": len(results),
        "errors": validate(results),
    }


def segment_names() -> tuple[str, ...]:
    """Labels of every segment there can be."""
    return (
        "Sacroiliac bone region",
        "Left sacroiliac joint band",
        "Right sacroiliac joint band",
        "Left bone marrow edema at the joint",
        "Right bone marrow edema at the joint",
    )


def settled(database: Any, uid: str) -> dict[str, Any]:
    """State and summary of a study once nothing more will happen to it."""

    def found() -> dict[str, Any] | None:
        with database.read() as session:
            study = session.scalars(select(Study).where(Study.study_instance_uid == uid)).first()
            if study is None or study.state.on_its_way:
                return None
            return {"state": str(study.state), "summary": headline_numbers(results_of(session, study)[-1].summary)}

    state: dict[str, Any] = wait_until(found, 300, "the study to settle", 0.5)
    return state


def headline_numbers(summary: dict[str, Any]) -> dict[str, Any]:
    """Stage, probability and the ASAS rule, as the summary gives them."""
    judged, asas = summary["classification"] or {}, summary["asas"]
    rule = "not read" if asas is None else "active" if asas["positive"] else "not active"
    return {"stage": judged.get("stage", "none"), "as": judged.get("as_probability", "none"), "asas": rule}


def fetch(pacs: programs.Orthanc, uid: str, folder: Path, *, sources: set[str]) -> dict[Path, Dataset]:
    """Our results of one study, from the PACS: what was not sent to it."""
    folder.mkdir(parents=True)
    found: dict[Path, Dataset] = {}
    for number, instance in enumerate(pacs.instances_of(uid)):
        content = pacs.dataset_bytes(instance)
        dataset = pydicom.dcmread(io.BytesIO(content))
        if dataset.SOPInstanceUID not in sources:
            path = folder / f"{number:04d}.dcm"
            path.write_bytes(content)
            found[path] = dataset
    return found


def readers(shared: Path, subject: str, segments: dict[str, tuple[Dataset, int]]) -> dict[str, float] | None:
    """Edema that the readers marked, left and right, where they read this subject."""
    joints = [segments.get(f"{side} sacroiliac joint band") for side in ("Left", "Right")]
    if not list((shared / "data/sij/inflammation").glob(f"{subject}_R*.nii.gz")) or None in joints:
        return None
    left, right = (float(segment_voxels(*joint)[1][0]) for joint in joints if joint is not None)
    return reader_volumes_ml(shared, subject, midline_x=(left + right) / 2)


def validate(results: dict[Path, Dataset]) -> int:
    """Number of errors of dciodvfy, dcentvfy and PixelMed."""
    errors = len(programs.dcentvfy_errors(programs.program, results))
    for path, dataset in results.items():
        errors += len(programs.dciodvfy_errors(programs.program, path))
        if dataset.SOPClassUID in (*STRUCTURED_REPORTS, KEY_OBJECTS):
            errors += len(programs.pixelmed_errors(programs.program, path))
    return errors


HEADING = """# Every real subject through the chain

The ten labeled subjects and one follow-up pair, as DICOM studies, pushed from Orthanc to a running node; the results
of every kind fetched from Orthanc and given to dciodvfy, dcentvfy and PixelMed. The shipped networks have seen these
subjects, so this shows that the chain works; how well unseen patients are judged is on the pages beside this one.
Readers: edema that at least half of the readings marked.

Command: `make proof-real`; {date}; {cores} CPU cores.

| {columns} |
|{rules}|
"""
COLUMNS = (
    "study",
    "state",
    "AS probability",
    "stage",
    "ASAS rule",
    "region ml",
    "joints ml L / R",
    "edema ml L / R",
    "readers ml L / R",
    "objects",
    "validator errors",
)


def page(rows: list[dict[str, Any]]) -> str:
    """The table, with what it means."""
    today = datetime.now(UTC).date().isoformat()
    cores = len(os.sched_getaffinity(0))
    heading = HEADING.format(
        date=today, cores=cores, columns=" | ".join(COLUMNS), rules="---|" * (len(COLUMNS) - 1) + "---"
    )
    return heading + "".join(f"| {' | '.join(cells(entry))} |\n" for entry in rows)


def cells(entry: dict[str, Any]) -> list[str]:
    """One row of the table."""
    region, left, right, edema_left, edema_right = entry["ml"].values()
    read = entry["readers"]
    return [
        entry["study"],
        entry["state"],
        str(entry["as"]),
        entry["stage"],
        entry["asas"],
        f"{region:.0f}",
        f"{left:.1f} / {right:.1f}",
        f"{edema_left:.1f} / {edema_right:.1f}",
        "not read" if read is None else f"{read['Left']:.1f} / {read['Right']:.1f}",
        str(entry["objects"]),
        str(entry["errors"]),
    ]


if __name__ == "__main__":
    sys.exit(main())
