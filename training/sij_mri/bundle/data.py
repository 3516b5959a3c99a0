"""What card and manifest say of the data: the cohorts' own words, and nothing where none was named."""

from collections.abc import Sequence
from typing import Any

from training.data import Cohort

NOT_NAMED = "not recorded: no cohort was named when the bundle was made"
SYNTHETIC = "phantoms and simulated lesions made by axspa-train simulate"


def data_words(cohorts: Sequence[Cohort]) -> dict[str, Any]:
    """Source, terms and size of the data that a bundle was made of.

    Parameters
    ----------
    cohorts : sequence of Cohort
        Those that the networks learned from; empty: nobody said.

    Returns
    -------
    dict
        ``real data``, ``synthetic data`` and ``use of the weights`` in words, and ``cohorts`` in figures.
    """
    return {
        "real data": "; ".join(_real(cohort) for cohort in cohorts) or NOT_NAMED,
        "synthetic data": SYNTHETIC,
        "use of the weights": "research only",
        "cohorts": [_figures(cohort) for cohort in cohorts],
    }


def data_limits(cohorts: Sequence[dict[str, Any]]) -> str:
    """The first limit of every bundle, as a line of the card: how few patients it was made of."""
    if not cohorts:
        return f"- The real data that the networks learnt from are {NOT_NAMED}. Whom they fit is unknown."
    patients, centers = (sum(cohort[key] for cohort in cohorts) for key in ("patients", "centers"))
    return (
        f"- {_many(patients, 'patient')} of {_many(centers, 'source')} carry what was learnt from real data. Field "
        "strengths, protocols, coils and patients that are not among them (children, metal, pregnancy) were never "
        "seen.\n"
        "- The confidence intervals are over the patients of these data: they say nothing of other hospitals."
    )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _real(cohort: Cohort) -> str:
    patients = _many(_figures(cohort)["patients"], "patient")
    return f"{cohort.source} ({patients}; terms: {cohort.terms}; the images are not part of this bundle)"


def _figures(cohort: Cohort) -> dict[str, Any]:
    return {
        "name": cohort.name,
        "source": cohort.source,
        "terms": cohort.terms,
        "sha256": cohort.digest,
        "items": len(cohort.items),
        "patients": len({item.patient for item in cohort.items} - {""}),
        "centers": max(len({item.center for item in cohort.items} - {""}), 1),
    }
