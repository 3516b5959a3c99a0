"""Region networks that are trained: one folder each, with the network and what the node must know of it.

``RUNS/ROLE/NAME/network.keras`` is the network, ``network.json`` beside it says how its input is cut, which subjects
taught it, which it was kept from, and how far the training came. A training that did not reach its end counts nowhere.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from config.errors import BundleError
from inference.serving import InputSpec, Kind, ModelSpec, Segmenter
from inference.sij_mri import RegionGrid, RegionReader, region_cutter, region_spec

ROLES = ("region", "region_fluid")
NETWORK_FILE, FACTS_FILE = "network.keras", "network.json"


@dataclass(frozen=True, slots=True)
class TrainedRegion:
    """One trained network.

    Attributes
    ----------
    folder : Path
    cutter : RegionGrid
    mirrored : bool
        Whether it is read over the mirror image as well.
    learned, held_back : tuple of str
        Subjects that taught it, and those that were kept from it.
    facts : mapping
        All that its folder says of it (JSON values).
    """

    folder: Path
    cutter: RegionGrid
    mirrored: bool
    learned: tuple[str, ...]
    held_back: tuple[str, ...]
    facts: Mapping[str, Any]

    @property
    def finished(self) -> bool:
        """Whether the training reached the end of its schedule."""
        return bool(self.facts["step"] >= self.facts["steps"])

    @property
    def path(self) -> Path:
        """File of the network."""
        return self.folder / NETWORK_FILE

    def spec(self, role: str) -> ModelSpec:
        """What a manifest says of it."""
        return region_spec(role, cutter=self.cutter, mirrored=self.mirrored)

    def reader(self) -> RegionReader:
        """What the node would find with it."""
        network = keras.saving.load_model(self.path, compile=False, safe_mode=True)
        return RegionReader(Segmenter(self.spec("region"), [network]))


def trained_regions(runs: Path, role: str) -> tuple[TrainedRegion, ...]:
    """Every network of a role, those whose training has not ended too; by name.

    Parameters
    ----------
    runs : Path
    role : str
        ``region`` or ``region_fluid``.

    Raises
    ------
    ValueError
        What lies beside a network does not say what is needed, or a subject was both learned and held back.
    """
    return tuple(_trained(path.parent) for path in sorted((runs / role).glob(f"*/{FACTS_FILE}")))


def shipped(trained: Sequence[TrainedRegion]) -> tuple[TrainedRegion, ...]:
    """Those that go into a bundle: finished, and nobody was held back from them.

    Raises
    ------
    ValueError
        They cut their input in different ways, so that the node cannot average them.
    """
    found = tuple(one for one in trained if one.finished and not one.held_back)
    if len({(one.cutter, one.mirrored) for one in found}) > 1:
        names = ", ".join(one.folder.name for one in found)
        raise ValueError(f"networks of one role must cut their input alike, received {names}")
    return found


def _trained(folder: Path) -> TrainedRegion:
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        cutter, parameters = facts["cutter"], facts["parameters"]
        size, channels = parameters["size_px"], parameters["channels"]
        spec = ModelSpec(
            role="region",
            kind=Kind.SEGMENTER,
            input=InputSpec((size, size, channels), cutter, parameters),
            outputs={},
            thresholds={"region": 0.5},
        )
        learned, held_back = tuple(facts["learned"]), tuple(facts["held_back"])
        found = TrainedRegion(folder, region_cutter(spec), bool(facts["mirrored"]), learned, held_back, facts)
        _ = found.finished
    except (KeyError, TypeError, ValueError, BundleError) as error:
        raise ValueError(f"{folder / FACTS_FILE} does not say what is needed of a network: {error}") from error
    both = sorted(set(learned) & set(held_back))
    if both:
        raise ValueError(f"{folder.name} learned from subjects that it held back, received {', '.join(both)}")
    return found
