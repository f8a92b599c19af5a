"""Weights that do not fit are refused while the configuration is read."""

import zipfile

import h5py
import pytest

from pipeline.networks.building import application
from pipeline.networks.config import CNNConfig
from pipeline.networks.weight_counts import COUNTS
from pipeline.networks.weights_file import count_values, expected_count, misfit, network_of

QUARTER = expected_count("mobilenet", 0.25)


def problems(**keys):
    return CNNConfig(kind="cnn", backbone="mobilenet", **keys).problems("models.cnn")


def write(path, count, older=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        if older:
            file.attrs["layer_names"] = ["all"]
        file.create_dataset("layers/all/vars/0", (count,), "float32")
        file.create_dataset("optimizer/vars/0", (7,), "float32")
    return path


@pytest.mark.parametrize(
    "backbone, alpha", [("mobilenet", 0.25), ("mobilenet_v2", 0.35), ("mobilenet_v3_small", 0.75)]
)
def test_the_counts_are_those_of_keras(tmp_path, backbone, alpha):
    model = application(backbone, alpha, None, None)
    assert COUNTS[backbone][alpha] == model.count_params()
    for name, alone in (("old.h5", True), ("new.weights.h5", False), ("new.keras", False)):
        path = tmp_path / name
        model.save(path) if "weights" not in name else model.save_weights(path)
        assert count_values(path) == (model.count_params(), alone)
        assert misfit(path, backbone, alpha) == ""


def test_weights_of_another_width_are_named(tmp_path):
    path = write(tmp_path / "mine.h5", QUARTER)
    assert problems(weights=str(path), alpha=0.25) == []
    said = " ".join(problems(weights=str(path)))
    assert said.startswith("`models.cnn.weights`")
    assert (
        f"does not fit mobilenet (alpha 1): without its classifier that has {COUNTS['mobilenet'][1.0]:,}"
        in said
    )
    assert f"The file has {QUARTER:,}; it is that of mobilenet (alpha 0.25)." in said


def test_a_classifier_more_is_read_over_in_the_newer_form_only(tmp_path):
    more = QUARTER + 257_000
    assert misfit(write(tmp_path / "a.h5", more, older=False), "mobilenet", 0.25) == ""
    assert "The file has" in misfit(write(tmp_path / "a.h5", more), "mobilenet", 0.25)
    assert "The file has" in misfit(write(tmp_path / "a.h5", QUARTER - 1, older=False), "mobilenet", 0.25)


@pytest.mark.parametrize("name", ["mine.h5", "mine.keras"])
def test_files_that_are_no_weights(tmp_path, name):
    (tmp_path / name).write_bytes(b"<html>")
    assert "cannot be read as weights" in problems(weights=str(tmp_path / name))[0]
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("a", "b")
    assert "cannot be read as weights" in problems(weights=str(tmp_path / name))[0]


def test_a_width_that_nobody_published_is_left_to_keras(tmp_path):
    assert problems(weights=str(write(tmp_path / "mine.h5", 5)), alpha=0.6) == []


def test_files_of_keras_home_are_looked_at_too(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert problems(weights="imagenet", alpha=0.25) == []  # it will be fetched
    write(tmp_path / "models" / "mobilenet_2_5_224_tf_no_top.h5", QUARTER - 1)
    assert "does not fit mobilenet (alpha 0.25)" in problems(weights="imagenet", alpha=0.25)[0]
    assert problems(weights="imagenet", alpha=0.5) == []
    assert network_of("mobilenet_5_0_224_tf_no_top.h5") == ("mobilenet", 0.5)


@pytest.mark.parametrize(
    "other, said",
    [
        (
            {"backbone": "mobilenet", "alpha": 0.5},
            r"'first' is mobilenet (alpha 0.5), this one mobilenet (alpha 1)",
        ),
        ({"backbone": "8C3 FC2"}, r"'first' is 8C3 FC2 (alpha 1), this one mobilenet"),
        ({"backbone": "mobilenet"}, None),
    ],
)
def test_another_networks_weights_must_fit(other, said):
    network = CNNConfig(kind="cnn", backbone="mobilenet", weights="first")
    found = network.relations("models.cnn", {"cnn": network, "first": CNNConfig(kind="cnn", **other)})
    assert (said in found[0]) if said else not found
