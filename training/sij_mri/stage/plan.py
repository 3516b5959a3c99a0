"""Which simulated patients the stage network learns from, is calibrated on, and is judged on."""

from dataclasses import replace

from training.data import Dataset
from training.sij_mri.lesions.dataset import AnatomyPlan

VALIDATION_PATIENTS = ("4386",)
HELD_BACK_PATIENTS = ("1013", "1016", "3002")

REAL_DRAWS = {"train": 40, "validation": 24, "held-back": 20}
PHANTOMS = {"train": (1000, 30, 6), "validation": (3000, 8, 4), "held-back": (4000, 24, 2)}
REQUESTED = {"train": (6000, 16, 2), "validation": (7000, 6, 2), "held-back": (8000, 12, 2)}
"""First seed, number of anatomies, patients drawn from each."""


def split_of(patient: str) -> str:
    """Split of a real patient."""
    if patient in HELD_BACK_PATIENTS:
        return "held-back"
    return "validation" if patient in VALIDATION_PATIENTS else "train"


def stage_plans(real_subjects: tuple[str, ...], *, share: float = 1.0, seed: int = 0) -> tuple[AnatomyPlan, ...]:
    """All anatomies: real scans first, then phantoms with the splits mixed, so that a broken-off simulation is of use.

    Parameters
    ----------
    real_subjects : tuple of str
        Scans that have both contrasts, a region and a sample of normal marrow; the subject is the patient.
    share : float
        Of the phantoms; below 1 for a trial.
    seed : int
        Added to the phantoms' seeds.
    """
    plans: list[tuple[float, AnatomyPlan]] = []
    for source, counts in (("phantom", PHANTOMS), ("requested", REQUESTED)):
        for split, (first, anatomies, draws) in counts.items():
            number = max(1, round(share * anatomies))
            plans += [(n / number, AnatomyPlan(source, str(seed + first + n), split, draws)) for n in range(number)]
    for n, subject in enumerate(sorted(real_subjects)):
        split = split_of(subject)
        plans.append((-1.0 + n / len(real_subjects), AnatomyPlan("real", subject, split, REAL_DRAWS[split])))
    return tuple(plan for _, plan in sorted(plans, key=lambda item: item[0]))


def usable_anatomies(real: Dataset | None) -> tuple[str, ...]:
    """The scans that have both contrasts, a region and a sample of normal marrow."""
    if real is None:
        return ()
    return tuple(
        entry.subject
        for entry in real.entries
        if "stir" in entry.contrasts and {"region", "normal_marrow"} <= set(entry.labels)
    )


def held_back_plans(real: Dataset | None, *, share: float = 1.0) -> tuple[AnatomyPlan, ...]:
    """The anatomies that the stage network is judged on.

    Parameters
    ----------
    real : Dataset or None
    share : float
        Of the phantoms, and of the patients of each real scan; below 1 for a trial.
    """
    plans = (plan for plan in stage_plans(usable_anatomies(real), share=share) if plan.split == "held-back")
    return tuple(
        replace(plan, draws=max(1, round(share * plan.draws))) if plan.source == "real" else plan for plan in plans
    )
