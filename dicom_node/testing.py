"""What tests need beside :mod:`inference.testing`: objects as the node makes them, and a place that takes them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dicom_node.analyse import pipeline
from dicom_node.analyse.pipeline import Outcome
from dicom_node.deliver.destination import Capability, Outgoing, ProofAnswer, Verdict
from dicom_node.deliver.destination import Outcome as Sent
from inference.dicom import read_study
from inference.serving import LoadedBundle
from storage.codes import DeliveryCode
from storage.states import Proof


def make_result(application: str, folder: Path, *, bundle: LoadedBundle | None = None) -> Outcome:
    """Run an installed application on the one study in a folder, make its objects and pass them through the gate.

    Parameters
    ----------
    application : str
        Name of its entry points.
    folder : Path
        Its files lie there, or below.
    bundle : LoadedBundle, optional
        For an application that needs models.

    Returns
    -------
    Outcome
        Its ``findings`` are empty where the gate lets the result pass.
    """
    study = read_study(sorted(path for path in folder.rglob("*") if path.is_file()))
    return pipeline.run(study, bundle, application=application, revision=1, started=datetime.now(UTC))


@dataclass
class FakeDestination:
    """A destination without a network, which answers as it is told and remembers what it got.

    Attributes
    ----------
    name : str
    answers : dict from str to Outcome
        By SOP Instance UID, or by SOP Class UID; what is in neither is stored.
    down : Outcome or None
        What every object meets while the destination as a whole is the trouble.
    proofs : dict from str to ProofAnswer
        By SOP Instance UID; what is not in it is kept.
    got : list of str
        SOP Instance UIDs that were sent to it, in order.
    """

    name: str
    answers: dict[str, Sent] = field(default_factory=dict)
    down: Sent | None = None
    proofs: dict[str, ProofAnswer] = field(default_factory=dict)
    got: list[str] = field(default_factory=list)

    def send(self, objects: Sequence[Outgoing]) -> Generator[Sent, None, None]:
        """Take objects, or refuse them as told."""
        for made in objects:
            if self.down is None:
                self.got.append(made.sop_instance_uid)
            stored = Sent(Verdict.DELIVERED, 0x0000, DeliveryCode.STORED, "")
            told = self.answers.get(made.sop_instance_uid, self.answers.get(made.sop_class_uid, stored))
            yield self.down or told

    def prove(self, objects: Sequence[Outgoing], *, transaction_uid: str, again: bool = False) -> list[ProofAnswer]:
        """Say that it keeps what it got, unless told otherwise."""
        kept = ProofAnswer(Proof.COMMITTED, comment="It is kept.")
        return [self.proofs.get(made.sop_instance_uid, kept) for made in objects]

    def verify(self) -> Capability:
        """Say whether it is up."""
        return Capability(self.down is None, self.down.comment if self.down else "It answers.", {})
