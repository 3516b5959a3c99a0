"""What was measured of the heat maps of this application, for the caption below each."""

HEAT_AREA, BRIGHTNESS_AREA, PATIENTS = 0.68, 0.87, 7
"""Mean areas under the curve against edema that readers marked: of the heat that is sent, and of plain brightness
(docs/evaluation/heatmaps.md)."""
HEAT_NOTE = f"On readers' edema: AUC {HEAT_AREA:.2f}, brightness {BRIGHTNESS_AREA:.2f} ({PATIENTS} patients)"
