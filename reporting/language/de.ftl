### Wörter, die jedes Ergebnis braucht, gleich welcher Anwendung.
###
### Eine Zeile des Befunds hat höchstens 90 Zeichen. Weitere Sachverhalte einer Meldung stehen als Attribute.
### $role ist ein Adjektiv ohne Endung ("T1-gewichtet"), $Role dasselbe groß; $why und $Why ebenso.

read-by-a-radiologist = no
wording-not-read = Dieser Wortlaut wurde von keinem deutschsprachigen Radiologen gegengelesen.

## Aussagen

research-line = KI-FORSCHUNGSERGEBNIS - NICHT ZUR DIAGNOSE
picture-text = FORSCHUNG - NICHT ZUR DIAGNOSE
research-statement = Erstellt von Forschungssoftware, die kein Medizinprodukt ist.
    .use = Nicht ärztlich geprüft; nicht für Diagnose oder Therapie eines Patienten verwenden.
heatmap-statement = Die Heatmap zeigt, wohin der Klassifikator geschaut hat. Sie zeigt keine Krankheit.
heatmap-none = Keine Heatmaps: Auf der Skala, die für alle Untersuchungen gilt, ist zu wenig zu sehen.
sides-statement = Seitenangaben beziehen sich auf den Patienten.
bound-statement = Keine Wahrscheinlichkeit unter { $low } oder über { $high }: durch keine Messung belegt.
not-analysed = Nicht analysiert
not-analysed-because = Nicht analysiert: { $Why }
not-assessable = nicht beurteilbar
not-assessable-because = nicht beurteilbar: { $Why }
study-incomplete = Die Untersuchung ist unvollständig.

## Nach welchem Land sich die Schreibweise richtet (ISO 3166-1)

country = DE

## Was neben einem Ergebnis steht

replaces = Revision { $revision }; ersetzt das frühere Ergebnis dieser Untersuchung.
revision = Revision { $revision }.
made-by = Software { $software }; Modell { $model }.
made-by-manifest = Manifest SHA-256 { $digest }.
not-verified = Automatische Auswertung für die Forschung, nicht geprüft
derived-summary = Übersicht des Ergebnisses.
limitation-of-result = Einschränkung: { $text }
heading-impression = Beurteilung
heading-findings = Befund
heading-limitations = Einschränkungen
heading-conclusions = Aussagekraft
heading-technique = Technik
letters-lacking = Ein ? steht für Buchstaben, die diese Seiten nicht zeigen; der Textbefund zeigt sie.

## Bilder

parts-left-out = Auf den Bildern mit Umrissen { $count ->
    [one] hat 1 Teil
   *[other] haben { $count } Teile
} unter { NUMBER($least, maximumFractionDigits: 0) } mm² keinen Umriss, nur ein Farbareal.
more-in-the-report = { $count ->
    [one] 1 weitere Angabe im Befund
   *[other] { $count } weitere Angaben im Befund
}
heat-looked = Wohin das Netz geschaut hat. Das ist keine Krankheit.
heat-none-in-slice = Wohin das Netz geschaut hat: in dieser Schicht zu wenig zum Einzeichnen.

## Namen der Serien: Betrachter zeigen die ersten 22 Zeichen

description-sc-summary = KI-Übersicht
description-sr-text = KI-Befund
description-sc-heat = KI-Heatmaps
description-sc-heat-all = KI-Heatmaps, alle
description-ko = KI-Schlüsselbilder
description-pr = KI-Umrisse (GSPS)
description-pdf = KI-Befund (PDF)
description-pm = KI-Heatmap-Werte

## Namen der Dinge

side = { $side ->
    [left] links
   *[right] rechts
}
patient-side = { $side ->
    [left] links
   *[right] rechts
} (Patient)
slice-name = Schicht { $slice } von { $slices }
slice-name-image = Schicht { $slice } von { $slices } (Bild { $image })
series-read = { $series }, { $slices ->
    [one] 1 Schicht
   *[other] { $slices } Schichten
}
series-chosen = die gewählte Serie
series = Serie
series-number = Serie { $number }
series-name = Serie „{ $name }“
series-number-name = Serie { $number } „{ $name }“
series-unnumbered = Serie ohne Nummer
series-unnumbered-quoted = Serie ohne Nummer „{ $name }“
series-quoted = Serie { $number } „{ $name }“
role-series = { $role }e Serie
under = unter { $bound }
over = über { $bound }
range = { $low } bis { $high }
with-probability = { $value } (Wahrscheinlichkeit { $probability })
look-first = { $series }, { $slice }: { $why }
shown-in = { $site }: { $shows } in { $planes } von { $slices } Schichten ({ $series }, { $first } bis { $last })

## Auswahl der Serien

chosen = Gewählt.
chosen-as = { $role }: { $series }, { $score } von 100 Punkten.
suitable = Geeignet, besser ist aber { $series }.
not-used = Nicht verwendet: { $reason }.
score-below = weniger als { $score } Punkte
refused = { $series }: { $reason }.
kinds-of-images = Die Serie enthält { $kinds } Arten von Bildern; gemeint sind { $meant }.
images-of-kind = die Bilder der Art „{ $kind }“
images-counted = { $images } Bilder
repeats-left-out = Ausgelassen: { $repeats ->
    [one] 1 Wiederholung
   *[other] { $repeats } Wiederholungen
} an denselben Positionen; behalten: { $kept }.
not-found = Keine { $wanted } gefunden.
not-found-so = Keine { $wanted } gefunden: { $without }.
no-series-shows = Keine Serie zeigt { $shown } wie benötigt.
no-readable-series = Die Untersuchung enthält keine lesbare Serie.
more-reasons = { $count } weitere Gründe stehen in der Tabelle.
what-is-read = das Gesuchte

## Gründe: wie Serien heißen

reason-T1 = T1
reason-T2 = T2
reason-proton_density = Protonendichte
reason-STIR = STIR
reason-fat_suppression = Fettsättigung
reason-Dixon_water = Dixon-Wasserbild
reason-Dixon_fat = Dixon-Fettbild
reason-Dixon_in_phase = Dixon In-Phase
reason-Dixon_opposed_phase = Dixon Opposed-Phase
reason-Dixon = Dixon
reason-sacroiliac_joints = Iliosakralgelenke
reason-coronal = koronar
reason-oblique = schräg
reason-axial = axial
reason-sagittal = sagittal
reason-localizer = Localizer
reason-diffusion = Diffusion
reason-derived_image = abgeleitetes Bild
reason-contrast_agent = Kontrastmittel
reason-hip = Hüfte
reason-lumbar_spine = Lendenwirbelsäule
reason-pelvis = Becken
reason-other_part_of_the_body = andere Körperregion

## Gründe: Arten von Bildern

reason-water = Wasser
reason-fat = Fett
reason-in_phase = In-Phase
reason-opposed_phase = Opposed-Phase
reason-phase = Phase
reason-real_or_imaginary = Real- oder Imaginärteil
reason-adc-map = ADC-Karte
reason-anisotropy-map = Anisotropie-Karte
reason-diffusion-image = Diffusionsbild
reason-perfusion-image = Perfusionsbild
reason-subtraction = Subtraktion
reason-projection = Projektion
reason-mean-image = gemitteltes Bild
reason-t1-map = T1-Karte
reason-t2-map = T2-Karte
reason-mosaic = Mosaik kleiner Schichten
reason-localizer-image = Localizer
reason-screen-capture = Bildschirmfoto
reason-derived-image = abgeleitetes Bild
reason-derived-diffusion = abgeleitetes Bild (ADC)

## Gründe: warum eine Serie nicht verwendet wird

reason-not-mr = keine MR-Bilder (Modalität { $modality })
reason-not-mr-unnamed = keine MR-Bilder (Modalität nicht angegeben)
reason-other-mr-class = MR-Objekte einer Art, die nicht gelesen wird ({ $name })
reason-no-pixels = Objekte ohne Bilddaten
reason-no-place = Lage der Bilder im Patienten oder Pixelabstand nicht angegeben
reason-marked-as = { $kind } laut Bildtyp
reason-diffusion-imaging = Diffusionsbildgebung (b bis { NUMBER($b_value, maximumFractionDigits: 0) } s/mm²)
reason-echo-planar = echoplanare Bildgebung
reason-diffusion-by-name = Diffusionsbildgebung laut Name
reason-complex-part = Teilbild einer komplexen Serie ({ $kind })
reason-dixon-component = Teilbild einer Dixon-Serie ({ $kind })
reason-many-orientations = Localizer oder andere Mischung aus { $orientations } Orientierungen
reason-localizer-by-name = Localizer laut Name und Sequenz
reason-one-slice = nur { $slices } Schicht in einer Orientierung, mindestens { $needed } nötig
reason-few-slices = nur { $slices } Schichten in einer Orientierung, mindestens { $needed } nötig
reason-marked-derived = als abgeleitet gekennzeichnet
reason-reformatted = reformatiertes Bild, nicht das aufgenommene
reason-reformatted-3d-spin-echo = reformatiert aus einem 3D-Spinecho
reason-reformatted-from-3d = Die Schichten sind aus einer 3D-Aufnahme reformatiert.

## Gründe: Kontrast

reason-repetition-time = TR { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-echo-time = TE { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-inversion-time = TI { NUMBER($ms, maximumSignificantDigits: 4) } ms
reason-no-times = keine Zeiten angegeben
reason-other-times = { $times }
reason-after-contrast = { $reason } (nach Kontrastmittelgabe)
reason-contrast-agent-given = nach Kontrastmittelgabe
reason-after-contrast-agent = Die Bilder wurden nach Kontrastmittelgabe aufgenommen.
reason-fat-suppressed = fettgesättigt: benötigt wird T1-Wichtung ohne Fettsättigung
reason-fat-suppressed-by-name = laut Name fettgesättigt: benötigt wird T1-Wichtung ohne Fettsättigung
reason-fat-suppressed-name-only = { $contrast }; Fettsättigung laut Name, nicht laut Header
reason-in-opposed-phase = { $contrast }, Opposed-Phase
reason-not-t1 = nicht T1-gewichtet: { $contrast }
reason-t1-spin-echo = T1-gewichtetes Spinecho ({ $times })
reason-t1-inversion-recovery = T1-gewichtete Inversion-Recovery ({ $times })
reason-weak-t1-gradient-echo = Gradientenecho mit schwacher T1-Wichtung ({ $times })
reason-inversion-recovery = Inversion-Recovery ({ $times })
reason-gradient-echo = Gradientenecho ({ $times })
reason-not-fluid-sensitive = nicht flüssigkeitssensitiv mit Fettsättigung: { $contrast }
reason-nulls-fat = Inversion-Recovery mit Fettunterdrückung, andere Zeiten nicht angegeben ({ $times })
reason-taken-as-stir = Inversion-Recovery, als STIR gewertet: Inversionszeit nicht angegeben ({ $times })
reason-unknown-inversion-time = Inversion-Recovery mit unbekannter Inversionszeit ({ $times })
reason-inversion-short-repetition = Inversion-Recovery mit kurzer Repetitionszeit ({ $times })
reason-stir = STIR ({ $times })
reason-near-stir = Inversion-Recovery nahe STIR ({ $times })
reason-fat-not-nulled = Inversionszeit unterdrückt Fett nicht ({ $times })
reason-short-repetition-time = kurze Repetitionszeit ({ $times })
reason-no-fat-suppression = keine Fettsättigung laut Header oder Name ({ $times })
reason-echo-time-out-of-range = Echozeit außerhalb des Bereichs ({ $times })
reason-with-fat-suppression = mit Fettsättigung
reason-fat-suppressed-contrast = { $weighting }-gewichtet, { $how } ({ $times })
reason-fat-suppressed-contrast-by-name = { $weighting }-gewichtet, { $how }, nur laut Name ({ $times })
reason-long-echo-train = Echozug mit { NUMBER($length, maximumFractionDigits: 0) } Echos
reason-no-times-other-name = TR und TE fehlen, der Name besagt: { $name }
reason-no-times-no-name = TR und TE fehlen, der Name besagt nicht: { $name }
reason-no-times-so-name = TR und TE fehlen, daher gilt der Name
reason-known-by-name-only = TR und TE fehlen: Die Art der Bilder ist nur aus dem Namen bekannt.

## Gründe: wiederholte, beschädigte oder fehlende Bilder

reason-kept-temporal-position = Zeitpunkt { $number }
reason-kept-acquisition = Akquisition { $number }
reason-kept-lowest-number = die niedrigste Bildnummer
reason-pixels-damaged = { $damaged } von { $slices } Schichten nicht lesbar ({ $codes }).
reason-repeated-positions = { $dropped } Schichten wiederholen eine Position und wurden ausgelassen.
reason-missing-slice = 1 Schicht fehlt zwischen { $before } und { $after } ({ NUMBER($gap_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm statt { NUMBER($spacing_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm).
reason-missing-slices = { $missing } Schichten fehlen zwischen { $before } und { $after } ({ NUMBER($gap_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm statt { NUMBER($spacing_mm, minimumFractionDigits: 1, maximumFractionDigits: 1) } mm).
reason-unequal-spacing = Ungleiche Schichtabstände, bis { NUMBER($unequal_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm Abweichung von { NUMBER($spacing_mm, minimumFractionDigits: 2, maximumFractionDigits: 2) } mm.

## Gründe: warum eine Untersuchung unvollständig sein kann

reason-IMAGES_REFUSED = Nicht gespeicherte und nicht erneut gesendete Bilder: { NUMBER($count, maximumFractionDigits: 0) }.
reason-TRANSFER_BROKEN = Die Übertragung der Untersuchung brach ab und wurde nicht zu Ende wiederholt.
    .so = Es können Bilder fehlen.
reason-FEWER_THAN_ANNOUNCED = Serie { $number }: { NUMBER($announced, maximumFractionDigits: 0) } Bilder angekündigt, { NUMBER($found, maximumFractionDigits: 0) } vorhanden.
reason-SLICES_MISSING = Fehlende Schichten in der { $role }en Serie: { NUMBER($missing, maximumFractionDigits: 0) }.

## Gründe: was die Quellbilder erwarten lassen

reason-SOURCE_LOSSY = { $Role }e Bilder wurden verlustbehaftet komprimiert: Feine Details können fehlen.
reason-IDENTITY_SHORTENED = Länger als in DICOM erlaubt, hier gekürzt: { $attributes }.
reason-IDENTITY_LEFT_OUT = In den Quellbildern unzulässig, hier leer gelassen: { $attributes }.
reason-IDENTITY_NOT_LEGAL = In den Quellbildern unzulässig, unverändert übernommen: { $attributes }.

## Gründe: Fehlercodes einer Untersuchung (auf Englisch in der Tabelle der Codes)

reason-FILE_EMPTY = Die Datei ist leer; bitte erneut senden.
reason-FILE_TOO_LARGE = Die Datei ist größer, als ein Bild sein kann; sie wird nicht gelesen.
reason-FILE_UNREADABLE = Die Datei lässt sich nicht öffnen; Rechte und Datenträger prüfen.
reason-NOT_DICOM = Die Datei beginnt nicht wie eine DICOM-Datei (PS3.10); sie wird nicht gelesen.
reason-DEFLATE_TOO_LARGE = Die komprimierte Datei enthält mehr als erlaubt; sie wird nicht gelesen.
reason-HEADER_DAMAGED = Der Header ist beschädigt; bitte das Bild erneut senden.
reason-MEDIA_DIRECTORY = Die Datei ist ein DICOMDIR, ein Verzeichnis ohne Bild; sie wird nicht benötigt.
reason-NO_IDENTITY = Dem Objekt fehlt eine UID zur Zuordnung; es wird nicht gelesen.
reason-TOO_MANY_FRAMES = Das Objekt hat mehr Frames, als gelesen werden.
reason-DUPLICATE_INSTANCE = Dasselbe Objekt kam in zwei Dateien; die erste zählt.
reason-OTHER_STUDY = Bilder einer anderen Untersuchung lagen bei; bitte getrennt senden.
reason-NO_IMAGES = Die gewählte Serie enthält keine Bilder; bitte erneut senden.
reason-NO_GEOMETRY = Ein Bild nennt seine Lage im Patienten nicht; die Serie wird nicht gelesen.
reason-NOT_PARALLEL = Die Schichten haben mehrere Raster oder Richtungen; die Serie wird nicht gelesen.
reason-VOLUME_TOO_LARGE = Die Serie hat mehr Voxel, als gelesen werden.
reason-PIXELS_DAMAGED = Zu viele Schichten der Serie sind nicht lesbar; bitte erneut senden.
reason-PLANE_SIZE = Zeilen und Spalten eines Bildes sind unbrauchbar; es wird ausgelassen.
reason-NOT_GRAY = Das Bild ist farbig; nur Graustufenbilder werden gelesen.
reason-CODED_SIZE = Das komprimierte Bild hat eine andere Größe als sein Header; es wird ausgelassen.
reason-DECODER_CRASHED = Das komprimierte Bild ist beschädigt (Absturz des Decoders); es wird ausgelassen.
reason-SOURCE_UNREADABLE = Ein gespeichertes Quellbild ist nicht mehr lesbar; Datenträger prüfen.
reason-NO_SOURCE_IMAGE = Kein Bild der Untersuchung war lesbar; es gibt nichts zu befunden.
