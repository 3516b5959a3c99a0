"""The end that all imports of volumes share: a data set with names, terms, centers and labels, whole or not at all."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.data.dataset import INDEX_FILE, Dataset, Subject, SubjectEntry, write_index, write_subject
from training.data.pictures import COHORT_FILE, Label
from training.data.whole import whole_folder


@dataclass(frozen=True, slots=True)
class Scan:
    """A subject on its way into a data set, with what is known of the patient."""

    subject: Subject
    center: str = ""
    labels: Mapping[str, Label] = field(default_factory=dict)


def write_volumes(out: Path, scans: Iterable[Scan], *, name: str, source: str, terms: str) -> Dataset:
    """Write a data set of volumes.

    Parameters
    ----------
    out : Path
        A data set that is there already is replaced, and its splits with it.
    scans : iterable of Scan
    name, source, terms : str
        Of the data set; source and terms reach card and manifest of a bundle made of it.

    Raises
    ------
    ValueError
        There are no scans, two have one name, or ``out`` holds something else.
    """
    entries: list[SubjectEntry] = []
    known: dict[str, object] = {}
    with whole_folder(out, replaces=(INDEX_FILE,)) as folder:
        for scan in scans:
            if any(entry.subject == scan.subject.subject for entry in entries):
                raise ValueError(f"two scans are called {scan.subject.subject}: nothing was written")
            entries.append(write_subject(folder, scan.subject))
            known[scan.subject.subject] = {"center": scan.center, "labels": dict(scan.labels)}
        if not entries:
            raise ValueError("no scan was found that can be learned from: nothing was written")
        write_index(Dataset(folder, source, tuple(entries)))
        content = {"name": name, "kind": "volumes", "terms": terms, "items": known}
        (folder / COHORT_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return Dataset(out, source, tuple(entries))
