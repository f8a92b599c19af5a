"""RandAugment changes a picture so many times and so strongly as it is told; masks and points follow."""

import numpy as np
import pytest

from pipeline.config.space import parse_space
from pipeline.networks.config import CNNConfig
from pipeline.networks.dense.centre_config import CenterNetConfig
from pipeline.networks.dense.config import UNetConfig
from pipeline.transforms.augment import Augmenter
from pipeline.transforms.augment_spec import build, check_augmentation
from pipeline.transforms.rand_augment import rand_augment

SEEDS = range(30)


def spec(**numbers):
    return {"randaugment": numbers}


def picture(channels=3):
    down, across = np.mgrid[:32, :40]
    shades = (40 + 3 * down + 2 * across).astype(np.uint8)
    return np.stack([np.roll(shades, 7 * channel, axis=1) for channel in range(channels)], axis=2)


def change(seen, **numbers):
    augmenter = Augmenter(spec(**numbers))
    return np.mean([np.abs(augmenter(seen, seed)[0].astype(int) - seen).mean() for seed in SEEDS])


@pytest.mark.parametrize("channels", [1, 3])
def test_stronger_and_more_changes_change_more(channels):
    seen = picture(channels)
    assert change(seen, n=1, m=2) < change(seen, n=1, m=9) < change(seen, n=4, m=9)


def test_how_many_are_drawn_of_the_papers_fourteen():
    (group,), _ = build(spec(n=3, m=5), "augment")
    assert (group.n, group.replace, len(group.transforms)) == (3, True, 14)
    assert all(one.p == 1.0 for one in group.transforms)
    assert build(["light", spec()], "augment")[0][-1].n == 2
    assert rand_augment(2, 9)["SomeOf"]["transforms"][3]["Solarize"]["threshold_range"][0] == pytest.approx(
        0.1
    )


def test_mask_and_points_move_with_the_picture():
    """The middle of a disc is where the point on it has come to, by the same draws."""
    augmenter, seen = Augmenter(spec(n=2, m=6)), picture()
    down, across = np.mgrid[:32, :40]
    disc = ((down - 14) ** 2 + (across - 21) ** 2 <= 16).astype(np.uint8)[:, :, None]
    moved = 0
    for seed in SEEDS:
        shown, mask = augmenter.with_mask(seen, disc, seed)
        again, point = augmenter(seen, seed, np.array([[21.0, 14.0]]))
        np.testing.assert_array_equal(shown, again)
        assert set(np.unique(mask)) <= {0, 1}
        if not (6 < point[0, 0] < 33 and 6 < point[0, 1] < 25):
            continue  # a reflection beside it
        found = np.argwhere(mask[:, :, 0]).mean(axis=0)[::-1]
        np.testing.assert_allclose(found, point[0], atol=0.7)
        moved += not np.allclose(point, [[21.0, 14.0]])
    assert moved > 5


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (spec(n=0), "a.randaugment.n: must be a whole number from 1 to 10. Received: 0."),
        (spec(m=11), "a.randaugment.m: must be a number from 0 to 10. Received: 11."),
        (spec(k=2), "a.randaugment.k: unknown argument. Accepted: n, m."),
        ({"randaugment": 3}, "a.randaugment: needs {n: how many, m: how strong}. Received: 3."),
        ([spec(m=True)], "a[0].randaugment.m: must be a number from 0 to 10. Received: True."),
        (["randaugmnt"], "a[0]: unknown transform 'randaugmnt'. Did you mean 'randaugment'?"),
    ],
)
def test_what_is_wrong_is_named(said, message):
    assert check_augmentation(said, "a") == [message]


def test_a_bare_name_has_the_papers_numbers():
    assert check_augmentation(spec(), "a", points=True) == []
    assert check_augmentation(["randaugment"], "a") == []


@pytest.mark.parametrize(
    "section",
    [
        CNNConfig(kind="cnn", backbone="4C3 GAP", augment=spec()),
        CNNConfig(kind="cnn", augment=spec()),
        UNetConfig(kind="unet", augment=spec()),
        CenterNetConfig(kind="centernet", augment=spec()),
    ],
)
def test_both_numbers_are_searched(section):
    space, messages = parse_space(section.space(), section)
    values = {"augment.randaugment.n": 3, "augment.randaugment.m": 4}
    assert messages == []
    assert set(values) <= {one.name for one in space.parameters}
    assert space.apply(section, values).augment == spec(n=3, m=4)
    assert "augment.randaugment.n" not in CNNConfig(kind="cnn").space()
