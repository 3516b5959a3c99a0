"""Several bundles in one process: each loaded when first needed, the longest unused dropped at a limit of memory."""

import gc
import threading
from collections.abc import Sequence
from pathlib import Path

from inference.serving.bundle import find_bundle
from inference.serving.manifest import read_manifest
from inference.serving.registry import BundleUser, LoadedBundle, check_user, load_bundle

OVERHEAD_MB = 60.0
"""What a loaded and warmed bundle takes beside its weights: graphs, and room to compute (measured: 40 to 50)."""


class BundleShelf:
    """Loaded bundles, within a limit of memory.

    The limit counts, for each bundle, its weights and :data:`OVERHEAD_MB`. The bundle that was asked for last stays,
    even where it alone is above the limit. One that somebody still uses goes when that user lets it go. May be used by
    several threads; each process has a shelf of its own.

    Parameters
    ----------
    memory_mb : float
        The limit, MiB.
    roots : sequence of Path
        Configured folders, searched before the shipped bundles.
    """

    def __init__(self, *, memory_mb: float, roots: Sequence[Path] = ()) -> None:
        self._memory_mb = memory_mb
        self._roots = tuple(roots)
        self._held: dict[str, LoadedBundle] = {}  # the longest unused first
        self._lock = threading.Lock()

    def bundle(self, name: str, user: BundleUser) -> LoadedBundle:
        """A bundle, loaded and warmed.

        It is loaded if it is not here, or if the bundle of this name has been exchanged since.

        Parameters
        ----------
        name : str
            Name of the bundle's folder.
        user : BundleUser
            The application.

        Raises
        ------
        BundleError
            As in :func:`~inference.serving.registry.load_bundle`.
        """
        with self._lock:
            manifest = read_manifest(find_bundle(name, roots=self._roots))
            found = self._held.pop(name, None)
            if found is None or found.identity != manifest.identity:
                found = load_bundle(name, user, roots=self._roots)
                found.warm()
            check_user(found.manifest, user)
            self._held[name] = found
            self._make_room()
            return found

    @property
    def held(self) -> tuple[str, ...]:
        """Names of the bundles in memory, the longest unused first."""
        return tuple(self._held)

    @property
    def memory_mb(self) -> float:
        """What they take, as it is counted, MiB."""
        return sum(map(memory_mb, self._held.values()))

    def _make_room(self) -> None:
        dropped = False
        while len(self._held) > 1 and self.memory_mb > self._memory_mb:
            del self._held[next(iter(self._held))]
            dropped = True
        if dropped:
            gc.collect()  # networks refer to themselves


def memory_mb(bundle: LoadedBundle) -> float:
    """What a bundle takes, as it is counted, MiB."""
    return bundle.weight_bytes / 2**20 + OVERHEAD_MB
