"""Pictures: where they lie, how they are decoded, and through which view a network sees them."""

from pipeline.inputs.images.images import ImagesInput

__all__ = ["ImagesInput"]
