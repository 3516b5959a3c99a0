"""What was measured of the heat maps of this application, for the caption below each."""

HEAT_AREA, BRIGHTNESS_AREA, PATIENTS = 0.68, 0.87, 7
"""Mean areas under the curve against edema that readers marked: of the heat that is sent, and of plain brightness
(docs/evaluation/heatmaps.md)."""
