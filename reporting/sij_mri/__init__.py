"""The sacroiliac application in words, codes and pictures."""

from reporting.sij_mri.presentation import SacroiliacPresentation

__all__ = ["SacroiliacPresentation"]
