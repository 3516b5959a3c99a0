"""What was measured of the heat maps of this application: the caption below each says which is larger."""

HEAT_AREA, BRIGHTNESS_AREA, PATIENTS = 0.68, 0.87, 7
"""Mean areas under the curve against edema that readers marked: of the heat that is sent, and of plain brightness
(docs/evaluation/heatmaps.md)."""
