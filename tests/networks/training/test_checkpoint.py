import numpy as np

from pipeline.networks.training.checkpoint import Checkpoint, name_fit


def test_what_is_written_is_read(tmp_path):
    Checkpoint(tmp_path, "fit", seconds=0).write({"epoch": 3}, {"model": [np.arange(3), np.float32(2.5)]})
    facts, groups = Checkpoint(tmp_path, "fit").read()
    assert facts["epoch"] == 3
    np.testing.assert_array_equal(groups["model"][0], np.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == ["progress.npz"]


def test_another_fits_progress_is_not_taken_up(tmp_path):
    Checkpoint(tmp_path, "one", seconds=0).write({}, {"model": []})
    assert Checkpoint(tmp_path, "two").read() is None


def test_a_damaged_file_costs_only_the_progress(tmp_path):
    Checkpoint(tmp_path, "fit", seconds=0).write({}, {"model": [np.zeros(100)]})
    path = tmp_path / "progress.npz"
    path.write_bytes(path.read_bytes()[:200])
    assert Checkpoint(tmp_path, "fit").read() is None


def test_short_epochs_are_not_each_written(tmp_path):
    checkpoint = Checkpoint(tmp_path, "fit", seconds=1000)
    checkpoint.write({}, {})
    assert not checkpoint.path.exists()
    checkpoint.write({}, {}, must=True)
    assert checkpoint.path.exists()


def test_no_folder_keeps_nothing():
    checkpoint = Checkpoint(None, "fit", seconds=0)
    checkpoint.write({}, {}, must=True)
    assert checkpoint.read() is None


def test_a_fits_name_depends_on_all_parts():
    base = name_fit("config", 1, np.arange(3))
    assert base == name_fit("config", 1, np.arange(3))
    assert len({base, name_fit("config", 2, np.arange(3)), name_fit("config", 1, np.arange(4))}) == 3
