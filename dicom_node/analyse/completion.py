"""Is this study complete, and why: a pure function."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import CompletionSettings


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a study is complete.

    Attributes
    ----------
    complete : bool
    reason : str
        A sentence for its timeline.
    """

    complete: bool
    reason: str


def decide(now: datetime, *, last_received_at: datetime, image_count: int, settings: CompletionSettings) -> Decision:
    """Judge whether all images of a study have come.

    Nothing in DICOM says so, hence the quiet period: a study without a new image for that long is complete.

    Parameters
    ----------
    now, last_received_at : datetime
        Aware. A last image in the future (the clock was set back) counts as one that came now.
    image_count : int
        Images stored of the study.
    settings : CompletionSettings

    Returns
    -------
    Decision
    """
    quiet = timedelta(seconds=settings.quiet_s)
    images = f"{image_count} image" + ("" if image_count == 1 else "s")
    last = min(last_received_at, now)
    if image_count < 1:
        return Decision(False, "No image is stored yet.")
    if now - last >= quiet:
        return Decision(True, f"Complete with {images}: no new one came for {settings.quiet_s:g} s.")
    since = (now - last).total_seconds()
    reason = (
        f"Waiting: {images} so far, the last one {since:.0f} s ago; complete after {settings.quiet_s:g} s of quiet."
    )
    return Decision(False, reason)
