### Words that every result needs, whatever its application. American spelling, as the DICOM terms have it.
###
### An item of a report has at most 90 characters. A message of several facts has the further ones as attributes.
### $role is an adjective without ending ("T1-weighted"), $Role the same with a capital; $why and $Why likewise.

read-by-a-radiologist = no
wording-not-read = This wording has not been read by a radiologist who speaks this language.

## Statements

research-line = AI RESEARCH RESULT - NOT FOR DIAGNOSIS
picture-text = RESEARCH - NOT FOR DIAGNOSIS
research-statement = This result was made by research software, which is not a medical device.
    .use = Nobody has verified it; do not use it for the diagnosis or treatment of a patient.
heatmap-statement = The heatmap shows where the classifier looked. It does not show disease.
heatmap-none = There are no heatmaps: too little passes the scale that all studies share.
sides-statement = Left and right are the patient's.
bound-statement = No probability is given below { $low } or above { $high }: nothing measured supports it.
not-analysed = Not analysed
not-analysed-because = Not analysed: { $why }
not-assessable = not assessable
not-assessable-because = not assessable: { $why }
study-incomplete = The study is incomplete.

## Of which country the spelling is (ISO 3166-1)

country = US

## What stands beside a result

replaces = Revision { $revision }; it replaces the earlier result of this study.
revision = Revision { $revision }.
made-by = Software { $software }; model { $model }.
made-by-manifest = Manifest SHA-256 { $digest }.
not-verified = Automatic analysis for research, not verified
derived-summary = Summary of the result.
limitation-of-result = Limitation: { $text }
heading-impression = Impression
heading-findings = Findings
heading-limitations = Limitations
heading-conclusions = Conclusions
heading-technique = Technique
letters-lacking = A ? stands for letters that these pages cannot show; the report in words shows them.

## Pictures

parts-left-out = On the outlined images { $count ->
    [one] 1 part
   *[other] { $count } parts
} under { NUMBER($least, maximumFractionDigits: 0) } mm2 { $count ->
    [one] has
   *[other] have
} no outline, but a colored area.
more-in-the-report = { $count } more in the report
heat-looked = Where the network looked. It is not disease.
heat-none-in-slice = Where the network looked: too little to draw in this slice.

## Series descriptions: viewers show the first 22 letters

description-sc-summary = AI summary
description-sr-text = AI report
description-sc-heat = AI heatmaps
description-sc-heat-all = AI heatmaps, all
description-ko = AI key images
description-pr = AI outlines (GSPS)
description-pdf = AI report (PDF)
description-pm = AI heat values

## Names of things

side = { $side ->
    [left] left
   *[right] right
}
patient-side = patient's { $side ->
    [left] left
   *[right] right
}
slice-name = slice { $slice } of { $slices }
slice-name-image = slice { $slice } of { $slices } (image { $image })
series-read = { $series }, { $slices ->
    [one] 1 slice
   *[other] { $slices } slices
}
series-chosen = the series chosen
series = series
series-number = series { $number }
series-name = series '{ $name }'
series-number-name = series { $number } '{ $name }'
series-unnumbered = series without number
series-unnumbered-quoted = series without number "{ $name }"
series-quoted = series { $number } "{ $name }"
role-series = { $role } series
under = under { $bound }
over = over { $bound }
range = { $low } to { $high }
with-probability = { $value } (probability { $probability })
look-first = { $series }, { $slice }: { $why }
shown-in = { $site }: { $shows } in { $planes } of { $slices } slices ({ $series }, { $first } to { $last })

## The choice of series

chosen = Chosen.
chosen-as = { $role }: { $series }, score { $score } of 100.
suitable = Suitable, but { $series } is better.
not-used = Not used: { $reason }.
score-below = the score is below { $score }
refused = { $series }: { $reason }.
kinds-of-images = The series holds { $kinds } kinds of images; { $meant } are meant.
images-of-kind = the { $kind } images
images-counted = { $images } images
repeats-left-out = Left out: { $repeats ->
    [one] 1 repeat
   *[other] { $repeats } repeats
} at the same positions; kept: { $kept }.
not-found = No { $wanted } was found.
not-found-so = No { $wanted } was found, so { $without }.
no-series-shows = No series shows { $shown } as needed.
no-readable-series = The study holds no readable series.
more-reasons = { $count } more reasons are in the table.
what-is-read = what is read

## Reasons: what series are called

reason-T1 = T1
reason-T2 = T2
reason-proton_density = proton density
reason-STIR = STIR
reason-fat_suppression = fat suppression
reason-Dixon_water = Dixon water
reason-Dixon_fat = Dixon fat
reason-Dixon_in_phase = Dixon in phase
reason-Dixon_opposed_phase = Dixon opposed phase
reason-Dixon = Dixon
reason-sacroiliac_joints = sacroiliac joints
reason-coronal = coronal
reason-oblique = oblique
reason-axial = axial
reason-sagittal = sagittal
reason-localizer = localizer
reason-diffusion = diffusion
reason-derived_image = derived image
reason-contrast_agent = contrast agent
reason-hip = hip
reason-lumbar_spine = lumbar spine
reason-pelvis = pelvis
reason-other_part_of_the_body = other part of the body

## Reasons: kinds of images

reason-water = water
reason-fat = fat
reason-in_phase = in phase
reason-opposed_phase = opposed phase
reason-phase = phase
reason-real_or_imaginary = real or imaginary
reason-adc-map = an ADC map
reason-anisotropy-map = an anisotropy map
reason-diffusion-image = a diffusion image
reason-perfusion-image = a perfusion image
reason-subtraction = a subtraction
reason-projection = a projection
reason-mean-image = a mean of images
reason-t1-map = a T1 map
reason-t2-map = a T2 map
reason-mosaic = a mosaic of small slices
reason-localizer-image = a localizer
reason-screen-capture = a screen capture
reason-derived-image = a derived image
reason-derived-diffusion = a derived image (ADC)

## Reasons: why a series is not used

reason-not-mr = not MR images (modality { $modality })
reason-not-mr-unnamed = not MR images (modality not given)
reason-other-mr-class = MR objects of a kind that is not read ({ $name })
reason-no-pixels = the objects hold no pixels
reason-no-place = the place of the images in the patient, or the pixel spacing, is not given
reason-marked-as = { $kind }, as the image type says
reason-diffusion-imaging = diffusion imaging (b up to { NUMBER($b_value, maximumFractionDigits: 0) } s/mm2)
reason-echo-planar = echo planar imaging
reason-diffusion-by-name = diffusion imaging, by its name
reason-complex-part = a { $kind } image
reason-dixon-component = the { $kind } image of a Dixon series
reason-many-orientations = a localizer or another mix of { $orientations } orientations
reason-localizer-by-name = a localizer, by its name and sequence
reason-one-slice = only { $slices } slice in one orientation, at least { $needed } are needed
reason-few-slices = only { $slices } slices in one orientation, at least { $needed } are needed
reason-marked-derived = marked as derived
reason-reformatted = a reformatted image, not the acquired one
reason-reformatted-3d-spin-echo = reformatted from a 3D spin echo
reason-reformatted-from-3d = The planes are reformatted from a 3D acquisition.

## Reasons: contrast

reason-repetition-time = TR { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-echo-time = TE { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-inversion-time = TI { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-no-times = no times given
reason-other-times = { $times }
reason-after-contrast = { $reason } (made after a contrast agent)
reason-contrast-agent-given = given after a contrast agent
reason-after-contrast-agent = The images were made after a contrast agent.
reason-fat-suppressed = fat-suppressed: T1-weighting without fat suppression is needed
reason-fat-suppressed-by-name = fat-suppressed by its name: T1-weighting without fat suppression is needed
reason-fat-suppressed-name-only = { $contrast }; the name says fat suppression, the header does not
reason-in-opposed-phase = { $contrast }, opposed phase
reason-not-t1 = not T1-weighted: { $contrast }
reason-t1-spin-echo = T1-weighted spin echo ({ $times })
reason-t1-inversion-recovery = T1-weighted inversion recovery ({ $times })
reason-weak-t1-gradient-echo = gradient echo with weak T1-weighting ({ $times })
reason-inversion-recovery = inversion recovery ({ $times })
reason-gradient-echo = gradient echo ({ $times })
reason-not-fluid-sensitive = not fluid-sensitive with fat suppression: { $contrast }
reason-nulls-fat = inversion recovery that nulls fat, other times not given ({ $times })
reason-taken-as-stir = inversion recovery, taken as STIR: the inversion time is not given ({ $times })
reason-unknown-inversion-time = inversion recovery of unknown inversion time ({ $times })
reason-inversion-short-repetition = inversion recovery with a short repetition time ({ $times })
reason-stir = STIR ({ $times })
reason-near-stir = inversion recovery near STIR ({ $times })
reason-fat-not-nulled = the inversion time does not null fat ({ $times })
reason-short-repetition-time = the repetition time is short ({ $times })
reason-no-fat-suppression = no fat suppression in the header or the name ({ $times })
reason-echo-time-out-of-range = the echo time is out of range ({ $times })
reason-with-fat-suppression = with fat suppression
reason-fat-suppressed-contrast = { $weighting }-weighted { $how } ({ $times })
reason-fat-suppressed-contrast-by-name = { $weighting }-weighted { $how }, known by the name only ({ $times })
reason-long-echo-train = an echo train of { NUMBER($length, maximumFractionDigits: 0) }
reason-no-times-other-name = TR and TE are missing, and the name says { $name }
reason-no-times-no-name = TR and TE are missing, and the name does not say { $name }
reason-no-times-so-name = TR and TE are missing, so the name is taken at its word
reason-known-by-name-only = TR and TE are missing: the kind of image is known by its name only.

## Reasons: images that repeat, are damaged or missing

reason-kept-temporal-position = temporal position { $number }
reason-kept-acquisition = acquisition { $number }
reason-kept-lowest-number = the lowest image number
reason-pixels-damaged = The pixels of { $damaged } of { $slices } slices cannot be read ({ $codes }).
reason-repeated-positions = { $dropped } slices repeat a position and are left out.
reason-missing-slice = 1 slice is missing between slices { $before } and { $after }, { NUMBER($gap_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm apart, not { NUMBER($spacing_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) }.
reason-missing-slices = { $missing } slices are missing between slices { $before } and { $after }, { NUMBER($gap_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm apart, not { NUMBER($spacing_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) }.
reason-unequal-spacing = The slices are not equally spaced: up to { NUMBER($unequal_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm from { NUMBER($spacing_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm.

## Reasons: why a study may not be whole

reason-IMAGES_REFUSED = Images that this node could not store and that did not come again: { NUMBER($count, maximumFractionDigits: 0) }.
reason-TRANSFER_BROKEN = The transfer of the study broke off and was not repeated to its end.
    .so = Images may be missing.
reason-FEWER_THAN_ANNOUNCED = Headers of series { $number } announce { NUMBER($announced, maximumFractionDigits: 0) } images, and { NUMBER($found, maximumFractionDigits: 0) } are there.
reason-SLICES_MISSING = Slices missing within the { $role } series: { NUMBER($missing, maximumFractionDigits: 0) }.

## Reasons: what the sources let a reader expect

reason-SOURCE_LOSSY = { $Role } images were compressed with loss: fine detail may be gone.
reason-IDENTITY_SHORTENED = Longer than DICOM allows, and shortened here: { $attributes }.
reason-IDENTITY_LEFT_OUT = Not legal in the source images, and left empty here: { $attributes }.
reason-IDENTITY_NOT_LEGAL = Not legal in the source images, but kept as it is: { $attributes }.
