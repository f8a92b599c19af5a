"""Masks in files: a folder of them beside the pictures, or one in each picture's folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.data.source import Source
from pipeline.draft import pictures as files
from pipeline.draft.choice import words
from pipeline.draft.classes import TEST_FOLDERS

MASK_WORDS = {"mask", "masks", "segmentation", "segmentations", "labels", "label", "annotations", "gt"}
ENDING = re.compile(r"[_-](mask|segmentation|label|gt)$", re.IGNORECASE)
LEAST_SHARE = 0.5  # of the masks that must belong to a picture


@dataclass(frozen=True)
class MaskFiles:
    """Patterns of pictures and their masks.

    Attributes:
        train: of the training pictures, which take the place of a table.
        masks: of the masks' files.
        count: how many pictures there are.
    """

    train: str
    masks: str
    count: int

    @property
    def reason(self) -> str:
        return f"no training table: {self.count:,} pictures with masks in files ({self.masks})"


def find_masks(source: Source, key: str, asked_ids: Sequence[str]) -> MaskFiles | None:
    """Returns where pictures and masks lie, None where no files are masks.

    Args:
        source: the competition's files.
        key: the sample's id column.
        asked_ids: the sample's ids, whose pictures are none of training.
    """
    paths = [PurePosixPath(name) for name in source.names() if files.is_picture(name)]
    masks = [path for path in paths if is_mask(path)]
    wanted = set(asked_ids)
    pictures = [
        path
        for path in paths
        if not is_mask(path) and not ({path.stem, path.name} & wanted) and not _of_test(path)
    ]
    pairs = [pair for path in masks[:: max(1, len(masks) // 200)] if (pair := _pair(path, pictures, key))]
    if not pairs or len(pairs) < LEAST_SHARE * min(len(masks), 200):
        return None
    (train, mask), _ = Counter(pairs).most_common(1)[0]
    return MaskFiles(train, mask, len(pictures))


def is_mask(path: PurePosixPath) -> bool:
    """Says whether a picture lies in a folder, or has a name, of masks."""
    return bool(MASK_WORDS & set(words(str(path.parent)))) or bool(ENDING.search(path.stem))


def _of_test(path: PurePosixPath) -> bool:
    return bool(TEST_FOLDERS & {word for part in path.parts[:-1] for word in words(part)})


def _pair(mask: PurePosixPath, pictures: Sequence[PurePosixPath], key: str) -> tuple[str, str] | None:
    """Returns the patterns of a picture and of this mask of it, or None where it has no picture."""
    field = "{" + key + "}"
    stem = ENDING.sub("", mask.stem)
    for picture in pictures:
        if picture.stem in mask.parts[:-1]:  # a folder per picture
            parts = [field if part == picture.stem else part for part in mask.parts[:-1]]
            return _pattern(picture, field), "/".join([*parts, f"*{mask.suffix}"])
    for picture in pictures:
        if picture.stem == stem:
            name = mask.name.replace(stem, field, 1)
            return _pattern(picture, field), "/".join([*mask.parts[:-1], name])
    return None


def _pattern(picture: PurePosixPath, field: str) -> str:
    parts = [field if part == picture.stem else part for part in picture.parts[:-1]]
    return "/".join([*parts, field + picture.suffix])
