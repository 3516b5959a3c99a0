"""Names of what trainings and evaluations leave in the folder of the runs, and what a bundle is made of."""

REGION_FIGURES = "region-figures.json"
EDEMA_FILE, EDEMA_SOURCE, EDEMA_FIGURES = "edema.keras", "edema.json", "edema-figures.json"
