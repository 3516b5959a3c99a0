"""The parts of the proof. Another one is a function that gives its steps, and an entry in PARTS."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests import npm, programs
from tests.outside import reviewed
from tests.proof import bare
from tests.proof.part import Part, Place, Step, last_line

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = "docs/evaluation/subjects.md"
RECOGNITION = "docs/evaluation/recognition.md"
OUTSIDE = "docs/evaluation/outside.md"
ORDERS = 5
JUDGES = (
    "dciodvfy",
    "dcentvfy",
    "DicomSRValidator",
    "dcmpschk",
    "segimage2itkimage",
    "paramap2itkimage",
    "tid1500reader",
)


def shared_folder() -> Path:
    """The folder of real data: ``AXSPA_SHARED``, or ``../shared``."""
    return Path(os.environ.get("AXSPA_SHARED", ROOT.parent / "shared"))


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """A command that runs a module of this checkout."""
    return (sys.executable, "-m", name, *arguments)


def real_data() -> list[str]:
    """What is missing of the real data."""
    folder = shared_folder() / "data" / "sij"
    return [] if folder.is_dir() else [f"the real data ({folder})"]


def real_data_and_peers() -> list[str]:
    """The same, and the programs of the round through a PACS."""
    return real_data() + peers()


def peers() -> list[str]:
    """Which of the peer programs are missing."""
    return [name for name in ("storescu", "storescp", "Orthanc") if programs.find(name) is None]


def golden(place: Place) -> list[Step]:
    """The result of real 1013, beside the golden record."""
    return [Step("golden", module("tests.golden", "proof"))]


def in_random_order(number: int) -> Callable[[Place], list[Step]]:
    """The steps of one order; it follows from the commit: each one is tried in others, and anybody can remake them."""

    def steps(place: Place) -> list[Step]:
        seed = str(int(place.commit[:6], 16) + number)
        tests = module(
            "pytest", "-p", "tests.random_order", "--random-order", seed, *tiers(place.root, "processes", "peers")
        )
        return [Step(f"seed-{seed}", module("tests.proof.busy", "2", *tests))]

    return steps


def tiers(root: Path, *names: str) -> list[str]:
    """Folders of tests, for pytest."""
    return [str((root / "tests" / name).relative_to(root)) for name in names]


def real(place: Place) -> list[Step]:
    """Every real subject; the table of it is a page of its own."""
    return [Step("subjects", module("tests.real_subjects", "--shared", str(shared_folder()), "--out", SUBJECTS))]


def recognition(place: Place) -> list[Step]:
    """What is read and what is not, and however it was stored; rows are kept, so that an interrupted run goes on."""
    rows = place.state / "rows.jsonl"
    arguments = ("--shared", str(shared_folder()), "--out", RECOGNITION, "--rows", str(rows))
    turned = module("pytest", "tests/proof/orientations.py")
    pairs = module("pytest", "tests/proof/pairs.py")
    return [
        Step("recognition", module("tests.recognition", *arguments)),
        Step("orientations", turned),
        Step("pairs", pairs),
    ]


def sources(place: Place) -> list[Step]:
    """Every position of the patient, and the shipped bundle on images that are packed in several ways."""
    return [Step("sources", module("pytest", "-q", "tests/proof/sources.py"))]


def training(place: Place) -> list[Step]:
    """Runs killed and gone on with, judged and packed; the rows of the published table, in miniature."""
    names = ("runs", "published_table")
    return [Step(name, module("pytest", "-q", f"tests/proof/{name}.py")) for name in names]


def validators(place: Place) -> list[Step]:
    """Every kind of object of what can be found and lacked, before what others wrote."""
    return [Step("validators", module("pytest", "-q", "tests/proof/validators.py"))]


def judges() -> list[str]:
    """Which of the validators and readers are missing."""
    return [name for name in JUDGES if programs.find(name) is None]


def ohif(place: Place) -> list[Step]:
    """OHIF before what ``make test`` does not show it."""
    return [Step("ohif", module("pytest", "-q", "tests/proof/ohif.py"))]


def viewer() -> list[str]:
    """What the viewer lacks."""
    missing = [name for name in ("Orthanc", "chromium") if programs.find(name) is None]
    return missing if npm.find("ohif") else [*missing, "OHIF"]


def backends(place: Place) -> list[Step]:
    """The shipped bundle on JAX and PyTorch beside TensorFlow."""
    return [Step("backends", module("tests.backends"))]


def speed(place: Place) -> list[Step]:
    """Latency, memory and receiving, from outside."""
    return [Step("benchmark", module("tests.benchmark"), said=speed_words)]


def speed_words(log: str) -> str:
    """The main figures of the benchmark, which says them as JSON."""
    figures = json.loads(log[log.index("{") : log.rindex("}") + 1])
    memory = ", ".join(f"{name} {amount} MiB" for name, amount in sorted(figures["peak_memory_mb"].items()))
    return (
        f"from the last image to the last result: first study {figures['first_study_s']} s, warm median"
        f" {figures['warm_median_s']} s, worst {figures['warm_worst_s']} s; {figures['receive_images_per_s']} images"
        f" a second received, storescp {figures['storescp_images_per_s']}; peak memory: {memory}"
    )


def outside(place: Place) -> list[Step]:
    """The review's faults from outside, in the reviewed version and in this one; the table is a page of its own."""
    old = f"/var/tmp/axspa-reviewed-{reviewed.COMMIT}"
    table = module(
        "tests.outside", "--old", old, "--new", str(place.root), "--shared", str(shared_folder()), "--out", OUTSIDE
    )
    return [Step("reviewed", module("tests.outside.reviewed", old)), Step("table", table)]


def in_bare_debian(place: Place) -> list[Step]:
    """The README's commands in a folder of their own, which goes away when all went well."""
    folder = f"/var/tmp/axspa-proof-{place.commit[:12]}"
    said = {"debian": last_line, "demo": demo_words, "test": last_line, "remove": lambda log: "removed"}
    return [Step(name, module("tests.proof.bare", name, folder), said=said[name]) for name in bare.STEPS]


def demo_words(log: str) -> str:
    """How many images went in, and how many series came back."""
    lines = [line.strip() for line in log.splitlines()]
    sent = next((line for line in lines if line.endswith("images stored")), "no image stored")
    back = [line for line in lines if line.endswith(" KiB") and " object" in line]
    return f"{sent}; {len(back)} series came back"


PARTS = {
    part.name: part
    for part in (
        Part(
            "golden",
            "The result of a real study, mask by mask and number by number, beside the record that is kept of it.",
            golden,
            lacks=real_data,
        ),
        *(
            Part(
                f"random-{number}",
                "The tests of the tiers *processes* and *peers* in random order beside two busy processes:"
                f" order {number} of {ORDERS}.",
                in_random_order(number),
            )
            for number in range(1, ORDERS + 1)
        ),
        Part(
            "real",
            "Every real subject from a PACS through the node and back, every result before every validator:"
            " [the table](evaluation/subjects.md).",
            real,
            lacks=real_data_and_peers,
            writes=(SUBJECTS,),
        ),
        Part(
            "recognition",
            "Real and simulated patients are read however they were stored, pictures that show no sacroiliac joint are"
            " not: [the table](evaluation/recognition.md).",
            recognition,
            lacks=real_data,
            writes=(RECOGNITION,),
        ),
        Part(
            "sources",
            "Left stays left in every kind of object for every position of the patient, and the shipped bundle gives"
            " the same result however the pixels are packed.",
            sources,
        ),
        Part(
            "training",
            "A training that is killed goes on to the same numbers; runs are judged, compared, reported and packed from"
            " what they saved; the rows of the published table are made, judged and shown, in miniature.",
            training,
        ),
        Part(
            "validators",
            "No validator finds an error and every reader reads what was meant: every kind of object, whatever was"
            " found or is missing, in both languages and all three classes of reports.",
            validators,
            lacks=judges,
        ),
        Part(
            "ohif",
            "OHIF shows every kind of object, German, a patient on the side, no edema and no analysis as they are:"
            " [what it looks like](viewers.md).",
            ohif,
            lacks=viewer,
        ),
        Part(
            "backends",
            "The shipped bundle answers and explains alike on TensorFlow, JAX and PyTorch.",
            backends,
        ),
        Part("speed", "Speed and memory of a running node, measured from outside.", speed, lacks=peers),
        Part(
            "outside",
            "What a review found wrong, seen from outside in the version that it read and no more in this one:"
            " [the table](evaluation/outside.md).",
            outside,
            lacks=reviewed.lacks,
            writes=(OUTSIDE,),
        ),
        Part(
            "bare",
            "Both commands of the README in a bare Debian 12 (debootstrap with git, make and certificates).",
            in_bare_debian,
            lacks=bare.lacks,
        ),
    )
}
