"""Whoever was learned from is not judged: patients are compared, never numbers of folds."""

from collections.abc import Iterable, Mapping


def refuse_leak(learned_from: Iterable[str], judged: Mapping[str, str], *, what: str = "this network") -> None:
    """Refuse to judge on patients that were learned from, or whose patients cannot be compared.

    Parameters
    ----------
    learned_from : iterable of str
        Patients, as a run recorded them.
    judged : mapping of str to str
        From item to patient.
    what : str
        Who learned, for the sentence.

    Raises
    ------
    ValueError
        A patient is on both sides, or one is unknown on either side.
    """
    learned = set(learned_from)
    both = sorted(name for name, patient in judged.items() if patient and patient in learned)
    if both:
        patients = {judged[name] for name in both}
        raise ValueError(
            f"{what} has learned from {len(patients)} of the {len(set(judged.values()))} patients to judge "
            f"(the first item: {both[0]}): leave them out, or take a network that has not seen them"
        )
    unknown = sum(not patient for patient in judged.values())
    if unknown or "" in learned:
        where = f"of {unknown} of {len(judged)} items to judge" if unknown else f"that {what} has learned from"
        raise ValueError(
            f"patients {where} are unknown, so a leak cannot be ruled out: import with a table of patients"
        )
