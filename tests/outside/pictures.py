"""Pictures of what is no sacroiliac joint, and studies with a part missing or turned, each from the shipped study."""

import numpy as np

from tests.outside.inputs import (
    FLUID,
    T1,
    Images,
    Inputs,
    Pixels,
    middle,
    painted,
    pixels,
    places,
    put,
    rolled,
    told,
    uid,
)

OTHER_LESIONS = 470  # stored values of the shipped STIR; marrow is 408 +/- 49, edema begins at 506
Shape = tuple[float, float, float]


def of(images: Images, number: int) -> Images:
    """The images of one series."""
    return [one for one in images if int(one.SeriesNumber) == number]


def _ball(at: Pixels, radii: Shape) -> Pixels:
    return np.asarray(np.sqrt(((at / np.array(radii)) ** 2).sum(-1)))


def _head(at: Pixels, tissues: tuple[float, ...]) -> Pixels:
    """Scalp, skull, gray and white matter, fluid."""
    scalp, skull, gray, white, fluid = tissues
    outer = _ball(at, (72, 88, 80))
    values = np.full(outer.shape, 15.0)
    for edge, value in ((1.0, scalp), (0.93, skull), (0.86, gray)):
        values[outer < edge] = value
    values[_ball(at, (45, 55, 50)) < 1] = white
    ventricles = _ball(np.stack([np.abs(at[..., 0]) - 14, at[..., 1], at[..., 2]], -1), (8, 40, 18)) < 1
    values[ventricles | ((np.abs(at[..., 0]) < 1.5) & (outer < 0.84))] = fluid
    return values


def brain(inputs: Inputs) -> Images:
    """A head under the headers of sacroiliac series."""
    images = inputs.shipped(T1, FLUID)
    painted(of(images, T1), lambda at: _head(at, (1500, 120, 650, 900, 180)))
    painted(of(images, FLUID), lambda at: _head(at, (150, 40, 700, 500, 2500)))
    return images


def noise(inputs: Inputs) -> Images:
    """Noise under the headers of sacroiliac series."""
    random = np.random.default_rng(3)
    images = inputs.shipped(T1, FLUID)
    for image in images:
        put(image, np.abs(random.normal(800, 400, (image.Rows, image.Columns))))
    return images


def _thighs(at: Pixels) -> Pixels:
    values = np.full(at.shape[:-1], 12.0)
    for side in (-1, 1):
        across, back = at[..., 0] - side * 60, at[..., 1]
        leg, bone = np.hypot(across / 45, back / 60), np.hypot(across, back)
        values[leg < 1], values[leg < 0.8] = 900, 350
        values[bone < 18], values[bone < 15] = 60, 1000
    return values


def thighs(inputs: Inputs) -> Images:
    """Both thighs on truly coronal T1 and STIR images whose headers name no part of the body."""
    images = inputs.shipped(T1, FLUID)
    for number, name in ((T1, "t1_tse_cor"), (FLUID, "t2_tirm_cor")):
        series = of(images, number)
        told(series, BodyPartExamined=None, SeriesDescription=name, ProtocolName=name, StudyDescription="MR")
        center = middle(series)
        for plane, image in enumerate(series):
            half = [float(image.PixelSpacing[1]) * image.Columns / 2, float(image.PixelSpacing[0]) * image.Rows / 2]
            image.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
            back = center[1] + (plane - len(series) / 2) * float(image.SpacingBetweenSlices)
            image.ImagePositionPatient = [round(v, 4) for v in (center[0] - half[0], back, center[2] + half[1])]
        painted(series, _thighs)
    return images


def one_joint(inputs: Inputs) -> Images:
    """The patient's left half out of the picture."""
    images = inputs.shipped(T1, FLUID)
    for number in (T1, FLUID):
        center = middle(of(images, number))
        for image in of(images, number):
            put(image, np.where(places(image)[..., 0] > center[0] - 5, 0, pixels(image)))
    return images


def apart(inputs: Inputs) -> Images:
    """The fluid-sensitive series 40 cm from the T1-weighted one: no marrow of the region lies in it."""
    images = inputs.shipped(T1, FLUID)
    for image in of(images, FLUID):
        across, back, up = (float(v) for v in image.ImagePositionPatient)
        image.ImagePositionPatient = [across, back + 400, up]
    return images


def lesion(images: Images, *, across: float, down: float, radius: float, signal: float = 1500) -> Images:
    """A bright ball in a series: mm to the patient's left of the middle, and down along the columns."""
    center = middle(images)
    for image in images:
        at = places(image) - center
        along_row, along_column = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
        beside = np.stack(
            [at @ along_row - across, at @ along_column - down, at @ np.cross(along_row, along_column)], -1
        )
        put(image, np.where(_ball(beside, (radius, radius, radius)) < 1, signal, pixels(image)))
    return images


def turned_with_lesion(inputs: Inputs, *, degrees: float, across: float, down: float, radius: float) -> Images:
    """The patient lies turned in the plane of the images, with edema near the midline."""
    images = inputs.shipped(T1, FLUID)
    for image in of(images, FLUID):
        put(image, np.minimum(pixels(image), OTHER_LESIONS))
    lesion(of(images, FLUID), across=across, down=down, radius=radius)
    return rolled(images, degrees)


def not_wanted(inputs: Inputs) -> Images:
    """Many series, none of which shows the joints as needed: axial, sagittal, a reformat, and a color one."""
    images = inputs.shipped(1, 4, 5)
    sagittal = inputs.shipped(T1)
    told(sagittal, SeriesDescription="t1_tse_sag_obl", SeriesNumber=20, SeriesInstanceUID=uid("sagittal"))
    told(sagittal, ImageOrientationPatient=[0.3, 0.954, 0, 0, 0, -1])
    images += sagittal
    for number in range(30, 45):
        again = inputs.shipped(4)
        told(again, SeriesNumber=number, SeriesInstanceUID=uid("again", number))
        for image in again:
            image.SOPInstanceUID = uid("again", number, int(image.InstanceNumber))
        images += again
    color = inputs.shipped(T1)[:1]
    enhanced_color = "1.2.840.10008.5.1.4.1.1.4.3"
    told(color, SeriesNumber=80, SeriesInstanceUID=uid("color"), SOPInstanceUID=uid("color", 1), NumberOfFrames=1)
    color[0].SOPClassUID = color[0].file_meta.MediaStorageSOPClassUID = enhanced_color
    return images + color
