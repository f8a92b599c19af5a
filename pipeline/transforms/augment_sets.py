"""Named sets of augmentations, in the form in which a YAML would state them."""

from __future__ import annotations

from typing import Any

_FLIP = {"HorizontalFlip": {"p": 0.5}}

SETS: dict[str, list[Any]] = {
    "none": [],
    # Photographs: flips, small moves, light.
    "light": [
        _FLIP,
        {
            "Affine": {
                "scale": [0.9, 1.1],
                "translate_percent": [-0.06, 0.06],
                "rotate": [-10, 10],
                "border_mode": "BORDER_REFLECT_101",
                "p": 0.7,
            }
        },
        {"RandomBrightnessContrast": {"brightness_limit": 0.15, "contrast_limit": 0.15, "p": 0.5}},
    ],
    # Photographs, few per class: large moves, light, colour, blur or noise, holes.
    "heavy": [
        _FLIP,
        {
            "Affine": {
                "scale": [0.75, 1.25],
                "translate_percent": [-0.12, 0.12],
                "rotate": [-30, 30],
                "shear": [-8, 8],
                "border_mode": "BORDER_REFLECT_101",
                "p": 0.9,
            }
        },
        {
            "OneOf": {
                "transforms": [
                    {"RandomBrightnessContrast": {"brightness_limit": 0.3, "contrast_limit": 0.3}},
                    {"RandomGamma": {"gamma_limit": [70, 140]}},
                    {"ColorJitter": {"saturation": [0.7, 1.3], "hue": [-0.05, 0.05]}},
                ],
                "p": 0.8,
            }
        },
        {
            "OneOf": {
                "transforms": [
                    {"GaussianBlur": {"sigma_limit": [0.3, 1.2], "blur_limit": 0}},
                    {"GaussNoise": {"std_range": [0.02, 0.06]}},
                ],
                "p": 0.2,
            }
        },
        {
            "CoarseDropout": {
                "num_holes_range": [1, 3],
                "hole_height_range": [0.1, 0.25],
                "hole_width_range": [0.1, 0.25],
                "p": 0.4,
            }
        },
    ],
    # Seen from above, or through a microscope: no side is up.
    "dihedral": [
        {"SquareSymmetry": {"p": 1.0}},
        {
            "Affine": {
                "scale": [0.8, 1.25],
                "rotate": [-20, 20],
                "border_mode": "BORDER_REFLECT_101",
                "p": 0.6,
            }
        },
        {"RandomBrightnessContrast": {"brightness_limit": 0.2, "contrast_limit": 0.2, "p": 0.5}},
    ],
    # What stays the same thing, for pretraining by two views: a part of it, light, colour, sharpness. Moves
    # make the part, so that it has the picture's own size (Chen et al., "SimCLR", ICML 2020, figure 5).
    "views": [
        {
            "Affine": {
                "scale": [1.0, 1.8],
                "translate_percent": [-0.15, 0.15],
                "rotate": [-10, 10],
                "border_mode": "BORDER_REFLECT_101",
                "p": 1.0,
            }
        },
        {
            "ColorJitter": {
                "brightness": [0.6, 1.4],
                "contrast": [0.6, 1.4],
                "saturation": [0.6, 1.4],
                "hue": [-0.1, 0.1],
                "p": 0.8,
            }
        },
        {"GaussianBlur": {"sigma_limit": [0.1, 1.0], "blur_limit": 0, "p": 0.5}},
    ],
    # Characters and symbols, which a flip would turn into others.
    "digits": [
        {
            "Affine": {
                "scale": [0.9, 1.1],
                "translate_percent": [-0.08, 0.08],
                "rotate": [-10, 10],
                "shear": [-8, 8],
                "border_mode": "BORDER_REPLICATE",
                "p": 0.9,
            }
        },
    ],
}

# A set that is a change of its own, and no part of a list: see `pipeline.transforms.spectrogram`.
OF_SOUND = "spectrogram"
