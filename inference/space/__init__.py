"""Geometry: orientation and grids of volumes, grids of networks, and surfaces in them."""

from inference.space.grids import matching_slice, resample, same_grid, same_space, to_index, to_patient
from inference.space.network_grid import (
    PlaneMapping,
    neighbor_indices,
    network_mapping,
    normalized,
    slice_places_mm,
    smoothed,
    standardized,
)
from inference.space.orientation import Turn, check_standard, standard, standard_turn
from inference.space.surfaces import Steps, distance_to, least_surface, surface_band, surface_distance

__all__ = [
    "PlaneMapping",
    "Steps",
    "Turn",
    "check_standard",
    "distance_to",
    "least_surface",
    "matching_slice",
    "neighbor_indices",
    "network_mapping",
    "normalized",
    "resample",
    "same_grid",
    "same_space",
    "slice_places_mm",
    "smoothed",
    "standard",
    "standard_turn",
    "standardized",
    "surface_band",
    "surface_distance",
    "to_index",
    "to_patient",
]
