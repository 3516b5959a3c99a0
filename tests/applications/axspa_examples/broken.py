"""An application that fails on every study, to show that it takes no other with it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from axspa_examples.threshold import Threshold, ThresholdWords
from config.codes import Code
from config.errors import UnusableInput
from inference.result import Analysis
from inference.series import Selection
from inference.types import ModelIdentity, StudyHeaders


class Broken(Threshold):
    """Selects as the threshold does, and then cannot read what it selected."""

    name = "broken"

    def analyse(
        self,
        study: StudyHeaders,
        selection: Selection,
        models: Mapping[str, Any],
        *,
        bundle: ModelIdentity,
        progress: Callable[[str], None],
        priors: Sequence[Analysis] = (),
        context: Mapping[str, Any] | None = None,
    ) -> Analysis:
        """Fail for good."""
        raise UnusableInput(Code.PIXELS_DAMAGED, "This application reads nothing, on purpose.")


class BrokenWords(ThresholdWords):
    """The words of the threshold."""

    application = "broken"
