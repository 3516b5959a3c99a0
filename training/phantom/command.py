"""``axspa-train simulate phantom``: synthetic patients from the command line."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from inference.types import Side
from training.phantom.contact_sheet import write_picture
from training.phantom.dicom import StudyOptions, write_study
from training.phantom.phantom import LesionRequest, Phantom, PhantomSpec, make_phantom
from training.phantom.shipped import write_shipped
from training.phantom.vendors import VENDORS

KINDS = ("bme", "erosion", "fat", "sclerosis", "ankylosis")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--seed", type=int, default=1, help="number of the first synthetic patient")
    parser.add_argument("--count", type=int, default=1, help="how many patients to make")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where they are written")
    parser.add_argument("--dicom", action="store_true", help="write DICOM studies instead of .npz archives")
    parser.add_argument("--enhanced", action="store_true", help="with --dicom: Enhanced MR objects")
    parser.add_argument("--vendor", choices=sorted(VENDORS), default="siemens", help="with --dicom: whose habits")
    parser.add_argument(
        "--lesion",
        action="append",
        default=[],
        metavar="KIND:SIDE:BONE[:RADIUS_MM]",
        help=f"add a lesion; kinds: {', '.join(KINDS)}; sides: left, right; bones: sacral, iliac, both",
    )
    parser.add_argument("--picture", action="store_true", help="also write a contact sheet with the truth drawn in")
    parser.add_argument("--shipped", action="store_true", help="write the study that ships, as the archive --out")


def run(args: argparse.Namespace) -> int:
    """Make the synthetic patients; returns the exit code."""
    if args.shipped:
        phantom = write_shipped(args.out)
        if args.picture:
            write_picture(phantom, args.out.with_suffix(".png"))
        print(_line(phantom, args.out))
        return 0
    spec = PhantomSpec(lesions=tuple(_request(text) for text in args.lesion))
    for seed in range(args.seed, args.seed + args.count):
        phantom = make_phantom(seed, spec=spec)
        target = args.out / f"phantom-{seed}"
        if args.dicom:
            write_study(phantom, target, vendor=args.vendor, options=StudyOptions(enhanced=args.enhanced))
        else:
            target = target.with_suffix(".npz")
            save_arrays(phantom, target)
        if args.picture:
            write_picture(phantom, args.out / f"phantom-{seed}.png")
        print(_line(phantom, target))
    return 0


def save_arrays(phantom: Phantom, path: Path) -> None:
    """Write images and truth as one compressed NumPy archive.

    The archive holds ``t1``, ``fluid``, ``region``, ``fluid_region``, ``labels``, ``left_surface_px``,
    ``right_surface_px`` and, as JSON in ``truth``, stage and lesions.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    truth = {
        "seed": phantom.seed,
        "stage": phantom.stage.value,
        "as_present": phantom.as_present,
        "lesions": [
            {
                "kind": lesion.kind,
                "side": lesion.side.value,
                "bone": lesion.bone,
                "center_mm": lesion.center_mm,
                "volume_mm3": lesion.volume_mm3,
            }
            for lesion in phantom.lesions
        ],
    }
    np.savez_compressed(
        path,
        t1=phantom.t1.voxels,
        fluid=phantom.fluid.voxels,
        region=phantom.region,
        fluid_region=phantom.fluid_region,
        labels=phantom.labels,
        left_surface_px=phantom.surfaces[Side.LEFT],
        right_surface_px=phantom.surfaces[Side.RIGHT],
        truth=np.array(json.dumps(truth)),
    )


def _request(text: str) -> LesionRequest:
    kind, side, bone, *radius = text.split(":")
    if kind not in KINDS or bone not in ("sacral", "iliac", "both"):
        raise ValueError(f"a lesion is KIND:SIDE:BONE[:RADIUS_MM], received {text!r}")
    return LesionRequest(kind, Side(side), bone, radius_mm=float(radius[0]) if radius else 12.0)


def _line(phantom: Phantom, target: Path) -> str:
    return f"{target.name}: {phantom.stage.value}, {_lesions(phantom)}"


def _lesions(phantom: Phantom) -> str:
    parts: Iterable[str] = (
        f"{lesion.kind} {lesion.side.value} {lesion.bone} {lesion.volume_mm3 / 1000:.2f} ml"
        for lesion in phantom.lesions
    )
    return "; ".join(parts) or "no lesions"
