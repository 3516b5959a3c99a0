"""The typeface of all pictures."""

from functools import cache

from PIL import ImageFont


@cache
def font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The scalable typeface that comes with Pillow, so that pictures look the same on every machine."""
    return ImageFont.load_default(size_px)
