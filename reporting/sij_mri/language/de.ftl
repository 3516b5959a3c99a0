### Wörter der Iliosakralgelenk-Anwendung.
###
### Eine Zeile des Befunds hat höchstens 90 Zeichen. Weitere Sachverhalte einer Meldung stehen als Attribute.
### $role ist ein Adjektiv ohne Endung ("T1-gewichtet"), $Role dasselbe groß.

read-by-a-radiologist = no
title = MRT der Iliosakralgelenke

## Serien

role-t1 = T1-gewichtet
role-t1-full = T1-gewichtet
role-t1-wanted = T1-gewichtete Serie ohne Fettsättigung in semikoronarer Schichtführung
role-t1-without = Struktur (Gelenkspalt, Erosionen, Fett) nicht beurteilbar
role-fluid = flüssigkeitssensitiv
role-fluid-full = flüssigkeitssensitiv, fettgesättigt
role-fluid-wanted = fettgesättigte flüssigkeitssensitive Serie (STIR oder T2) in semikoronarer Schichtführung
role-fluid-without = Knochenmarködem nicht beurteilbar
joints-shown = die Iliosakralgelenke in semikoronarer Schichtführung

reason-slices = { $slices } Schichten
reason-too-coarse = Pixel von { NUMBER($pixel_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm sind zu grob für die Gelenke
reason-pixels = Pixel von { NUMBER($pixel_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm
reason-coverage = eine Schicht alle { NUMBER($spacing_mm, maximumSignificantDigits: 2) } mm über { NUMBER($coverage_mm, maximumFractionDigits: 0) } mm
reason-field-of-view = Bildfeld { NUMBER($view_mm, maximumFractionDigits: 0) } mm
reason-whole-body = so groß wie für den ganzen Körper
reason-large-field-of-view = Das Bildfeld ist groß ({ NUMBER($view_mm, maximumFractionDigits: 0) } mm), wie für Hüften oder Abdomen.
reason-body-part = Körperregion { $body_part }
reason-sagittal-plane = sagittale Schichtführung ({ NUMBER($lean_deg, maximumFractionDigits: 0) }° aus der Links-rechts-Achse)
reason-oblique-sagittal-plane = schräg-sagittale Schichtführung ({ NUMBER($lean_deg, maximumFractionDigits: 0) }° aus der Links-rechts-Achse)
reason-axial-plane = axiale Schichtführung ({ NUMBER($tilt_deg, maximumFractionDigits: 0) }° gegen koronar)
reason-across-the-sacrum = schräg-axial, quer zum Sakrum ({ NUMBER($tilt_deg, maximumFractionDigits: 0) }° gegen koronar, entgegen seiner Neigung)
reason-along-the-sacrum = { NUMBER($tilt_deg, maximumFractionDigits: 0) }° gegen koronar, parallel zum Sakrum
reason-truly-coronal = Streng koronar, nicht parallel zum Sakrum; die Gelenke können angeschnitten sein.
reason-named = benannt nach: { $names }
reason-named-otherwise = benannt nach: { $names }; liegt anders
reason-name-against-physics = Der Name besagt { $names }, die Physik etwas anderes.
reason-named-after-the-joints = nach den Iliosakralgelenken benannt
reason-named-after-a-neighbor = benannt nach: { $names }; nicht nach den Iliosakralgelenken
reason-coronal-of-a-neighbor = koronare Schichtführung einer Nachbarregion
reason-coil-elsewhere = Spule für eine andere Körperregion ({ $coil })
reason-too-narrow-for-both = Das Bildfeld ({ NUMBER($view_mm, maximumFractionDigits: 0) } mm) ist für beide Gelenke zu schmal.
reason-named-a-localizer = als Localizer benannt
reason-elsewhere = andere Körperregion ({ $body_part })
reason-elsewhere-by-name = andere Körperregion laut Name
reason-elsewhere-by-study = andere Körperregion laut Name der Untersuchung

## Einschränkungen, und in wenigen Worten, warum etwas nicht beurteilbar ist

reason-NO_T1 = Keine T1-gewichtete Serie zeigt die Iliosakralgelenke.
    .so = Die Gelenke konnten nicht abgegrenzt werden.
reason-NO_FLUID = Keine flüssigkeitssensitive Serie zeigt die Iliosakralgelenke.
    .so = Knochenmarködem ist nicht beurteilbar.
reason-SERIES_IRREGULAR = { $Role }e Serie: { $warning }
reason-SERIES_UNREADABLE = Die { $role }e Serie war nicht dekodierbar und wurde nicht gelesen.
    .because = { $reason }
reason-REGION_FROM_FLUID = Die Knochenregion wurde mangels T1 auf der flüssigkeitssensitiven Serie bestimmt.
reason-NO_REGION = Keine Knochenregion gefunden.
    .so = Weder Gelenke noch Ödem konnten gemessen werden.
reason-REGION_DISPUTED = Die Netze sind sich über { NUMBER($share, style: "percent") } der Knochenregion uneins; Umriss prüfen.
reason-NO_LEFT_JOINT = Linkes ISG auf der T1-gewichteten Serie nicht gefunden.
reason-NO_RIGHT_JOINT = Rechtes ISG auf der T1-gewichteten Serie nicht gefunden.
reason-JOINT_NOT_COVERED = Die flüssigkeitssensitive Serie zeigt { NUMBER($share, style: "percent") } des { $side ->
    [left] linken
   *[right] rechten
} ISG ({ $seen } von { $planes } Schichten).
    .so = Ödem im übrigen Teil ist nicht erfasst; die Ödemvolumina sind Mindestwerte.
reason-JOINT_CUT_OFF = Die T1-gewichtete Serie endet innerhalb des { $side ->
    [left] linken
   *[right] rechten
} ISG.
    .so = Jenseits davon wurde nichts beurteilt; die Ödemvolumina sind Mindestwerte.
reason-FRAME_OF_REFERENCE = Die beiden Serien haben verschiedene Bezugssysteme.
    .so = Nichts wurde von einer auf die andere übertragen; Ödem wurde nicht gemessen.
reason-NO_NORMAL_MARROW = Kein normales Knochenmark als Referenz gefunden.
    .so = Knochenmarködem ist nicht beurteilbar.
reason-NOT_CLASSIFIED = Keine Schicht zeigt ein Iliosakralgelenk; daher keine Klasse.
reason-NO_JOINTS_RECOGNIZED = Auf den Bildern sind keine Iliosakralgelenke erkennbar.
reason-RULE_AND_NETWORK_DIFFER = Das Netz allein kommt zu einem anderen Ergebnis.
    .for-it = Seine Wahrscheinlichkeit für ein Muster einer axialen Spondyloarthritis: { $probability }.
    .so = Bitte das Ödem in den Bildern prüfen.

short-NO_T1 = keine T1-gewichtete Serie
short-NO_FLUID = keine flüssigkeitssensitive Serie
short-NO_REGION = keine Knochenregion gefunden
short-NO_NORMAL_MARROW = kein normales Knochenmark als Referenz
short-SERIES_UNREADABLE = eine Serie war nicht dekodierbar
short-NO_LEFT_JOINT = linkes ISG nicht gefunden
short-NO_RIGHT_JOINT = rechtes ISG nicht gefunden
short-JOINT_NOT_COVERED = Gelenk nicht ganz abgebildet
short-JOINT_CUT_OFF = Gelenk nicht ganz abgebildet
short-FRAME_OF_REFERENCE = Serien nicht zur Deckung zu bringen
short-NOT_CLASSIFIED = keine Schicht zu klassifizieren

because = { $words } ({ $reasons }).
reason-of = Grund: { $reason }.

## Technik

technique-series = Gelesen als { $role }: { $series }.
technique-no-series = Gelesen als { $role }: keine Serie.
technique-traced = Schichten mit abgegrenztem Gelenk: rechts { $right }, links { $left }.
traced = { $traced } von { $slices }
traced-none = keine
technique-faint = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG in { $slices } seiner Schichten kaum abgrenzbar (Ankylose oder Fehler).
technique-cutoff = Ödem ab Signal { NUMBER($threshold, maximumFractionDigits: 0) }; normales Knochenmark im Sakrum { NUMBER($mean, maximumFractionDigits: 0) } ± { NUMBER($sd, maximumFractionDigits: 0) }.
technique-quality = Die Bildqualität ist nicht zu beanstanden.
no-frame-of-reference = Die { $role }e Serie hat kein Bezugssystem.
    .so = Für sie konnte keine Segmentierung geschrieben werden.
looked-at = Angesehen: { $series }.
by-its-header = Laut Header: { $fact }
unrecognized = Das kommt bei anderer Körperregion, bei Rauschen und bei Gelenken am Bildrand vor.
no-result = Für diese Untersuchung gibt es kein Ergebnis, weder unauffällig noch auffällig.

## Was vom Ergebnis vorliegt

partial = Unvollständiges Ergebnis.
judged = Beurteilt: { $things }.
not-judged = Nicht beurteilt: { $things }.
nothing-judged = nichts an den Gelenken
judged-joint = Gelenk
judged-edema = Ödem
judged-edema-part = Ödem des sichtbaren Teils
judged-asas = ASAS
judged-axspa = Klasse
judged-stage = Stadium
of-study = gesamt
nothing-assessable = Nicht beurteilbar: Ödem an den Gelenken, ASAS-Definition, KI-Klasse und Stadium ({ $reasons }).

## Ödem

milliliters = { NUMBER($ml, minimumFractionDigits: 1, maximumFractionDigits: 1) } ml
milliliters-none = keines
milliliters-under = unter { NUMBER($ml, minimumFractionDigits: 1, maximumFractionDigits: 1) } ml
milliliters-range = { $low } bis { $high }
by-side = rechts { $right }, links { $left }
edema-at-the-joints = Knochenmarködem an den ISG: { $amounts }.
edema-at-the-joints-headline = Knochenmarködem an den ISG: { $amounts }; ASAS-Definition: { $rule }.
edema-unknown = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: Knochenmarködem { $missing }.
amount-in-part = { $amount } sichtbar
edema-none = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: kein Knochenmarködem bis 10 mm vom Gelenk { $seen ->
    [in-part] sichtbar
   *[whole] gefunden
}.
edema-amount = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: Knochenmarködem bis 10 mm vom Gelenk { $amount }.
edema-range = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: { $range } bei strengerem und lockererem Schwellenwert.
edema-largest = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: größte Ausdehnung des Ödems auf { $image }.
edema-deep = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: weitere { $amount } davon reichen tiefer.
edema-deep-little = { $side ->
    [left] Linkes
   *[right] Rechtes
} ISG: weitere { $amount } davon reichen tiefer.
no-edema-elsewhere = Kein Knochenmarködem in der übrigen Region.
edema-elsewhere = Knochenmarködem in der übrigen Region, an keinem ISG: { $amount }, nicht gewertet.
no-edema-in-region = Knochenregion insgesamt: kein Ödem gefunden; die Gelenke wurden nicht beurteilt.
edema-in-region = Knochenregion insgesamt: Ödem { $amount }, keinem Gelenk zugeordnet.
no-structure = Strukturelle Läsionen: nicht gemessen.
other-causes = Andere Ödemursachen (Belastung, Infekt, Tumor, post partum) nicht unterschieden.
edema-near = Knochenmarködem bis 10 mm vom Gelenk: { $amounts }.
edema-seen = Für die Definition gewertetes Ödem: siehe { $images }.

images = { $count ->
    [one] Bild { $first }
   *[other] Bilder { $first } bis { $last }
}
slices = { $count ->
    [one] Schicht { $first }
   *[other] Schichten { $first } bis { $last }
}
images-of = { $images }, { $series }
series-of-role = { $role }e Serie

## ASAS/OMERACT-Definition

asas-of-study = ASAS/OMERACT-Definition einer aktiven Sakroiliitis: { $value }.
asas-depends = ASAS/OMERACT-Definition einer aktiven Sakroiliitis: { $value }.
    .why = Die Entscheidung hängt vom Schwellenwert für Ödem ab.
asas-by-side = ASAS-Definition nach Seiten: rechts: { $right }, links: { $left }.
asas-missing = ASAS/OMERACT-Definition: nicht beurteilbar
asas-asks = Gefordert ist subchondrales Knochenmarködem bis 10 mm vom Gelenk.
    .where = Mindestens 20 mm² je Schicht, auf zwei Folgeschichten oder zweimal in einer Schicht.
asas-statement = Die ASAS-Definition wird aus dem Ödem eines kleinen Netzes berechnet; visuell prüfen.
met-at = erfüllt ({ $where })
met-both = { $right } und { $left }
met-together = beide Seiten zusammen
rule-not-assessable = Die ASAS/OMERACT-Definition einer aktiven Sakroiliitis ist { $why } Gefordert ist { $rule }.
rule-met = Die ASAS/OMERACT-Definition einer aktiven Sakroiliitis ist erfüllt ({ $where }): { $rule }.
rule-undecided = Ob die ASAS/OMERACT-Definition einer aktiven Sakroiliitis erfüllt ist, ist nicht entscheidbar; es hängt vom Schwellenwert für Ödem ab. Gefordert ist { $rule }.
rule-not-met = Die ASAS/OMERACT-Definition einer aktiven Sakroiliitis ist nicht erfüllt: kein { $rule }.
rule = subchondrales Knochenmarködem (bis 10 mm vom Gelenk, mindestens 20 mm² je Schicht) auf zwei aufeinanderfolgenden Schichten oder an zwei Stellen einer Schicht
counted-one = Gewertet { $side ->
    [left] links
   *[right] rechts
}: 1 Areal von { NUMBER($area, maximumFractionDigits: 0) } mm², { $images }.
counted-many = Gewertet { $side ->
    [left] links
   *[right] rechts
}: { $areas } Areale, { $images }.
counted-largest = Größtes Areal { $side ->
    [left] links
   *[right] rechts
}: { NUMBER($area, maximumFractionDigits: 0) } mm², { $images }.
definition-met = Knochenmarködem, das die ASAS-Definition einer aktiven Sakroiliitis erfüllt.
    .where = Rechnerisch erfüllt: { $where }.
definition-not-met = ASAS-Definition einer aktiven Sakroiliitis rechnerisch nicht erfüllt.
definition-undecided = Ob das Ödem die ASAS-Definition einer aktiven Sakroiliitis erfüllt: nicht entscheidbar.
    .why = Die Entscheidung hängt vom Schwellenwert für Ödem ab.
healthy = Auch Gesunde erfüllen diese Definition: 11 von 47 Probanden (de Winter 2018).
    .rule = Wie oft Gesunde die Regel dieser Software erfüllen, ist nicht bekannt.
not-excluded = Das schließt eine axiale Spondyloarthritis nicht aus; Strukturläsionen nicht gemessen.
    .patients = Auch 4 von 47 Patienten erfüllten die Definition nicht (de Winter 2018).

## Klasse und Stadium

class-line = Experimentelle KI-Klasse (AS ja/nein): { $value }.
class-probability = Wahrscheinlichkeit eines Musters einer axialen Spondyloarthritis: { $probability }.
class-brief = KI-Klasse (AS ja/nein): { $value }.
class-and-stage-missing = KI-Klasse (AS ja/nein) und Stadium: nicht beurteilt
experimental-missing = Experimentelle KI-Klasse (AS ja/nein) und Stadium: nicht beurteilt
class-missing = Experimentelle KI-Klasse (AS ja/nein): nicht beurteilt
stage-missing = Stadium: nicht beurteilt
stage-missing-brief = Stadium: nicht beurteilt.
stage-undecided = Stadium unbestimmt.
stage-undecided-likeliest = Stadium unbestimmt; am wahrscheinlichsten { $stage } ({ $probability }).
stage-alone = Stadium: { $stage }.
stage-own = Stadium: { $stage } ({ $probability }).
stage-hardly-likelier = Stadium: { $stage }, kaum wahrscheinlicher als { $rival } ({ $probability }; { $other }).
stage-hardly-told = Stadium: { $stage }, kaum zu trennen von { $rival } ({ $probability }; { $other }).
not-assessed = nicht beurteilt
not-no-disease = Kein Muster heißt nicht: keine Erkrankung.
learned = Klasse und Stadium nur an simulierten Läsionen gelernt; an Patienten nicht validiert.
learned-headline = Klasse und Stadium wurden nur an simulierten Läsionen gelernt.
learned-headline-absent = Klasse und Stadium wurden nur an simulierten Läsionen gelernt; kein Muster heißt nicht: keine Erkrankung.
learned-long = Klasse und Stadium wurden an simulierten Läsionen in echter und synthetischer Anatomie gelernt, da es noch keine klinischen Annotationen gibt; sie sind an Patienten nicht validiert.

## Übersichtsbild und Serien

summary-edema = Knochenmarködem bis 10{ "\u00A0" }mm vom Gelenk
summary-class = KI-Klasse, experimentell: { $value }
summary-class-missing = KI-Klasse, experimentell: nicht beurteilt ({ $reason })
summary-differs = Das Netz allein sagt etwas anderes (Wahrscheinlichkeit eines Musters { $probability }): Ödem prüfen.
summary-fluid = Fluidsensitiv: { $image }
summary-t1 = T1: { $image }
legend-deep = tief
legend-other = übrige
group-edema = KI-Ödem-Areale
group-edema-outlines = KI-Ödem-Umrisse
group-joints = KI-Gelenk-Areale
group-joints-outlines = KI-Gelenk-Umrisse
group-region = KI-Knochenregion

## Begriffe

anatomy-joint = Iliosakralgelenk
anatomy-sacrum-and-ilia = Sakrum und Ilium beidseits
anatomy-marrow = Knochenmark des Sakrums
segment-region = Knochenregion der Iliosakralgelenke
segment-joint-left = Gelenkband des ISG, links
segment-joint-right = Gelenkband des ISG, rechts
segment-edema-left = Knochenmarködem am ISG, links
segment-edema-right = Knochenmarködem am ISG, rechts
segment-deep-left = Knochenmarködem, tief, links
segment-deep-right = Knochenmarködem, tief, rechts
segment-elsewhere = Knochenmarködem der übrigen Region
measured-edema = Knochenmarködem bis 10 mm vom Gelenk
measured-deep = Dasselbe Ödem, weiter als 10 mm
measured-elsewhere = Knochenmarködem der übrigen Region, nicht gewertet
measured-joint = Gelenkband
measured-region = Knochenregion
measured-threshold = Ödem ab Signalintensität
measured-mean = Referenzmark, mittlere Intensität
measured-sd = Referenzmark, Standardabweichung
volume-region = Knochenregion der Iliosakralgelenke
volume-joint-left = Gelenkband, links
volume-joint-right = Gelenkband, rechts
volume-edema-left = Ödem am Gelenk, links
volume-edema-right = Ödem am Gelenk, rechts
asas = ASAS/OMERACT-Definition einer aktiven Sakroiliitis
asas-short = ASAS-Definition
asas-note = Aus dem segmentierten Ödem berechnet; nicht entscheidbar, wo es vom Schwellenwert abhängt. Visuell prüfen.
asas-present = erfüllt
asas-absent = nicht erfüllt
asas-undecided = nicht entscheidbar
axspa = KI-Klasse (AS ja/nein)
axspa-short = KI-Klasse
axspa-present = Muster verdächtig auf axiale Spondyloarthritis
axspa-absent = kein Muster einer axialen Spondyloarthritis
axspa-undecided = unbestimmt
learned-note = Nur an simulierten Läsionen gelernt; an Patienten nicht validiert.
stage = Stadium
stage-normal = Normal
stage-early = Früh
stage-moderate = Mäßig
stage-advanced = Fortgeschritten
stage-value-undecided = unbestimmt
profile-axspa = Netz allein: Wahrscheinlichkeit eines Musters einer axSpA
profile-stage = Netz allein: Wahrscheinlichkeit des Stadiums { $stage }
profile-visibility = Abgrenzbarkeit der Gelenklinie
profile-visibility-shows = Gelenk abgegrenzt
heatmap-focused = Fokussiertes Grad-CAM
heatmap-grad-cam = Grad-CAM
heat-note = Bei { $patients } Patienten passt es zu markiertem Ödem schlechter als Helligkeit.
layer-region = Region
layer-joints = Gelenke
layer-edema = Ödem
layer-focused = an den Gelenken
layer-grad-cam = ganze Schicht
why-most-edema = größtes Ödem an den Gelenken
why-strongest-class = Netz am sichersten über ein Muster
why-middle-of-joints = Mitte der Gelenke
