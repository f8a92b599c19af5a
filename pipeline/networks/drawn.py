"""Drawn pictures of a fit: those of a generator, and training rows in other textures."""

from __future__ import annotations

import numpy as np

from pipeline.context import Context
from pipeline.data.rows import Rows
from pipeline.networks.config import CNNConfig
from pipeline.networks.generator import drawn_pictures
from pipeline.networks.network import Values
from pipeline.networks.picture_batches import Drawn
from pipeline.networks.structure import ExtractorStructure
from pipeline.networks.stylised import stylised_pictures

TIME = 0.3  # of a limit in time, for either of the two


def drawn_for(
    config: CNNConfig,
    train: Rows,
    pixels: np.ndarray,
    pictures: str,
    structure: ExtractorStructure,
    begin: Values,
    context: Context,
) -> list[Drawn]:
    """Returns the pictures that stand in the place of some of a fit's own, as its section asks for them.

    Args:
        config: the section.
        train: the rows that the fit learns from, which are all that is looked at.
        pixels: uint8 (all rows, h, w, c).
        pictures: names all pixels.
        structure: of the extractor.
        begin: its weights as it begins; nobody looks at them without `stylize`.
        context: cache, report, threads.

    Raises:
        ModelError: the pictures are too large for a generator, or have not 8 bits.
    """
    rows, found = train.positions, []
    limit = config.max_seconds and TIME * config.max_seconds
    if config.generate:
        found.append(drawn_pictures(config.generate, pixels, rows, train.target, pictures, limit, context))
    if config.stylize:
        given = (pixels, rows, pictures, limit, context)
        found.append(stylised_pictures(config.stylize, structure, begin, *given))
    return found
