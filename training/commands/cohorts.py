"""``axspa-train import``, ``curate``, ``split`` and ``datasheet``: data of one's own."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from training.commands.parser import Steps
from training.data import (
    ANNOTATIONS,
    BY_PATIENT,
    INDEX_FILE,
    ITERATIONS,
    PUBLISHED_BY_IMAGE,
    PUBLISHED_COORDS,
    Dropped,
    Mapping,
    Picture,
    curate,
    import_curated,
    import_published,
    import_table,
    open_cohort,
    read_mapping,
    site_pseudonyms,
    split_cohort,
    write_datasheet,
    write_import,
    write_splits,
)

HEPBURN, NIFTI, DICOM, MOSAICS = "hepburn", "nifti", "dicom", "mosaics"
PUBLISHED, CURATED, PICTURES = "published", "curated", "pictures"
LAYOUTS = (HEPBURN, NIFTI, DICOM, PUBLISHED, CURATED, PICTURES, MOSAICS)
LABELINGS = ("own", *ITERATIONS, "none")

Reader = Callable[[Path, Mapping, list[Dropped]], Iterator[Picture]]


def add_parser(steps: Steps) -> None:
    """Add the steps."""
    _add_import(steps)
    _add_curate(steps)
    _add_split(steps)
    sheet = steps.add_parser("datasheet", help="describe a cohort: counts, histograms, terms, random samples")
    sheet.add_argument("cohort", type=Path)
    sheet.set_defaults(run=run_datasheet)


def run_import(options: argparse.Namespace) -> None:
    """Make a cohort of what lies in a folder."""
    mapping = _mapping(options)
    layout = options.layout or layout_of(options.source, mapping)
    if layout in (HEPBURN, NIFTI, DICOM):
        _import_volumes(layout, options, mapping)
    else:
        _import_pictures(layout, options, mapping)


def layout_of(source: Path, mapping: Mapping) -> str:
    """What a folder looks like: by the tables of the mapping file first, then by what lies in it.

    Raises
    ------
    ValueError
        The folder is not there.
    """
    if not source.is_dir():
        raise ValueError(f"there is no folder {source} to import")
    from training.sij_mri.importing import has_mosaics

    looks = {
        NIFTI: mapping.nifti is not None,
        PICTURES: mapping.pictures is not None,
        HEPBURN: (source / "t1w").is_dir(),
        PUBLISHED: (source / PUBLISHED_COORDS).is_file(),
        CURATED: (source / ANNOTATIONS).is_file(),
        MOSAICS: has_mosaics(source),
    }
    return next((layout for layout, so in looks.items() if so), DICOM)


def run_curate(options: argparse.Namespace) -> None:
    """Make pictures in the curated layout of the slices of a cohort of volumes."""
    contrasts = tuple(part.strip() for part in options.contrasts.split(",") if part.strip())
    dropped = curate(
        open_cohort(options.cohort),
        options.out,
        contrasts=contrasts,
        labeling=options.labeling,
        edge_scale=options.edge_scale,
        copies=options.copies,
        seed=options.seed,
    )
    _say_dropped(dropped)
    made = open_cohort(options.out)
    print(
        f"{len(made.items)} pictures of {len(made.patients(item.name for item in made.items))} patients: {options.out}"
    )


def run_split(options: argparse.Namespace) -> None:
    """Deal patients to folds."""
    cohort = open_cohort(options.dataset)
    split = split_cohort(
        cohort,
        name=options.name,
        folds=options.folds,
        stratify=options.stratify,
        with_mask=_mask_to_split_by(options.mask, {mask for item in cohort.items for mask in item.masks}, cohort.kind),
        seed=options.seed,
    )
    path = write_splits(options.dataset, split.folds, name=options.name)
    for number, fold in enumerate(split.folds):
        shown = ", ".join(fold.held_back) if len(fold.held_back) <= 20 else f"{len(fold.held_back)} items"
        print(f"fold {number}: holds back {shown}")
    print(f"{options.name}: {split.how}")
    print(path)


def run_datasheet(options: argparse.Namespace) -> None:
    """Describe a cohort."""
    print(write_datasheet(open_cohort(options.cohort)))


def _mapping(options: argparse.Namespace) -> Mapping:
    mapping = read_mapping(options.mapping) if options.mapping else Mapping()
    said = {"source": options.source_text, "terms": options.terms}
    return mapping.model_copy(update={key: value for key, value in said.items() if value})


def _import_volumes(layout: str, options: argparse.Namespace, mapping: Mapping) -> None:
    from training.sij_mri.importing import import_dicom, import_mapped, import_nifti

    if layout == HEPBURN:
        dataset = import_nifti(options.source, options.out)
    elif layout == NIFTI:
        pseudonyms = site_pseudonyms(options.secret) if mapping.pseudonyms else None
        dataset = import_mapped(options.source, options.out, mapping=mapping, pseudonyms=pseudonyms)
    else:
        pseudonyms = site_pseudonyms(options.secret)
        dataset = import_dicom(options.source, options.out, mapping=mapping, pseudonyms=pseudonyms)
    print(
        f"{len(dataset.entries)} subjects, {len(dataset.labeled())} of them with a region: {options.out / INDEX_FILE}"
    )


def _import_pictures(layout: str, options: argparse.Namespace, mapping: Mapping) -> None:
    unread: list[Dropped] = []
    pictures = _readers()[layout](options.source, mapping, unread)
    made = write_import(
        pictures,
        options.out,
        mapping=mapping,
        pseudonyms=site_pseudonyms(options.secret) if mapping.pseudonyms and layout in (CURATED, PICTURES) else None,
        unread=unread,
        labeling=options.labeling,
        copies=options.copies,
        seed=options.seed,
    )
    _say_dropped(made.dropped)
    print(f"{made.pictures} pictures, {len(made.dropped)} left out: {options.out / ANNOTATIONS}")


def _readers() -> dict[str, Reader]:
    from training.sij_mri.importing import import_mosaics

    return {
        PUBLISHED: lambda source, mapping, unread: import_published(source, unread),
        CURATED: import_curated,
        PICTURES: import_table,
        MOSAICS: import_mosaics,
    }


def _say_dropped(dropped: list[Dropped] | tuple[Dropped, ...]) -> None:
    for one in dropped:
        print(f"left out: {one.what}: {one.reason}")


def _mask_to_split_by(asked: str | None, masks: set[str], kind: str) -> str:
    """Scans without a region teach no region network, so they are not dealt unless that is asked for."""
    if asked is not None:
        return asked
    return "region" if kind == "volumes" and "region" in masks else ""


def _add_import(steps: Steps) -> None:
    parser = steps.add_parser("import", help="make a cohort of NIfTI files, DICOM studies or pictures")
    parser.add_argument("source", type=Path, help="folder; what it looks like decides how it is read")
    parser.add_argument("--out", type=Path, required=True, help="folder of the cohort")
    parser.add_argument("--mapping", type=Path, help="TOML file: contrasts, masks, readers, patients, terms")
    parser.add_argument("--layout", choices=LAYOUTS, help="where the folder could be read in two ways")
    parser.add_argument("--source-text", default="", help="where the data come from, for cards and manifests")
    parser.add_argument("--terms", default="", help="what may be done with the data, for cards and manifests")
    parser.add_argument("--secret", type=Path, help="file of the secret of this site that keys pseudonyms")
    _add_labels(parser, labeling="own")
    parser.set_defaults(run=run_import)


def _add_curate(steps: Steps) -> None:
    parser = steps.add_parser("curate", help="make 256 x 256 pictures of the slices of a cohort of volumes")
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    parser.add_argument("--contrasts", default="t1w,stir", help="images to take, with commas between them")
    parser.add_argument("--edge-scale", type=float, default=1.0, help="density of edges alone: 1, 100 or 255")
    _add_labels(parser, labeling="iteration-2")
    parser.set_defaults(run=run_curate)


def _add_labels(parser: argparse.ArgumentParser, *, labeling: str) -> None:
    parser.add_argument("--labeling", choices=LABELINGS, default=labeling, help="AS status and stage of pictures")
    parser.add_argument("--copies", type=int, default=0, help="augmented copies of each picture; 2 make it threefold")
    parser.add_argument("--seed", type=int, default=0, help="of the copies")


def _add_split(steps: Steps) -> None:
    parser = steps.add_parser("split", help="deal the patients of a cohort to folds")
    parser.add_argument("dataset", type=Path, help="folder of the cohort")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--name", default=BY_PATIENT, help=f"of the split; {PUBLISHED_BY_IMAGE} is that of the paper")
    parser.add_argument("--stratify", default="", help="label whose classes are shared out evenly")
    parser.add_argument("--mask", help="only items with this mask; volumes: region")
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=run_split)
