"""A table of patients: whose scan is whose, from where, and what is known of each."""

from pathlib import Path

from training.data.mapping import Mapping
from training.data.pictures import Label
from training.data.tables import Row, label_of, read_rows

Known = tuple[str, str, dict[str, Label]]


def read_patients(folder: Path, mapping: Mapping) -> dict[str, Known]:
    """Patient, center and further labels by scan; empty where the mapping names no table.

    Raises
    ------
    ValueError
        A column is missing, a patient is empty, a scan is there twice or a value is none.
    """
    named = mapping.patients
    if named is None:
        return {}
    known: dict[str, Known] = {}
    for number, row in enumerate(read_rows(folder / named.table, named.columns), start=2):
        where = f"line {number} of {named.table}"
        if row[named.scan] in known:
            raise ValueError(f"{where} names a scan for the second time: a scan is of one patient")
        known[row[named.scan]] = _known(row, mapping, where)
    return known


def _known(row: Row, mapping: Mapping, where: str) -> Known:
    named = mapping.patients
    if named is None or not row[named.patient].strip():
        raise ValueError(f"{where} names no patient: splits go by it")
    center = row[named.center].strip() if named.center else mapping.center
    return (
        row[named.patient].strip(),
        center,
        {name: label_of(row[name], f"{name} in {where}") for name in named.labels},
    )
