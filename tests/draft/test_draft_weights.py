import h5py
import pytest

from pipeline.draft.weights import FETCHED, Weights, present_weights, usable_weights
from pipeline.networks.backbones import BACKBONES
from pipeline.networks.weights_file import expected_count, keras_home


def write_weights(path, count):
    """A file of so many values, none of which is on the disk."""
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = ["all"]
        file.create_dataset("all/kernel", (count,), "float32")


@pytest.mark.parametrize(
    "file, backbone, alpha",
    [
        ("mobilenet_2_5_224_tf_no_top.h5", "mobilenet", 0.25),
        ("mobilenet_1_0_224_tf_no_top.h5", "mobilenet", 1.0),
        ("mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5", "mobilenet_v2", 0.35),
        ("weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5", "mobilenet_v3_small", 1.0),
        ("efficientnetb0_notop.h5", "efficientnet_b0", 1.0),
        ("efficientnetv2-b0_notop.h5", "efficientnet_v2_b0", 1.0),
        ("resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "resnet50", 1.0),
        ("resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5", "resnet50_v2", 1.0),
        ("densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "densenet121", 1.0),
        ("convnext_tiny_notop.h5", "convnext_tiny", 1.0),
    ],
)
def test_files_of_keras(tmp_path, file, backbone, alpha):
    write_weights(tmp_path / "models" / file, expected_count(backbone, alpha))
    assert present_weights(tmp_path) == [Weights(backbone, alpha)]
    assert backbone in BACKBONES


def test_other_files_and_other_sizes_are_not_taken(tmp_path):
    (tmp_path / "models").mkdir()
    for file in ("mobilenet_2_5_128_tf_no_top.h5", "mobilenet_2_5_224_tf.h5", "mine.h5"):
        (tmp_path / "models" / file).write_bytes(b"")
    assert present_weights(tmp_path) == []


def test_what_is_there_goes_before_what_can_be_fetched(tmp_path):
    assert usable_weights(tmp_path, fetching=True) == [FETCHED]
    assert usable_weights(tmp_path, fetching=False) == []
    write_weights(tmp_path / "models" / "efficientnetb0_notop.h5", expected_count("efficientnet_b0", 1.0))
    assert usable_weights(tmp_path, fetching=True) == [Weights("efficientnet_b0")]


def test_keras_home_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_home() == tmp_path


def test_a_file_that_does_not_hold_what_it_is_called_is_left_out(tmp_path):
    write_weights(tmp_path / "models" / "mobilenet_2_5_224_tf_no_top.h5", expected_count("mobilenet", 0.5))
    (tmp_path / "models" / "efficientnetb0_notop.h5").write_bytes(b"<html>")
    assert present_weights(tmp_path) == []
