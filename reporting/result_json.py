"""The summary of a result: what ``summary.json`` holds and the panel shows. It names no patient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.series import Candidate
from inference.sij_mri import STAGES, Analysis
from inference.types import Side, Volume
from reporting.objects.stamp import ResultContext
from reporting.sij_mri.keyslices import choose_key_slices
from reporting.sij_mri.report import RESEARCH_STATEMENT, SIMULATED_STATEMENT, Findings, ascii_text, image_name

if TYPE_CHECKING:
    from reporting.outputs import ResultObject

SCHEMA = 1


def summarise(
    analysis: Analysis,
    findings: Findings,
    context: ResultContext,
    objects: Sequence["ResultObject"],
    *,
    pictures: dict[str, Any],
) -> dict[str, Any]:
    """A summary of plain JSON values.

    Parameters
    ----------
    analysis : Analysis
    findings : Findings
    context : ResultContext
    objects : sequence of ResultObject
    pictures : dict
        Index from :func:`reporting.pictures.layers.make_pictures`.
    """
    model = analysis.model
    return {
        "schema": SCHEMA,
        "status": "result" if analysis.applicable else "not_applicable",
        "research_only": RESEARCH_STATEMENT,
        "study_instance_uid": analysis.study_instance_uid,
        "revision": context.uids.revision,
        "started": context.started.isoformat(),
        "software_version": context.software_version,
        "model": {"name": model.name, "version": model.version, "digest": model.digest},
        "headline": findings.headline,
        "sentences": list(findings.sentences),
        "conclusions": list(findings.conclusions),
        "reasons": [] if analysis.applicable else [ascii_text(analysis.selection.sentence)],
        "limitations": [{"code": item.code, "sentence": item.sentence} for item in analysis.limitations],
        "limits": list(findings.limitations),
        "selection": _selection(analysis),
        "series": {name: _series(volume) for name, volume in _volumes(analysis)},
        "classification": _classification(analysis),
        "volumes": {
            number.key: {"label": number.label, "value": round(number.value, 1), "unit": number.unit}
            for number in findings.numbers
            if number.unit
        },
        "edema": _edema(analysis),
        "asas": _asas(analysis),
        "joints": _joints(analysis),
        "key_slices": list(choose_key_slices(analysis)),
        "objects": [_object(item) for item in objects],
        "timings_s": {name: round(float(value), 3) for name, value in analysis.timings_s.items()},
        "pictures": pictures,
    }


def _volumes(analysis: Analysis) -> list[tuple[str, Volume]]:
    named = (("t1", analysis.t1), ("fluid", analysis.fluid))
    return [(name, volume) for name, volume in named if volume is not None]


def _selection(analysis: Analysis) -> dict[str, Any]:
    return {
        "sentence": analysis.selection.sentence,
        "candidates": [_candidate(item) for item in analysis.selection.candidates],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "series_instance_uid": candidate.series_instance_uid,
        "series_number": candidate.series_number,
        "description": candidate.description,
        "role": str(candidate.role),
        "score": round(float(candidate.score), 1),
        "eligible": candidate.eligible,
        "chosen": candidate.chosen,
        "sentence": candidate.sentence,
        "images": len(candidate.images),
        "evidence": [
            {"criterion": item.criterion, "points": round(float(item.points), 1), "text": item.text}
            for item in candidate.evidence
        ],
    }


def _series(volume: Volume) -> dict[str, Any]:
    slices, rows, columns = volume.shape
    return {
        "series_instance_uid": volume.series_instance_uid,
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "pixel_spacing_mm": [round(float(value), 4) for value in volume.pixel_spacing_mm],
        "slice_spacing_mm": round(float(volume.slice_spacing_mm), 3),
        "warnings": list(volume.warnings),
    }


def _classification(analysis: Analysis) -> dict[str, Any] | None:
    prediction, volume = analysis.prediction, analysis.reference
    if prediction is None or volume is None:
        return None
    return {
        "as_present": bool(prediction.as_present),
        "as_probability": round(float(prediction.as_probability), 4),
        "stage": prediction.stage.value,
        "stage_probabilities": _named(prediction.stage_probabilities),
        "statement": SIMULATED_STATEMENT,
        "slices": [
            {
                "slice": item.slice_index,
                "name": image_name(volume, item.slice_index),
                "as_probability": round(float(item.as_probability), 4),
                "stage_probabilities": _named(item.stage_probabilities),
            }
            for item in prediction.slices
        ],
    }


def _named(probabilities: Sequence[float]) -> dict[str, float]:
    return {stage.value: round(float(value), 4) for stage, value in zip(STAGES, probabilities, strict=True)}


def _edema(analysis: Analysis) -> dict[str, Any] | None:
    edema = analysis.edema
    if edema is None:
        return None
    return {
        "left_mm3": round(float(edema.left_mm3), 1),
        "right_mm3": round(float(edema.right_mm3), 1),
        "threshold": round(float(edema.threshold), 2),
        "normal_mean": round(float(edema.normal_mean), 2),
        "normal_sd": round(float(edema.normal_sd), 2),
    }


def _asas(analysis: Analysis) -> dict[str, Any] | None:
    asas, fluid = analysis.asas, analysis.fluid
    if asas is None or fluid is None:
        return None
    return {
        "positive": bool(asas.positive),
        "left_positive": bool(asas.left_positive),
        "right_positive": bool(asas.right_positive),
        "sentence": asas.sentence,
        "lesions": [
            {"side": side.value, "slice": index, "name": image_name(fluid, index), "area_mm2": round(float(area), 1)}
            for side, index, area in asas.lesions
        ],
    }


def _joints(analysis: Analysis) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side in Side:
        joint = analysis.joint(side)
        if joint is None:
            found[side.value] = None
            continue
        traced = np.isfinite(joint.columns_px).any(axis=1)
        found[side.value] = {
            "slices": [int(index) for index in np.flatnonzero(traced)],
            "visibility": [round(float(value), 2) for value in joint.visibility],
        }
    return found


def _object(item: "ResultObject") -> dict[str, Any]:
    return {
        "kind": item.kind,
        "series_number": int(item.dataset.SeriesNumber),
        "instance_number": int(item.dataset.InstanceNumber),
        "description": item.description,
        "sop_class_uid": item.sop_class_uid,
        "sop_class_name": item.dataset.SOPClassUID.name,
        "sop_instance_uid": item.sop_instance_uid,
        "series_instance_uid": item.series_instance_uid,
    }
