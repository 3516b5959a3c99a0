"""The panel reads what reporting really writes: the two know each other only through the summary and picture names."""

import html
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from inference.result import Analysis, NotAssessable
from inference.types import Side
from panel import old_results
from reporting import outputs
from reporting.objects import ResultContext
from reporting.pictures import make_pictures, prepare
from reporting.result_json import summarize
from reporting.series_words import word_candidate
from reporting.sij_mri.presentation import SacroiliacPresentation
from storage import results, runs
from storage.results import NewPicture, NewResult
from storage.tables import ResultStatus
from tests.factories import summaries
from tests.factories.analysis import STARTED, headers_of, make_analysis, not_applicable
from tests.factories.foreign import ForeignPresentation, make_lumbar
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
        model_name=analysis.bundle.name,
        summary=made.summary,
        pictures=pictures,
    )
    result_id = results.save(place.database, claimed, result, destinations=(), now=now)
    assert result_id is not None
    return study_id, result_id


SACROILIAC = SacroiliacPresentation()


def made_of(analysis: Analysis, headers: Any) -> outputs.Outputs:
    """What reporting makes of a sacroiliac analysis."""
    return outputs.build(
        analysis, headers, presentation=SACROILIAC, revision=1, software_version="0.1.0", started=STARTED
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, Analysis, int, int]:
    """A logged-in browser on a node with the result of a made-up study."""
    place = make_place(tmp_path_factory.mktemp("node"))
    analysis = make_analysis(tmp_path_factory.mktemp("study"))
    client = make_client(place)
    log_in(client)
    return client, analysis, *save(place, analysis, made_of(analysis, headers_of(analysis)))


def test_the_page_shows_the_numbers_of_the_analysis(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, analysis, study_id, _ = shown
    page = html.unescape(client.get(f"/studies/{study_id}").text)
    assert '<span class="right state warn">Early</span>' in page and "0.78" in page
    order = [page.index(words) for words in ("<h2>Result</h2>", "<h2>ASAS/OMERACT", "<h2>Measurements", "<h2>AI class")]
    assert order == sorted(order) and page.index("<h2>AI class") < page.index("<h2>Stage"), "evidence, class, stage"
    slices = page.partition('id="slices"')[2].partition("</section>")[0]
    profile = analysis.profile("axspa")
    assert profile is not None
    assert slices.count('data-goto="') == sum(value == value for value in profile.values)
    left = analysis.evaluation("asas", Side.LEFT)
    assert left is not None
    card = page.partition("<h2>ASAS/OMERACT rule for active sacroiliitis</h2>")[2].partition("</section>")[0]
    assert card.count('data-in="fluid"') == len({place.plane for place in left.at}) == 2
    for measurement in analysis.measurements:
        assert not isinstance(measurement.value, NotAssessable)
        assert SACROILIAC.terms.measurements[measurement.key].show(measurement.value) in page
    for sentence in SACROILIAC.report(analysis).findings:
        assert sentence in page
    for candidate in analysis.selection.candidates:
        assert word_candidate(SACROILIAC.terms, candidate, analysis.selection) in page
    assert "simulated lesions" in page and "Sacroiliac joint MRI" in page


def test_the_viewer_finds_every_layer(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, analysis, study_id, result_id = shown
    viewer = client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()
    t1, fluid = viewer["panes"]["t1"], viewer["panes"]["fluid"]
    assert [t1["count"], fluid["count"]] == [images.shape[0] for images in analysis.images]
    assert set(t1["layers"]) >= {"base", "region", "joints", "heat", "gradcam"}
    assert set(fluid["layers"]) >= {"base", "edema"}
    assert all(address for address in t1["layers"]["base"]), "every slice has its picture"
    left_joint = analysis.segment("joint", Side.LEFT)
    edema = [analysis.segment("edema", side) for side in Side]
    assert left_joint is not None
    for index in range(t1["count"]):
        assert bool(t1["layers"]["joints"][index]) >= bool(left_joint.mask[index].any())
    for index in range(fluid["count"]):
        found = any(one is not None and one.mask[index].any() for one in edema)
        assert bool(fluid["layers"]["edema"][index]) == bool(found)
    assert t1["letters"] == (["R", "L"] if analysis.images[0].volume.row_direction[0] > 0 else ["L", "R"])
    assert client.get(t1["layers"]["heat"][t1["first"]]).status_code == 200
    assert viewer["reference"] == "t1" and any(viewer["marks"])
    page = client.get(f"/studies/{study_id}").text
    assert page.count("data-layer=") == 3 and page.count("data-heat>") == 1, "region, joints, edema; one for the heat"


def test_the_list_shows_evidence_class_and_stage(shown: tuple[TestClient, Analysis, int, int]) -> None:
    client, _, _, _ = shown
    page = client.get("/studies").text
    assert '<span class="graded grade-3">ASAS rule met</span>' in page
    line = page.partition("ASAS rule met</span>")[2].partition("</td>")[0]
    places = [line.index(words) for words in (" ml", "ASAS rule: met", "AI class (AS yes/no): pattern", "Stage: Early")]
    assert places == sorted(places)


def test_a_study_that_does_not_apply_gives_its_reason(tmp_path: Path) -> None:
    for name in ("node", "study"):
        (tmp_path / name).mkdir()
    place = make_place(tmp_path / "node")
    analysis, headers = not_applicable(tmp_path / "study")
    made = made_of(analysis, headers)
    study_id, _ = save(place, analysis, made)
    client = make_client(place)
    log_in(client)
    page = client.get(f"/studies/{study_id}").text
    assert made.summary["reasons"][0] in html.unescape(page) and "not applicable" in page
    place.database.dispose()


def test_without_a_fluid_series_the_page_says_why_and_not_absent(tmp_path: Path) -> None:
    for name in ("node", "study"):
        (tmp_path / name).mkdir()
    place = make_place(tmp_path / "node")
    analysis = make_analysis(tmp_path / "study", with_fluid=False)
    study_id, _ = save(place, analysis, made_of(analysis, headers_of(analysis)))
    client = make_client(place)
    log_in(client)
    page = html.unescape(client.get(f"/studies/{study_id}").text)
    card = page.partition("<h2>ASAS/OMERACT rule for active sacroiliitis</h2>")[2].partition("</section>")[0]
    assert "Not assessable: The study has no fluid-sensitive series" in card and ">not met<" not in card
    assert page.count("<li>Not assessable: The study has no fluid-sensitive series") == 1
    place.database.dispose()


def lumbar_summary() -> dict[str, Any]:
    """The JSON of an application that is not sacroiliac."""
    lumbar, presentation = make_lumbar(), ForeignPresentation()
    context = cast(ResultContext, SimpleNamespace(revision=1, started=STARTED, software_version="0.1.0"))
    _, index = make_pictures(lumbar, presentation, prepare(lumbar))
    return summarize(lumbar, presentation, presentation.report(lumbar), context, (), pictures=index)


def test_another_application_is_shown_by_its_own_words(tmp_path: Path) -> None:
    place, summary = make_place(tmp_path), lumbar_summary()
    study_id, result_id = save(place, make_lumbar(), outputs.Outputs((), (), summary))
    client = make_client(place)
    log_in(client)
    page = html.unescape(client.get(f"/studies/{study_id}").text)
    for words in (
        "Lumbar spine, a trial", "Narrowing", "moderate", "0.50", "Slip", "not seen", "Learned from twelve studies.",
        "not assessable: The sagittal T2 series is too dark (12).", "Cyst, L4/L5", "640 mm3",
        "Lordosis: not assessable: No axial series was sent.",
    ):  # fmt: skip
        assert words in page, words
    viewer = client.get(f"/studies/{study_id}/results/{result_id}/viewer").json()
    assert viewer["reference"] == "sagittal"
    assert [row["words"] for row in viewer["strip"]] == ["Narrow 0.30", "Narrow 0.10"]
    place.database.dispose()


def shape(value: Any) -> Any:
    """The keys of JSON, without its values; of a list those of all its items."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        found: dict[str, Any] = {}
        for item in value:
            found |= shape(item) or {}
        return found
    return None


def test_the_tests_results_have_the_shape_of_real_ones(tmp_path: Path) -> None:
    """What the panel's tests are fed holds no key that reporting does not write."""
    analysis = make_analysis(tmp_path)
    real = made_of(analysis, headers_of(analysis)).summary
    fed = summaries.sacroiliac("Early", 9, set(), "Headline.")
    assert set(fed) <= set(real)
    for key in ("application", "said", "profiles"):
        assert set(shape(fed[key])) <= set(shape(real[key])), key
    for name, pane in fed["pictures"].items():
        assert set(pane) <= set(real["pictures"][name])
        for layer, legend in pane["legend"].items():
            assert set(legend) <= set(real["pictures"][name]["legend"][layer])
    old = old_results.read(summaries.schema_1("Early", 9, set(), "Headline."))
    for key in ("said", "profiles"):
        assert set(shape(old[key])) <= set(shape(real[key])), key
