import importlib
import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.networks import pretrained
from pipeline.networks.backbones import BACKBONES, find_backbone
from pipeline.networks.building import build_extractor
from pipeline.networks.config import CNNConfig
from pipeline.networks.keras_import import load_keras
from pipeline.networks.layers import preprocess
from pipeline.networks.pretrained import read_pretrained
from pipeline.networks.structure import ExtractorStructure


def test_every_keras_application_has_a_record():
    applications = load_keras().applications
    constructors = {name for name in dir(applications) if name[0].isupper()}
    assert {record.constructor for record in BACKBONES.values()} == constructors


def test_conventions_agree_with_keras():
    keras = load_keras()
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    modules = {
        "mobilenet_v2": "mobilenet_v2", "densenet121": "densenet", "resnet50": "resnet", "vgg16": "vgg16",
        "convnext_tiny": "convnext", "resnet50_v2": "resnet_v2",
        "mobilenet_v3_small": "mobilenet_v3", "xception": "xception", "nasnet_mobile": "nasnet",
        "inception_v3": "inception_v3", "efficientnet_v2_s": "efficientnet_v2", "mobilenet": "mobilenet",
        "inception_resnet_v2": "inception_resnet_v2", "vgg19": "vgg19",
    }  # fmt: skip
    for name, module in modules.items():
        theirs = importlib.import_module(f"keras.applications.{module}").preprocess_input(pictures.copy())
        ours = preprocess(keras, keras.ops.convert_to_tensor(pictures), BACKBONES[name].convention)
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-3, atol=2e-4, err_msg=name)


@pytest.mark.slow
@pytest.mark.usefixtures("untraced")
def test_efficientnet_says_what_keras_says_with_its_imagenet_weights(tmp_path, monkeypatch):
    keras, shape = load_keras(), (64, 64, 3)
    plain = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=shape)
    norm = next(layer for layer in plain.layers if isinstance(layer, keras.layers.Normalization))
    norm.adapt_mean.assign([0.485, 0.456, 0.406])
    norm.adapt_variance.assign([0.229**2, 0.224**2, 0.225**2])
    path = tmp_path / "efficientnetb0_notop.weights.h5"
    plain.save_weights(path)
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_, **__: str(path))
    theirs = keras.applications.EfficientNetB0(
        include_top=False, weights="imagenet", input_shape=shape, pooling="avg"
    )
    pretrained._imagenet.cache_clear()
    config = CNNConfig(kind="cnn", backbone="efficientnet_b0", weights="imagenet")
    structure = ExtractorStructure("efficientnet_b0", 1.0, shape, "avg", False)
    values = read_pretrained(config, structure, {})
    pretrained._imagenet.cache_clear()
    pictures = np.random.default_rng(0).integers(0, 255, (2, *shape), dtype=np.uint8)
    wanted = theirs.predict_on_batch(pictures.astype("float32"))
    for learns in (False, True):
        ours = build_extractor(structure, learns)
        for variable, value in zip(ours.weights, values, strict=True):
            variable.assign(value)
        np.testing.assert_allclose(ours.predict_on_batch(pictures), wanted, rtol=1e-3, atol=1e-4)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ConfigError, match=r"Unknown backbone 'MobileNet_V2'. Did you mean 'mobilenet_v2'\?"):
        find_backbone("MobileNet_V2")


@pytest.mark.shared
@pytest.mark.parametrize(
    "backbone, alpha, file",
    [
        ("mobilenet", 0.25, "keras/models/mobilenet_2_5_224_tf_no_top.h5"),
        ("mobilenet_v2", 1.0, "weights/mobilenet_v2_1.0_224_no_top_dequantised.h5"),
    ],
)
def test_published_weights_fit_at_any_size(backbone, alpha, file):
    shared = Path(os.environ.get("PIPELINE_SHARED", Path(__file__).parents[2].parent / "shared"))
    if not (shared / file).is_file():
        pytest.skip(f"{shared / file} is not there; PIPELINE_SHARED names the folder")
    config = CNNConfig(kind="cnn", backbone=backbone, alpha=alpha, weights=str(shared / file))
    assert config.problems("models.cnn") == []
    values = read_pretrained(config, ExtractorStructure(backbone, alpha, (96, 96, 3), "avg", False), {})
    means = [value for value in values if value.ndim == 1]
    assert all(np.isfinite(value).all() for value in values)
    assert sum(np.ptp(value) == 0 for value in means) < len(means) / 10  # untrained: all are constant
