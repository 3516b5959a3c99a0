"""OHIF in a real browser: what it draws of our objects. And dcmjs, by which it reads them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.chromium import Browser
from tests.factories.analysis import make_analysis, write_results
from tests.ohif import origin
from tests.ohif.content import outlines_of, without_outlines
from tests.ohif.hospital import Hospital, another, hospital
from tests.ohif.judge import outlines_are_drawn, picture_is_shown, segments_are_colored, text_is_whole
from tests.ohif.study import Study
from tests.programs import Need

NARROW, USUAL = 520, 1280


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study and the objects that the gate let pass."""
    folder = tmp_path_factory.mktemp("study")
    made = write_results(make_analysis(folder), folder / "results")
    return Study.of_files(folder.glob("*.dcm"), made)


@pytest.fixture(scope="module")
def house(
    study: Study, tmp_path_factory: pytest.TempPathFactory, need_package: Callable[[str], Path], need_program: Need
) -> Iterator[Hospital]:
    with hospital(tmp_path_factory.mktemp("hospital"), need_package("ohif"), need_program) as running:
        running.store(study.files.values())
        yield running


def open_series(house: Hospital, study: Study, kind: str) -> Dataset:
    """Open a series of the study, however the viewer was left; its first object."""
    house.viewer.open_study(study.uid, study.series)
    dataset = study.only(kind)
    house.viewer.open_series(dataset.SeriesNumber)
    return dataset


def test_the_series_stand_in_the_order_in_which_they_are_read(house: Hospital, study: Study) -> None:
    """Images by series number, so that the heatmaps stand before the reports; these go by their time."""
    listed = [study.numbers.get(one.number, "source") for one in house.viewer.open_study(study.uid, study.series)]
    assert listed[:-2] == ["source", "source", "sc-summary", "sc-heat", "sr-text", "sr-edema", "sr-joints"]
    assert sorted(listed[-2:]) == ["seg-edema", "seg-joints"], "without a date they stand last, in any order"


@pytest.mark.parametrize("kind", ["sr-edema", "sr-joints"])
def test_a_report_draws_its_outlines_on_the_image_that_it_names(house: Hospital, study: Study, kind: str) -> None:
    report = open_series(house, study, kind)
    outlines = outlines_of(report)
    first = study.images[outlines[0].image].InstanceNumber
    shown = house.viewer.wait_for("drawn", that=lambda one: outlines_are_drawn(one, report, study.images))
    assert shown.instance == first, "it opens on the image of its first outline"
    assert any(line.startswith("Area: ") for label in shown.labels for line in label)
    assert any(line.startswith("Volume: ") for label in shown.labels for line in label)
    named = {int(study.images[one.image].InstanceNumber) for one in outlines}
    house.viewer.walk(lambda one: outlines_are_drawn(one, report, study.images), named)


@pytest.mark.parametrize("kind", ["seg-edema", "seg-joints"])
def test_a_segmentation_is_loaded_where_its_mask_lies(house: Hospital, study: Study, kind: str) -> None:
    segmentation = open_series(house, study, kind)
    house.viewer.agree()
    house.viewer.wait_for("colored", that=lambda one: segments_are_colored(one, segmentation, study.images))


@pytest.mark.parametrize("kind", ["sc-summary", "sc-heat"])
def test_a_picture_is_shown_as_it_was_made(house: Hospital, study: Study, kind: str) -> None:
    open_series(house, study, kind)
    house.viewer.wait_for("colored", that=lambda one: picture_is_shown(one, study.results[kind]))


def test_the_player_covers_nothing_of_the_summary_but_its_banner(house: Hospital, study: Study) -> None:
    """The viewer lays it over the picture; below the banner's line there is nothing where it lies."""
    picture = open_series(house, study, "sc-summary").pixel_array
    house.viewer.wait_for("colored", that=lambda one: picture_is_shown(one, study.results["sc-summary"]))
    top, height, covered = house.viewer.browser.run(
        "(([canvas, cross]) => [canvas.top, canvas.height, cross.bottom])"
        "(['canvas.cornerstone-canvas', '[data-cy=cine-player-close]']"
        ".map(one => document.querySelector(one).getBoundingClientRect()))"
    )
    lowest = round((covered - top) / height * len(picture))
    banner = round(0.08 * len(picture)) + 2
    assert lowest > banner, "it reaches below the banner"
    assert np.ptp(picture[banner:lowest].astype(int), axis=(0, 1)).max() == 0
    assert np.ptp(picture[banner : lowest + 40].astype(int), axis=(0, 1)).max() > 0, (
        "the heads of the columns come next"
    )


def test_the_text_is_shown_whole(house: Hospital, study: Study) -> None:
    report = open_series(house, study, "sr-text")
    house.viewer.wait_for("text", that=lambda one: text_is_whole(one, report))
    house.viewer.browser.resize(NARROW, 800)
    try:
        house.viewer.wait_for("text", that=lambda one: bool(one.cut) and not text_is_whole(one, report))
    finally:
        house.viewer.browser.resize(USUAL, 800)


def test_what_has_lost_its_outlines_is_black(house: Hospital, study: Study) -> None:
    """The harness sees what the viewer does not say: it writes no error on the page."""
    robbed = without_outlines(study.only("sr-edema"))
    fluid = [one for one in study.images.values() if one.SeriesNumber == 3]
    house.store_as_another([*fluid, robbed], "robbed")
    house.viewer.open_study(another(study.uid, "robbed"), 2)
    house.viewer.open_series(robbed.SeriesNumber)
    with pytest.raises(AssertionError, match="the viewport is black"):
        house.viewer.wait_for("drawn")
    house.viewer.open_series(fluid[0].SeriesNumber)
    house.viewer.wait_for("gray")


@pytest.fixture(scope="module")
def dcmjs(study: Study, browser: Browser, need_package: Callable[[str], Path]) -> Iterator[Callable[[Dataset], dict]]:
    """A function that lets dcmjs read an object and gives what it found: names for attributes, as JSON."""
    reader = """
      (async path => {
        const file = dcmjs.data.DicomMessage.readFile(await (await fetch(path)).arrayBuffer());
        const dataset = dcmjs.data.DicomMetaDictionary.naturalizeDataset(file.dict);
        const bits = dataset.PixelData && new Uint8Array([dataset.PixelData].flat()[0]);
        const frames = bits && dcmjs.data.BitArray.unpack(bits);
        const size = dataset.Rows * dataset.Columns;
        dataset.counted = frames && Array.from({length: dataset.NumberOfFrames}, (_, frame) =>
          frames.subarray(frame * size, (frame + 1) * size).reduce((sum, one) => sum + (one ? 1 : 0), 0));
        delete dataset.PixelData;
        return JSON.stringify(dataset);
      })
    """
    load = """new Promise((loaded, failed) => {
      const script = Object.assign(document.createElement('script'), {src: '/dcmjs/dcmjs.js'});
      [script.onload, script.onerror] = [loaded, failed];
      document.head.append(script);
    }).then(() => true)"""
    results = study.files[str(study.only("sr-text").SOPInstanceUID)].parent
    with origin.served(origin.folders({"dcmjs": need_package("dcmjs"), "results": results})) as address:
        browser.events.clear()
        browser.open(address)
        assert browser.run(load)

        def read(dataset: Dataset) -> dict:
            path = f"/results/{study.files[str(dataset.SOPInstanceUID)].name}"
            return dict(json.loads(browser.run(f"({reader})({json.dumps(path)})")))

        yield read
        complaints = [one for one in browser.events if one["method"] == "Runtime.consoleAPICalled"]
        assert browser.problems() == complaints == [], "it reads without a word"
        browser.leave()


def items(dataset: dict) -> Iterator[dict]:
    """Every item of a content tree as dcmjs gives it; of a sequence of one it gives the item or a list of it."""
    for item in as_list(dataset.get("ContentSequence", [])):
        yield item
        yield from items(item)


def as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("kind", ["seg-edema", "seg-joints"])
def test_dcmjs_reads_segments_and_their_pixels(dcmjs: Callable[[Dataset], dict], study: Study, kind: str) -> None:
    segmentation = study.only(kind)
    read = dcmjs(segmentation)
    assert [
        (one["SegmentNumber"], one["SegmentLabel"], one["TrackingUID"]) for one in as_list(read["SegmentSequence"])
    ] == [(one.SegmentNumber, one.SegmentLabel, one.TrackingUID) for one in segmentation.SegmentSequence]
    assert read["counted"] == [int(frame.sum()) for frame in segmentation.pixel_array]
    assert min(read["counted"]) > 0


@pytest.mark.parametrize("kind", ["sr-edema", "sr-joints"])
def test_dcmjs_reads_what_ties_outlines_to_segments(dcmjs: Callable[[Dataset], dict], study: Study, kind: str) -> None:
    read = dcmjs(study.only(kind))
    tracked = {
        item["UID"] for item in items(read) if as_list(item["ConceptNameCodeSequence"])[0]["CodeValue"] == "112040"
    }
    segments = study.only(kind.replace("sr-", "seg-")).SegmentSequence
    assert tracked >= {str(one.TrackingUID) for one in segments}
    drawn = [as_list(item["GraphicData"]) for item in items(read) if item["ValueType"] == "SCOORD"]
    assert len(drawn) >= 2 and all(len(points) >= 14 for points in drawn)
