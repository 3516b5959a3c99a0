### Words of the sacroiliac application. American spelling, as the DICOM terms have it.
###
### An item of a report has at most 90 characters. A message of several facts has the further ones as attributes.
### $role is an adjective without ending ("T1-weighted"), $Role the same with a capital.

read-by-a-radiologist = no
title = Sacroiliac joint MRI

## Series

role-t1 = T1-weighted
role-t1-full = T1-weighted
role-t1-wanted = T1-weighted series without fat suppression in a semicoronal plane
role-t1-without = structure (joint line, erosions, fat) cannot be read
role-fluid = fluid-sensitive
role-fluid-full = fluid-sensitive, fat-suppressed
role-fluid-wanted = fat-suppressed fluid-sensitive series (STIR or T2) in a semicoronal plane
role-fluid-without = bone marrow edema cannot be read
joints-shown = the sacroiliac joints in a semicoronal plane

reason-slices = { $slices } slices
reason-too-coarse = pixels of { NUMBER($pixel_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm are too coarse for the joints
reason-pixels = { NUMBER($pixel_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm pixels
reason-coverage = a slice every { NUMBER($spacing_mm, maximumSignificantDigits: 2) } mm over { NUMBER($coverage_mm, maximumFractionDigits: 0) } mm
reason-field-of-view = { NUMBER($view_mm, maximumFractionDigits: 0) } mm field of view
reason-whole-body = as large as for the whole body
reason-large-field-of-view = The field of view is large ({ NUMBER($view_mm, maximumFractionDigits: 0) } mm), as for hips or abdomen.
reason-body-part = body part { $body_part }
reason-sagittal-plane = a sagittal plane ({ NUMBER($lean_deg, maximumFractionDigits: 0) } degrees out of the left-right axis)
reason-oblique-sagittal-plane = an oblique sagittal plane ({ NUMBER($lean_deg, maximumFractionDigits: 0) } degrees out of the left-right axis)
reason-axial-plane = an axial plane ({ NUMBER($tilt_deg, maximumFractionDigits: 0) } degrees from coronal)
reason-across-the-sacrum = an oblique axial plane, across the sacrum ({ NUMBER($tilt_deg, maximumFractionDigits: 0) } degrees from coronal, against its slope)
reason-along-the-sacrum = { NUMBER($tilt_deg, maximumFractionDigits: 0) } degrees from coronal along the sacrum
reason-truly-coronal = The plane is truly coronal, not along the sacrum; the joints may be cut short.
reason-named = named { $names }
reason-named-otherwise = named { $names }, lies otherwise
reason-name-against-physics = The name says { $names }, the physics says otherwise.
reason-named-after-the-joints = named after the sacroiliac joints
reason-named-after-a-neighbor = named { $names }, not after the sacroiliac joints
reason-coronal-of-a-neighbor = a coronal plane of a neighboring part of the body
reason-coil-elsewhere = a coil for another part of the body ({ $coil })
reason-too-narrow-for-both = The field of view ({ NUMBER($view_mm, maximumFractionDigits: 0) } mm) is too narrow for both joints.
reason-named-a-localizer = named a localizer
reason-elsewhere = another part of the body ({ $body_part })
reason-elsewhere-by-name = another part of the body, by its name
reason-elsewhere-by-study = another part of the body, by the name of the study

## Limitations, and in a few words why something is not assessable

reason-NO_T1 = The study has no T1-weighted series that shows the sacroiliac joints.
    .so = The joints could not be traced.
reason-NO_FLUID = The study has no fluid-sensitive series that shows the sacroiliac joints.
    .so = Edema could not be read.
reason-SERIES_IRREGULAR = { $Role } series: { $warning }
reason-SERIES_UNREADABLE = The { $role } series could not be decoded and was not read.
    .because = { $reason }
reason-REGION_FROM_FLUID = The bone region was found on the fluid-sensitive series, since T1 is missing.
reason-NO_REGION = No bone region was found, so neither joints nor edema could be measured.
reason-REGION_DISPUTED = The networks that find the bone region disagree on { NUMBER($share, style: "percent") } of it; look at its outline.
reason-NO_LEFT_JOINT = The left sacroiliac joint was not found on the T1-weighted series.
reason-NO_RIGHT_JOINT = The right sacroiliac joint was not found on the T1-weighted series.
reason-JOINT_NOT_COVERED = The fluid-sensitive series shows { NUMBER($share, style: "percent") } of the { $side ->
    [left] left
   *[right] right
} joint ({ $seen } of { $planes } slices).
    .so = Edema in the rest was not seen; edema volumes are at least those of the part imaged.
reason-JOINT_CUT_OFF = The T1-weighted series ends within the { $side ->
    [left] left
   *[right] right
} joint.
    .so = What lies beyond was not judged; edema volumes are at least those of the part imaged.
reason-FRAME_OF_REFERENCE = T1-weighted and fluid-sensitive series lie in different frames of reference.
    .so = Nothing was carried from one to the other, and edema was not measured.
reason-NO_NORMAL_MARROW = No normal marrow was found to hold edema against.
    .so = Edema could not be judged.
reason-NOT_CLASSIFIED = No slice that shows a sacroiliac joint was found, so no class is given.
reason-NO_JOINTS_RECOGNIZED = The pictures do not show sacroiliac joints that could be recognized.
reason-RULE_AND_NETWORK_DIFFER = The network alone says otherwise than this result.
    .for-it = For it the probability of a pattern of axial spondyloarthritis is { $probability }.
    .so = Look at the edema in the pictures.

short-NO_T1 = no T1-weighted series
short-NO_FLUID = no fluid-sensitive series
short-NO_REGION = no bone region found
short-NO_NORMAL_MARROW = no normal marrow to compare with
short-SERIES_UNREADABLE = a series could not be decoded
short-NO_LEFT_JOINT = left joint not found
short-NO_RIGHT_JOINT = right joint not found
short-JOINT_NOT_COVERED = joint not wholly imaged
short-JOINT_CUT_OFF = joint not wholly imaged
short-FRAME_OF_REFERENCE = the two series cannot be laid over each other
short-NOT_CLASSIFIED = no slice to classify

because = { $words } ({ $reasons }).
reason-of = Reason: { $reason }.

## Technique

technique-series = Read as { $role }: { $series }.
technique-no-series = Read as { $role }: no series.
technique-traced = Slices in which the joint was traced: right { $right }, left { $left }.
traced = { $traced } of { $slices }
traced-none = none
technique-faint = The { $side ->
    [left] left
   *[right] right
} joint is hardly visible in { $slices } of its slices (ankylosis, or badly traced).
technique-cutoff = Edema is brighter than { NUMBER($threshold, maximumFractionDigits: 0) }; normal sacral marrow has { NUMBER($mean, maximumFractionDigits: 0) } +/- { NUMBER($sd, maximumFractionDigits: 0) }.
technique-quality = Nothing was noted against the quality of the images.
no-frame-of-reference = The { $role } series has no frame of reference.
    .so = No segmentation could be written for it.
looked-at = Looked at: { $series }.
by-its-header = By its header: { $fact }
unrecognized = This happens with another part of the body, with noise, or with joints at the edge.
no-result = There is no result for this study, neither normal nor abnormal.

## What of a result is there

partial = Partial result.
judged = Judged: { $things }.
not-judged = Not judged: { $things }.
nothing-judged = nothing at the joints
judged-joint = joint line
judged-edema = edema
judged-edema-part = edema of the part seen
judged-asas = ASAS rule
judged-axspa = class
judged-stage = stage
of-study = study
nothing-assessable = Not assessable: edema at the joints, ASAS rule, AI class and stage ({ $reasons }).

## Edema

milliliters = { NUMBER($ml, minimumFractionDigits: 1, maximumFractionDigits: 1) } ml
milliliters-none = none
milliliters-under = under { NUMBER($ml, minimumFractionDigits: 1, maximumFractionDigits: 1) } ml
milliliters-range = { $low } to { $high }
by-side = right { $right }, left { $left }
edema-at-the-joints = Bone marrow edema at the joints: { $amounts }.
edema-at-the-joints-headline = Bone marrow edema at the joints: { $amounts }; ASAS rule: { $rule }.
edema-unknown = { $side ->
    [left] Left
   *[right] Right
} joint: bone marrow edema { $missing }.
amount-in-part = { $amount } seen
edema-none = { $side ->
    [left] Left
   *[right] Right
} joint: no bone marrow edema { $seen ->
    [in-part] seen
   *[whole] found
} within 10 mm of the joint.
edema-amount = { $side ->
    [left] Left
   *[right] Right
} joint: bone marrow edema within 10 mm of the joint { $amount }.
edema-range = { $side ->
    [left] Left
   *[right] Right
} joint: { $range } by a stricter and a looser cut-off.
edema-largest = { $side ->
    [left] Left
   *[right] Right
} joint: edema largest on { $image }.
edema-deep = { $side ->
    [left] Left
   *[right] Right
} joint: a further { $amount } of it reaches deeper.
edema-deep-little = { $side ->
    [left] Left
   *[right] Right
} joint: { $amount } more of it reaches deeper.
no-edema-elsewhere = No edema elsewhere in the region.
edema-elsewhere = Edema elsewhere in the region, at no traced joint: { $amount }, not counted.
no-edema-in-region = Bone region as a whole: no edema was found; the joints were not judged.
edema-in-region = Bone region as a whole: edema { $amount }, assigned to no joint.
no-structure = Structural lesions: not measured.
other-causes = Other causes of edema (load, infection, tumor, post partum) are not told apart.
edema-near = Edema within 10 mm of the joint: { $amounts }.
edema-seen = The edema that counts for the rule: see { $images }.

images = { $count ->
    [one] image { $first }
   *[other] images { $first } to { $last }
}
slices = { $count ->
    [one] slice { $first }
   *[other] slices { $first } to { $last }
}
images-of = { $images } of { $series }
series-of-role = the { $role } series

## The ASAS/OMERACT rule

asas-of-study = ASAS/OMERACT rule for active sacroiliitis: { $value }.
asas-depends = ASAS/OMERACT rule for active sacroiliitis: { $value }, it depends on the cut-off of edema.
asas-by-side = ASAS/OMERACT rule by side: right: { $right }, left: { $left }.
asas-missing = ASAS/OMERACT rule: not assessable
asas-asks = The rule asks for subchondral bone marrow edema within 10 mm of the joint.
    .where = At least 20 mm2 in a slice, in two consecutive slices or at two places in one slice.
asas-statement = The ASAS/OMERACT rule is computed from edema that a small network found; check it by eye.
met-at = met ({ $where })
met-both = { $right } and { $left }
met-together = both sides together
rule-not-assessable = The ASAS/OMERACT rule for active sacroiliitis is { $why } It asks for { $rule }.
rule-met = The ASAS/OMERACT rule for active sacroiliitis is met ({ $where }): { $rule }.
rule-undecided = The ASAS/OMERACT rule for active sacroiliitis is undecided, it depends on the cut-off of edema. It asks for { $rule }.
rule-not-met = The ASAS/OMERACT rule for active sacroiliitis is not met: no { $rule }.
rule = subchondral bone marrow edema (within 10 mm of the joint, at least 20 mm2 in a slice) in two consecutive slices or at two places in one slice
counted-one = Counted for the rule, { $side ->
    [left] left
   *[right] right
}: 1 area of { NUMBER($area, maximumFractionDigits: 0) } mm2, on { $images }.
counted-many = Counted for the rule, { $side ->
    [left] left
   *[right] right
}: { $areas } areas on { $images }.
counted-largest = Largest area counted, { $side ->
    [left] left
   *[right] right
}: { NUMBER($area, maximumFractionDigits: 0) } mm2, on { $images }.
definition-met = Bone marrow edema that meets the ASAS/OMERACT definition of active sacroiliitis.
    .where = The definition is met, as computed: { $where }.
definition-not-met = No edema that meets the ASAS/OMERACT definition of active sacroiliitis, as computed.
definition-undecided = Whether edema meets the ASAS/OMERACT definition of active sacroiliitis is undecided.
    .why = It depends on the cut-off of edema.
healthy = Healthy people meet that definition too: 11 of 47 volunteers (de Winter 2018).
    .rule = How often healthy people meet this software's rule is not known.
not-excluded = That does not exclude axial spondyloarthritis; structural lesions are not measured.
    .patients = 4 of 47 patients did not meet the definition either (de Winter 2018).

## Class and stage

class-line = Experimental AI class (AS yes/no): { $value }.
class-probability = Probability of a pattern of axial spondyloarthritis: { $probability }.
class-brief = AI class (AS yes/no): { $value }.
class-and-stage-missing = AI class (AS yes/no) and stage: not assessed
experimental-missing = Experimental AI class (AS yes/no) and stage: not assessed
class-missing = Experimental AI class (AS yes/no): not assessed
stage-missing = Stage: not assessed
stage-missing-brief = Stage: not assessed.
stage-undecided = Stage undecided.
stage-undecided-likeliest = Stage undecided; likeliest { $stage } ({ $probability }).
stage-alone = Stage: { $stage }.
stage-own = Stage: { $stage } ({ $probability }).
stage-hardly-likelier = Stage: { $stage }, hardly more likely than { $rival } ({ $probability }, { $other }).
stage-hardly-told = Stage: { $stage }, hardly told from { $rival } ({ $probability }, { $other }).
not-assessed = not assessed
not-no-disease = No pattern does not mean no disease.
learned = Class and stage were learned from simulated lesions only; not validated in patients.
learned-headline = Class and stage were learned from simulated lesions only.
learned-headline-absent = Class and stage were learned from simulated lesions only; no pattern does not mean no disease.
learned-long = Class and stage were learned from simulated lesions in real and synthetic anatomy, because no clinical labels exist yet; they are not validated in patients.

## Summary picture and series

summary-edema = Marrow edema within 10{ "\u00A0" }mm of the joint
summary-class = AI class, experimental: { $value }
summary-class-missing = AI class, experimental: not assessed ({ $reason })
summary-differs = The network alone says otherwise (probability of a pattern { $probability }): look at the edema.
summary-fluid = Fluid: { $image }
summary-t1 = T1: { $image }
legend-deep = deep
legend-other = other
group-edema = AI edema areas
group-edema-outlines = AI edema outlines
group-joints = AI joint areas
group-joints-outlines = AI joint outlines
group-region = AI bone region

## Terms

anatomy-joint = Sacroiliac joint
anatomy-sacrum-and-ilia = Sacrum and ilia
anatomy-marrow = Marrow of the sacrum
segment-region = Sacroiliac bone region
segment-joint-left = Left sacroiliac joint band
segment-joint-right = Right sacroiliac joint band
segment-edema-left = Left bone marrow edema at the joint
segment-edema-right = Right bone marrow edema at the joint
segment-deep-left = Left bone marrow edema, deep
segment-deep-right = Right bone marrow edema, deep
segment-elsewhere = Bone marrow edema elsewhere
measured-edema = Bone marrow edema within 10 mm of the joint
measured-deep = The same edema, farther than 10 mm
measured-elsewhere = Bone marrow edema elsewhere, not counted
measured-joint = Joint band
measured-region = Bone region
measured-threshold = Intensity of edema, from
measured-mean = Reference marrow, mean intensity
measured-sd = Reference marrow, standard deviation
volume-region = Sacroiliac bone region
volume-joint-left = Joint band, left
volume-joint-right = Joint band, right
volume-edema-left = Edema at the joint, left
volume-edema-right = Edema at the joint, right
asas = ASAS/OMERACT rule for active sacroiliitis
asas-short = ASAS rule
asas-note = Computed from the segmented edema; undecided where it depends on the cut-off. Check it by eye.
asas-present = met
asas-absent = not met
asas-undecided = undecided
axspa = AI class (AS yes/no)
axspa-short = AI class
axspa-present = pattern suggestive of axial spondyloarthritis
axspa-absent = no pattern of axial spondyloarthritis
axspa-undecided = undecided
learned-note = Learned from simulated lesions only; not validated in patients.
stage = Stage
stage-normal = Normal
stage-early = Early
stage-moderate = Moderate
stage-advanced = Advanced
stage-value-undecided = undecided
profile-axspa = Network alone: probability of a pattern of axSpA
profile-stage = Network alone: probability of stage { $stage }
profile-visibility = How clearly the joint line is seen
profile-visibility-shows = joint traced
heatmap-focused = Focused Grad-CAM
heatmap-grad-cam = Grad-CAM
heat-note = Of { $patients } patients, it fits marked edema less well than brightness.
layer-region = Region
layer-joints = Joints
layer-edema = Edema
layer-focused = at the joints
layer-grad-cam = whole slice
why-most-edema = most edema at the joints
why-strongest-class = where the network is surest of a pattern
why-middle-of-joints = middle of the joints
