import subprocess
import sys

import pytest

from pipeline.transforms.augment_sets import SETS
from pipeline.transforms.augment_spec import NOT_FOR_POINTS, REFUSED, build, check_augmentation


@pytest.mark.parametrize("name", SETS)
def test_named_sets_are_what_albumentations_accepts(name):
    transforms, messages = build(name, "augment", points=True)
    assert messages == []
    assert len(transforms) == len(SETS[name])


@pytest.mark.parametrize(
    "spec",
    [
        [],
        ["HorizontalFlip"],
        ["light", {"CoarseDropout": {"p": 0.3}}],
        [{"HorizontalFlip": None}],
        [{"OneOf": ["Blur", {"MedianBlur": {"blur_limit": 3}}]}],
        [{"SomeOf": {"transforms": ["Blur", "RandomGamma"], "n": 2, "p": 0.5}}],
        [{"OneOf": [{"Sequential": ["HorizontalFlip", "VerticalFlip"]}, "RandomRotate90"]}],
        [{"Affine": {"scale": {"x": [0.9, 1.1], "y": 1.0}, "border_mode": "BORDER_REFLECT_101"}}],
    ],
)
def test_good_lists_pass(spec):
    assert check_augmentation(spec, "augment") == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ligt", "a: unknown set 'ligt'. Did you mean 'light'?"),
        ({"HorizontalFlip": {}}, "a: must be a set's name or a list."),
        (["HorizontlFlip"], "a[0]: unknown transform 'HorizontlFlip'. Did you mean 'HorizontalFlip'?"),
        ([3], "a[0]: must be a name or {name: arguments}. Received: 3."),
        ([{"Blur": {}, "Affine": {}}], "a[0]: must be a name or {name: arguments}."),
        ([{"Affine": 3}], "a[0].Affine: its arguments must be a mapping. Received: 3."),
        ([{"Affine": {"scael": 1}}], "a[0].Affine.scael: unknown argument. Did you mean 'scale'?"),
        ([{"Affine": {"strict": False}}], "a[0].Affine.strict: unknown argument."),
        (
            ["Blur", {"Affine": {"p": 2}}],
            "a[1].Affine.p: Input should be less than or equal to 1. Received: 2.",
        ),
        ([{"RandomRotate90": {"p": 2}}], "a[0].RandomRotate90.p: Input should be less than or equal to 1."),
        ([{"RandomCrop": {"width": 9}}], "a[0].RandomCrop.height: Field required."),
        ([{"CoarseDropout": {"num_holes_range": [3, 1]}}], "a[0].CoarseDropout.num_holes_range: First value"),
        ([{"Affine": {"border_mode": "BORDER_REFLCT"}}], "Did you mean 'BORDER_REFLECT'?"),
        (["Normalize"], "a[0]: Normalize cannot be used: pictures must stay uint8"),
        ([{"Mosaic": {}}], "a[0]: Mosaic cannot be used: it needs other pictures"),
        ([{"OneOf": []}], "a[0].OneOf.transforms: must hold at least one transform."),
        ([{"OneOf": {"p": 0.5}}], "a[0].OneOf: needs a list of transforms."),
        ([{"OneOf": {"transforms": ["Blur"], "p": 3}}], "a[0].OneOf.p: must be a number from 0 to 1."),
        ([{"OneOf": {"transforms": ["Blur"], "n": 1}}], "a[0].OneOf.n: unknown argument."),
        (
            [{"OneOf": [{"Blur": {"p": 0}}]}],
            "a[0].OneOf: at least one of its transforms must have p above 0.",
        ),
        ([{"SomeOf": {"transforms": ["Blur"], "n": 2}}], "a[0].SomeOf.n: must be a whole number"),
        (
            [{"OneOf": [{"OneOf": ["Blr"]}]}],
            "a[0].OneOf.transforms[0].OneOf.transforms[0]: unknown transform",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(spec, message):
    (found,) = check_augmentation(spec, "a")
    assert message in found


def test_all_mistakes_are_found_at_once():
    assert len(check_augmentation(["Blr", {"Affine": {"p": 2, "rotate": "x"}}, "Normalize"], "a")) == 4


@pytest.mark.parametrize("name", NOT_FOR_POINTS)
def test_transforms_that_lose_points_are_refused_where_there_are_points(name):
    (message,) = check_augmentation([{"OneOf": [name]}], "a", points=True)
    assert f"{name} cannot be used where points or boxes must follow" in message


def test_refused_names_exist():
    import albumentations

    assert [name for name in (*REFUSED, *NOT_FOR_POINTS) if not hasattr(albumentations, name)] == []


def test_a_named_set_is_checked_without_importing_albumentations():
    code = (
        "import sys; from pipeline.transforms.augment_spec import check_augmentation as check;"
        "from pipeline.transforms import augment, mix, test_time, views;"
        "assert check('heavy', 'a') == [];"
        "sys.exit(bool({'albumentations', 'cv2', 'scipy', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
