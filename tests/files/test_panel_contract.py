"""The panel reads what reporting really writes: the two know each other only through the summary and picture names."""

import html
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from inference.sij_mri.types import Analysis
from inference.types import Side
from reporting import outputs
from storage import results, runs
from storage.results import NewPicture, NewResult
from storage.tables import ResultStatus
from tests.factories.analysis import STARTED, headers_of, make_analysis, not_applicable
from tests.factories.panel import Place, complete, make_place, receive
from tests.factories.panel_pages import log_in, make_client


def save(place: Place, analysis: Analysis, made: outputs.Outputs) -> tuple[int, int]:
    """Save real outputs as the node does; numbers of the study and its result."""
    now = datetime.now(UTC)
    study_id = receive(place, 1, name="A^B", at=now, images=1)
    claimed: runs.ClaimedRun = complete(place, study_id, images=1, at=now)
    pictures = []
    for picture in made.pictures:
        suffix = Path(picture.name).suffix
        stored = place.objects.put("pictures", "1", name=picture.name, content=[picture.data], suffix=suffix)
        pictures.append(NewPicture(picture.name, picture.media_type, stored))
    result = NewResult(
        status=ResultStatus.COMPLETE if analysis.applicable else ResultStatus.NOT_APPLICABLE,
        headline=made.summary["headline"],
        started_at=now,
        finished_at=now,
        model_name=analysis.model.name,
        summary=made.summary,
        pictures=pictures,
    )
    result_id = results.save(place.database, claimed, result, destinations=(), now=now)
    assert result_id is not None
    return study_id, result_id


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, Analysis, int, int]:
    """A logged-in browser on a node with the result of a made-up study."""
    place = make_place(tmp_path_factory.mktemp("node"))
    analysis = make_analysis(tmp_path_factory.mktemp("study"))
    made = outputs.build(analysis, revision=1, software_version="0.1.0", started=STARTED, headers=headers_of(analysis))
    client = make_client(place)
    log_in(client)
    return client, analysis, *save(place, analysis, made)


def test_the_page_shows_the_numbers_of_the_analysis(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, analysis, study_id, _ = shown
    page = html.unescape(client.get(f"/studies/{study_id}").text)
    assert analysis.prediction is not None and analysis.edema is not None and analysis.asas is not None
    assert f'class="stage-{analysis.prediction.stage.lower()}"' in page
    assert page.count('data-goto="') == len(analysis.prediction.slices)
    assert page.count('data-goto-fluid="') == len({(side, index) for side, index, _ in analysis.asas.lesions})
    assert analysis.asas.sentence in page
    assert "Bone marrow oedema" in page and "Joint region" in page and "Bone region" in page
    for volume_mm3 in (analysis.edema.left_mm3, analysis.edema.right_mm3):
        assert f"{volume_mm3 / 1000:.2f} ml" in page
    for candidate in analysis.selection.candidates:
        assert candidate.sentence in page
    assert "simulated lesions" in page


def test_the_viewer_finds_every_layer(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, analysis, study_id, result_id = shown
    viewer = client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()
    assert analysis.t1 is not None and analysis.fluid is not None and analysis.edema is not None
    t1, fluid = viewer["panes"]["t1"], viewer["panes"]["fluid"]
    assert (t1["count"], fluid["count"]) == (analysis.t1.shape[0], analysis.fluid.shape[0])
    assert set(t1["layers"]) >= {"base", "region", "joints", "heat", "gradcam"}
    assert set(fluid["layers"]) >= {"base", "edema"}
    assert all(address for address in t1["layers"]["base"]), "every slice has its picture"
    left_joint = analysis.joint(Side.LEFT)
    assert left_joint is not None
    for index in range(t1["count"]):
        assert bool(t1["layers"]["joints"][index]) >= bool(left_joint.band[index].any())
    for index in range(fluid["count"]):
        found = analysis.edema.left[index].any() or analysis.edema.right[index].any()
        assert bool(fluid["layers"]["edema"][index]) == bool(found)
    assert t1["letters"] == (["R", "L"] if analysis.t1.left_is_high_column else ["L", "R"])
    assert client.get(t1["layers"]["heat"][t1["first"]]).status_code == 200


def test_the_list_shows_the_stage(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, analysis, _, _ = shown
    assert analysis.prediction is not None
    page = client.get("/studies").text
    assert f'class="stage stage-{analysis.prediction.stage.lower()}"' in page and "ASAS rule met" in page


def test_a_study_that_does_not_apply_gives_its_reason(tmp_path: Path) -> None:
    for name in ("node", "study"):
        (tmp_path / name).mkdir()
    place = make_place(tmp_path / "node")
    analysis, headers = not_applicable(tmp_path / "study")
    made = outputs.build(analysis, revision=1, software_version="0.1.0", started=STARTED, headers=headers)
    study_id, _ = save(place, analysis, made)
    client = make_client(place)
    log_in(client)
    page = client.get(f"/studies/{study_id}").text
    assert made.summary["reasons"][0] in page and "not applicable" in page
    place.database.dispose()
