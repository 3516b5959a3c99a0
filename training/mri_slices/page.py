"""The page of the published framework: facts, and the table as its rows came out; with pictures beside the rows."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from training.data import PUBLISHED_BY_IMAGE, Cohort
from training.mri_slices.figures import (
    Judged,
    Share,
    judge_box,
    judge_mean_region,
    judge_row,
    judge_without_network,
    size_of,
)
from training.mri_slices.pictures import draw_pictures
from training.mri_slices.recipes import RECIPES, Recipe
from training.mri_slices.slices import Slices, load_slices
from training.mri_slices.table import SPLITS, finished, split_of

PUBLISHED = {
    "Simple CNN": "0.9667 / 0.8222 / 0.00",
    "U-Net, drawn box": "IoU 0.5652, pixels 0.8935",
    "Hybrid v1": "0.5444 / 0.4944 / -",
    "Hybrid v2": "0.5222 / 0.5778 / -",
}
"""As the paper states them: AS, stage, recall of Early; or IoU and pixels."""

SHOWN_PX = 128
WORDS = {PUBLISHED_BY_IMAGE: "split by image, as published", "by-patient": "split by patient"}

HEAD = """# The published framework

RESEARCH ONLY. This page is written by `axspa-train published`; every figure of our own on it comes from the
rows that the command made.

## What it is

A published framework reads single MR slices in five models: an attention U-Net for a region, its best
checkpoint, a small CNN and two hybrids with EfficientNetB0 for the class AS and a stage. They are here as
architectures of the registry (`published_unet`, `simple_cnn`, `hybrid_v1`, `hybrid_v2`), with the published
numbers of parameters, 7,869,572, 16,870,790, 16,197,551 and 4,838,319, and as the application `mri_slices`.

## What its figures are worth

- **Its labels are brightness.** Nobody labeled its images: the class and the stage are cut from 0.3 (0.4 mean +
  0.6 mean of the lower half) + 0.4 spread + 0.3 edge density of the very image that the network then reads. An
  accuracy of 96.67 % says that a network can compute a mean. The logistic regression below computes it from
  those four figures.
- **Its masks are one drawn box** (rows 0.4 to 0.8, columns 0.3 to 0.7), the same in each image.
- **Its split is by image**: slices of one patient lie on both sides.
- One of its four sources is CT, so that brightness tells the kind of scanner in part. Here all slices are MR.
- Its hybrids have a frozen backbone; as published the input, 0 to 1, is divided by 255 once more inside
  EfficientNetB0, and attention gets one token, so that it has nothing to attend to.

So `mri_slices` runs on a node as shadow or trial and never as the primary deployment, and all that it says is
worded as what a published model says.
"""
CLINICAL = """## Run it

Over a study, and over a folder of PNG and JPEG pictures:

```sh
.venv/bin/axspa-node process STUDY --out results --application mri_slices --bundle mri-slices-demo
.venv/bin/axspa-node pictures FOLDER --out results --bundle mri-slices-demo
```

The latter writes a page of each picture with the models side by side (mask in red at 0.3, Grad-CAM and focused
Grad-CAM in JET at 0.4 as published, beside them the same in colors whose lightness rises evenly), `answers.csv`
and `summary.json`. The focus is the region that a U-Net of the bundle marks in that slice, and the published box
(rows 0.5 to 0.9, columns 0.3 to 0.7) where it marks none. Of a study the series with most slices is read, and an
answer is the mean over its slices. On a node:

```toml
[[deployments]]
application = "mri_slices"
bundle = "mri-slices-demo"
purpose = "trial"
```

`mri-slices-demo` ships for demo and tests: narrow models that learned phantoms alone and were judged on phantoms
that they have not seen (its card holds the figures), made by

```sh
.venv/bin/axspa-train simulate phantoms --count 16 --out runs/phantoms
.venv/bin/axspa-train curate runs/phantoms --out runs/phantom-pictures
.venv/bin/axspa-train published --cohort runs/phantom-pictures --out runs/demo --width 0.125 --size 64 --epochs 20 \\
    --split by-patient --only "Simple CNN, focal, balanced" --only "U-Net, region, Dice and cross-entropy" \\
    --only "Hybrid v2, all layers learn" --only "Hybrid v1, all layers learn, tokens of the map" \\
    --bundle inference/bundles/mri-slices-demo --version 1.1.0
```

## Options

`channels` (2.5D), `depth` (3D, Simple CNN), `tokens = "map"`, `unfreeze` (how many of the last layers learn;
`"all"`: every one), `scale` (255: what EfficientNetB0 expects), `weights` (a file), and `clinical` (HLA-B27,
CRP, age, sex, each of which may be missing) are options of the builders. The node loads models of pictures
alone: a model with clinical values is for training and judging. SMOTE is not among the answers to the rare
stage: it mixes images pixel by pixel, which gives slices of no patient; classes are weighed instead, and the
focal loss makes little of what is sure.

The recipes are plans of the frame too (`training/plans`: `published-*`, `simple-cnn-early`, `hybrid-v1-map`), for
`axspa-train train`. The table has a trainer of its own, which differs from a [run](training.md#runs):

- It makes all rows on both splits, at one share of the published width and one size, with a page and a bundle; a
  run is one plan on one fold.
- Its validation is an eighth of the slices, by patient a quarter of the patients; a plan states its share.
- It keeps settings, curves, the last and the best network and what both say of the slices that are held back; a
  run keeps the commit, the cohort's digest, a log and events for TensorBoard too, and counts its evaluations.
- A row that was cut off goes on from its last epoch with weights and moments, but patience and the best epoch
  begin anew, and its curves; a run goes on as if it had not been cut off.

So figures of a row and of a run by the same recipe need not be equal. `compare` and `report` read runs alone.

Weights of ImageNet are in no package that can be installed here, so `weights` takes a file, and without one the
hybrids start from random numbers: frozen, as published, they then read random features.

## Make it again

```sh
.venv/bin/axspa-train import BONE_MRI --out runs/dataset
.venv/bin/axspa-train curate runs/dataset --out runs/pictures
.venv/bin/axspa-train published --cohort runs/pictures --out runs/published --page docs/published-framework.md
```

A row that is there is not made again; `--only ROW` makes one, `--width 1` the full width, `--size 256` the
published size. Pictures of random slices, confusion matrices and curves lie in `runs/published/pictures`.
"""


def write_page(cohort: Cohort, out: Path, page: Path) -> Path:
    """Write the page of the rows that are there, and their pictures into ``out/pictures``.

    Parameters
    ----------
    cohort : Cohort
        That the rows were made of.
    out : Path
        Folder of the rows.
    page : Path

    Returns
    -------
    Path
        `page`.
    """
    slices = load_slices(cohort, size_px=SHOWN_PX)
    of_size = cache(lambda size_px: load_slices(cohort, size_px=size_px))
    judged = {
        (name, recipe.name): judge_row(recipe, folder, of_size(size_of(folder)))
        for name, recipe, folder in finished(out)
    }
    draw_pictures(slices, judged, out / "pictures")
    parts = [HEAD, *_table(cohort, slices, judged), CLINICAL]
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def _table(cohort: Cohort, slices: Slices, judged: dict[tuple[str, str], Judged]) -> Iterator[str]:
    yield "## The table\n"
    yield (
        f"{len(slices.names)} slices of {len(set(slices.patients.tolist()))} patients ({cohort.source}; not part of "
        "this repository), labeled by the published second iteration: "
        f"{int(slices.status.sum())} positive. Somebody drew a region for {int(slices.drawn.sum())} of them. In "
        "brackets the 95 % bootstrap interval over patients. Patience and plateau look at an eighth (by patient: at "
        "some patients) of what is learned from. Judged is the last network, as published; of rows with an improvement "
        f"the best by its validation. {_looks(judged)}\n"
    )
    for name in SPLITS:
        fold = split_of(cohort, name)
        yield f"### {WORDS[name][:1].upper()}{WORDS[name][1:]}: class and stage\n"
        yield "| model | AS | stage | recall of Early | published: AS / stage / Early | how |"
        yield "|---|---|---|---|---|---|"
        rows = [_class_row(recipe, judged.get((name, recipe.name))) for recipe in RECIPES if recipe.target == "class"]
        rows += [_plain_row(word, one) for word, one in judge_without_network(slices, fold).items()]
        yield "\n".join(rows)
        yield f"\n### {WORDS[name][:1].upper()}{WORDS[name][1:]}: masks\n"
        yield "| model | IoU | IoU of the best checkpoint | right pixels | published | how |"
        yield "|---|---|---|---|---|---|"
        rows = [_mask_row(recipe, judged.get((name, recipe.name))) for recipe in RECIPES if recipe.target != "class"]
        box = judge_box(slices, fold)
        rows.append(f"| The drawn box against the region, no network | {_show(box.iou)} | | | | {_judged(box)} |")
        mean = judge_mean_region(slices, fold)
        shown = f"{_show(mean.iou)} | | {_show(mean.pixels)}"
        rows.append(f"| The mean region as one mask for all slices, no network | {shown} | | {_judged(mean)} |")
        yield "\n".join(rows) + "\n"
    yield from _confusions(judged)
    missing = [
        f"{recipe.name}, {WORDS[name]}" for name in SPLITS for recipe in RECIPES if (name, recipe.name) not in judged
    ]
    if missing:
        yield f"**Not finished:** {'; '.join(missing)}.\n"


def _looks(judged: dict[tuple[str, str], Judged]) -> str:
    """How often the slices that are judged on were looked at, as the rows keep it."""
    again = [
        f"{name} ({WORDS[split]}), of which the {before.network} network was judged first "
        f"({' / '.join(_plain(share) for share in (before.status, before.stage, before.early))}: AS, stage, recall of "
        f"Early), then the {one.network} one"
        for (split, name), one in judged.items()
        for before in one.earlier
    ]
    once = "The slices that are judged on were looked at once for each row, in the end"
    return f"{once}, but for {'; '.join(again)}: its figures are a choice after a look." if again else f"{once}."


def _plain(share: Share | None) -> str:
    return "-" if share is None else f"{share.value:.4f}"


def _class_row(recipe: Recipe, one: Judged | None) -> str:
    published = PUBLISHED.get(recipe.name, "")
    if one is None:
        return f"| {recipe.name} | not finished | | | {published} | |"
    figures = " | ".join(map(_show, (one.status, one.stage, one.early)))
    return f"| {recipe.name} | {figures} | {published} | {_how(one)} |"


def _plain_row(name: str, one: Judged) -> str:
    return f"| {name}, no network | {' | '.join(map(_show, (one.status, one.stage, one.early)))} | | {_judged(one)} |"


def _mask_row(recipe: Recipe, one: Judged | None) -> str:
    published = PUBLISHED.get(recipe.name, "")
    if one is None:
        return f"| {recipe.name} | not finished | | | {published} | |"
    return (
        f"| {recipe.name} | {' | '.join(map(_show, (one.iou, one.iou_best, one.pixels)))} | {published} | {_how(one)} |"
    )


def _show(share: Share | None) -> str:
    return "-" if share is None else str(share)


def _judged(one: Judged) -> str:
    return f"{one.slices} slices of {one.patients} patients"


def _how(one: Judged) -> str:
    row = one.row
    size = row["config"]["size_px"]
    return (
        f"{_judged(one)}; {row['width']:g} of the width, {size} by {size}, {row['parameters']:,} parameters, "
        f"{row['epochs']} of {row['epochs of the recipe']} epochs"
    )


def _confusions(judged: dict[tuple[str, str], Judged]) -> Iterator[str]:
    found = [(key, one) for key, one in judged.items() if one.confusion is not None]
    if not found:
        return
    yield "### Stages said (columns) of each labeled stage (rows)\n"
    for (split, name), one in found:
        yield f"{name}, {WORDS[split]}:\n"
        yield _matrix(one.confusion.tolist() if one.confusion is not None else [])


def _matrix(rows: Sequence[Sequence[int]]) -> str:
    names = ("Normal", "Early", "Moderate", "Advanced")
    lines = [f"| | {' | '.join(names)} |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {' | '.join(map(str, row))} |" for name, row in zip(names, rows, strict=True)]
    return "\n".join(lines) + "\n"
