### Words of the published framework. American spelling, as the DICOM terms have it.
###
### An item of a report has at most 90 characters. A message of several facts has the further ones as attributes.
### Everything is what a published model says, never that it is so.

read-by-a-radiologist = no
title = Published models of MR slices

## Series

role-slices = MR slices
role-slices-without = no slice can be read
slices-shown = parallel MR slices
slices-of-what = What the slices show
reason-slices = { $slices } slices
reason-no-place = no MR slices with a place in the patient
reason-another-chosen = a person chose another series

## Models

reason-model-unet = U-Net
reason-model-unet-best = U-Net, best checkpoint
reason-model-simple-cnn = Simple CNN
reason-model-hybrid-v1 = Hybrid v1
reason-model-hybrid-v2 = Hybrid v2

## Statements

brightness = Its labels are the image's brightness: no clinical label was ever learned.
published-says = What a published model says is not a finding.
reason-PUBLISHED_BRIGHTNESS = The published models learned labels computed from the brightness of the same image.
    .so = What they say is what they say; it is not a finding in this patient.
reason-PUBLISHED_MEAN_OF_SLICES = Each answer is the mean over { $slices } slices; the models were published for one slice.
reason-PUBLISHED_NO_MASK = The { $model } model marks nothing.
reason-PUBLISHED_BOX_FOCUS = Heat was focused on the published box in { $slices ->
    [one] 1 slice
   *[other] { $slices } slices
}, where no region was found.
reason-PUBLISHED_IRREGULAR = MR slices: { $warning }

## Answers

as-of = AS, by the published { $model }
as-short = AS by { $model }
stage-of = Stage, by the published { $model }
stage-short = Stage by { $model }
as-present = yes
as-absent = no
stage-normal = Normal
stage-early = Early
stage-moderate = Moderate
stage-advanced = Advanced
line-answer = { $question }: { $answer }, confidence { $percent } %.
profile-as = AS yes, by { $model }
profile-stage = { $stage }, by { $model }
region-of = Region by { $model } (brightness)
group-regions = AI published regions

## Heat maps and pictures

heatmap-grad-cam = Grad-CAM of a published model
heatmap-focused = Focused Grad-CAM of a published model
heat-note = Its labels are the image's brightness.
layer-grad-cam = Where a published model looked
layer-focused = Where it looked, in its region
why-largest-region = largest region
why-most-present = AS most probable
stage-word = stage
page-mask = mask
page-jet = Grad-CAM
page-focused = focused
page-even = even colors
page-answer = { $question }: { $answer } { $percent } %
page-nothing-marked = nothing marked
page-region = region marked in red
