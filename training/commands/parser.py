"""A parser for steps whose first word may be a subcommand or an argument: ``train stage``, ``train PLAN``."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    Steps: TypeAlias = "argparse._SubParsersAction[StepParser]"
else:
    Steps = Any


class StepParser(argparse.ArgumentParser):
    """One step of ``axspa-train``, or all of them.

    Attributes
    ----------
    otherwise : str
        The subcommand that is meant where the first word names none of `names`; empty where it has to.
    names : frozenset of str
        The other subcommands.
    """

    otherwise: str = ""
    names: frozenset[str] = frozenset()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, the subcommand put in where it was left out."""
        words: Sequence[str] | None = args
        if self.otherwise and words and words[0] not in {"-h", "--help", self.otherwise, *self.names}:
            words = [self.otherwise, *words]
        return super().parse_known_args(words, namespace)
