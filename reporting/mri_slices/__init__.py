"""What the published models say of slices, in words, codes and pictures."""

from reporting.mri_slices.presentation import SlicesPresentation

__all__ = ["SlicesPresentation"]
