### Wörter der veröffentlichten Modelle.
###
### Eine Zeile des Befunds hat höchstens 90 Zeichen. Weitere Sachverhalte einer Meldung stehen als Attribute.
### Alles ist, was ein veröffentlichtes Modell sagt, nie, dass es so ist.

read-by-a-radiologist = no
title = Veröffentlichte Modelle für MR-Schichten

## Serien

role-slices = MR-Schichten
role-slices-without = keine Schicht ist lesbar
slices-shown = parallele MR-Schichten
slices-of-what = Was die Schichten zeigen
reason-slices = { $slices } Schichten
reason-no-place = keine MR-Schichten mit einem Ort im Patienten
reason-another-chosen = eine Person hat eine andere Serie gewählt

## Modelle

reason-model-unet = U-Net
reason-model-unet-best = U-Net, bester Stand
reason-model-simple-cnn = Simple CNN
reason-model-hybrid-v1 = Hybrid v1
reason-model-hybrid-v2 = Hybrid v2

## Aussagen

brightness = Gelernt ist die Bildhelligkeit; ein klinisches Label hat es nie gegeben.
published-says = Was ein veröffentlichtes Modell sagt, ist kein Befund.
reason-PUBLISHED_BRIGHTNESS = Die veröffentlichten Modelle lernten Label, die aus der Bildhelligkeit berechnet sind.
    .so = Was sie sagen, sagen sie; es ist kein Befund dieses Patienten.
reason-PUBLISHED_MEAN_OF_SLICES = Jede Antwort ist der Mittelwert von { $slices } Schichten; veröffentlicht sind die Modelle für eine.
reason-PUBLISHED_NO_MASK = Das Modell { $model } markiert nichts.
reason-PUBLISHED_BOX_FOCUS = In { $slices ->
    [one] 1 Schicht
   *[other] { $slices } Schichten
} ohne Region liegt der Fokus auf dem veröffentlichten Rechteck.
reason-PUBLISHED_IRREGULAR = MR-Schichten: { $warning }

## Antworten

as-of = AS laut veröffentlichtem { $model }
as-short = AS laut { $model }
stage-of = Stadium laut veröffentlichtem { $model }
stage-short = Stadium laut { $model }
as-present = ja
as-absent = nein
stage-normal = Normal
stage-early = Früh
stage-moderate = Mittel
stage-advanced = Fortgeschritten
line-answer = { $question }: { $answer }, Konfidenz { $percent } %.
profile-as = AS ja, laut { $model }
profile-stage = { $stage }, laut { $model }
region-of = Region laut { $model } (Helligkeit)
group-regions = KI veröff. Regionen

## Heatmaps und Bilder

heatmap-grad-cam = Grad-CAM eines veröffentlichten Modells
heatmap-focused = Fokussierte Grad-CAM eines veröffentlichten Modells
heat-note = Gelernt ist die Bildhelligkeit.
layer-grad-cam = Wohin ein veröffentlichtes Modell sah
layer-focused = Wohin es sah, in seiner Region
why-largest-region = größte Region
why-most-present = AS am wahrscheinlichsten
stage-word = Stadium
page-mask = Maske
page-jet = Grad-CAM
page-focused = fokussiert
page-even = gleichmäßig
page-answer = { $question }: { $answer } { $percent } %
page-nothing-marked = nichts markiert
page-region = Region rot markiert
