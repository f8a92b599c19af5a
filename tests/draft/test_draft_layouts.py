"""Layouts of well-known contests, generated small: `make new` needs no word more than their files."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config.load import load_config
from pipeline.data.competition import read_competition
from pipeline.data.source import open_source
from pipeline.draft.cost import Machine
from pipeline.draft.draft import make_draft
from pipeline.draft.files import Asked
from pipeline.draft.findings import Surroundings
from pipeline.errors import DataError, PipelineError

ROWS, TEST_ROWS = 60, 20


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def jpg(kind="JPEG"):
    file = io.BytesIO()
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(file, kind)
    return file.getvalue()


def packed(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data if isinstance(data, bytes) else csv(data))
    return file.getvalue()


def csv(table):
    return table.to_csv(index=False).encode()


def ids(first, count, start="p"):
    return [f"{start}{number}" for number in range(first, first + count)]


TRAIN, TEST = ids(0, ROWS), ids(1000, TEST_ROWS)


def drafted(root, files, **asked):
    """Writes the files, drafts, and returns what `make train` will read."""
    for name, data in files.items():
        path = root / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else csv(data))
    around = Surroundings(Machine(threads=2), root / "no weights", fetching=False)
    draft = make_draft("toy", root / "files", Asked(**asked), around)
    config = load_config(draft.write(root / "configs", force=True))
    competition = read_competition(open_source(root / "files", config.data.train), config)
    assert len(competition.test_ids) == TEST_ROWS
    return config, competition


def pictures(folder, names, ending=".jpg"):
    return {f"{folder}{name}{ending}": jpg() for name in names}


def test_a_column_per_breed_and_labels_beside_pictures(tmp_path):
    breeds = ["afghan", "basset", "collie"]
    files = {
        "labels.csv": pd.DataFrame({"id": TRAIN, "breed": breeds * 20}),
        "sample_submission.csv": pd.DataFrame({"id": TEST, **dict.fromkeys(breeds, 1 / 3)}),
        **pictures("train/", TRAIN),
        **pictures("test/", TEST),
    }
    config, competition = drafted(tmp_path, files, metric="log_loss")
    assert (config.data.images, config.data.test_images) == ("train/{id}.jpg", "test/{id}.jpg")
    assert competition.answer.columns == tuple(breeds)


@pytest.mark.parametrize("top", ["", "train/"])
def test_a_folder_per_class_and_test_pictures_beside(tmp_path, top):
    classes = ["Black-grass", "Charlock", "Maize"]
    test = "Test/" if not top else "test/"
    files = {"sample_submission.csv": pd.DataFrame({"image": TEST, "species": "Maize"})}
    for number, name in enumerate(classes):
        files |= pictures(f"{top}{name}/", TRAIN[number::3])
    files |= pictures(test, [*TEST, "unasked"])
    config, competition = drafted(tmp_path, files, metric="f1_micro")
    assert competition.task.outputs == tuple(classes)
    assert len(competition.ids) == ROWS
    assert config.data.test_images == f"{test}{{image}}.jpg"


def test_validation_pictures_are_no_classes(tmp_path):
    files = {"sample_submission.csv": pd.DataFrame({"image": TEST, "species": "oak"})}
    for folder, names in (("train", TRAIN), ("valid", ids(500, 20))):
        files |= pictures(f"{folder}/ash/", names[::2]) | pictures(f"{folder}/oak/", names[1::2])
    _, competition = drafted(tmp_path, files | pictures("test/", TEST), metric="accuracy")
    assert (competition.task.outputs, len(competition.ids)) == (("ash", "oak"), ROWS)


@pytest.mark.parametrize("inside", ["", "train/"])
def test_pictures_in_zips_beside_the_table(tmp_path, inside):
    table = pd.DataFrame({"id": [f"{name}.jpg" for name in TRAIN], "has_cactus": [0, 1, 1] * 20})
    sample = pd.DataFrame({"id": [f"{name}.jpg" for name in TEST], "has_cactus": 0.5})
    files = {
        "train.csv": table,
        "sample_submission.csv": sample,
        "train.zip": packed(pictures(inside, TRAIN)),
        "test.zip": packed(pictures(inside.replace("train", "test"), TEST)),
    }
    config, competition = drafted(tmp_path, files, metric="auc")
    assert (config.data.images, config.data.test_images) == ("train/{id}", "test/{id}")
    assert competition.answer.kind == "probability"
    zipped = {"contest.zip": packed({f"contest/{name}": data for name, data in files.items()})}
    again, _ = drafted(tmp_path / "zipped", zipped, metric="auc")
    assert again.data.images == config.data.images


def test_labels_of_pictures_whose_endings_are_not_said(tmp_path):
    files = {
        "train_labels.csv": pd.DataFrame({"id": TRAIN, "label": [0, 1] * 30}),
        "sample_submission.csv": pd.DataFrame({"id": TEST, "label": 0}),
        "train.zip": packed({f"train/{name}.tif": jpg("TIFF") for name in TRAIN}),
        **{f"test/{name}.tif": jpg("TIFF") for name in TEST},
    }
    config, _ = drafted(tmp_path, files, metric="auc")
    assert (config.data.images, config.data.test_images) == ("train/{id}.tif", "test/{id}.tif")


def test_the_class_in_the_name_of_the_picture(tmp_path):
    files = {
        "sampleSubmission.csv": pd.DataFrame({"id": range(1, TEST_ROWS + 1), "label": 0.5}),
        "train.zip": packed(
            {f"train/{name}.{row}.jpg": jpg() for name in ("cat", "dog") for row in range(30)}
        ),
        "test.zip": packed({f"test/{row}.jpg": jpg() for row in range(1, TEST_ROWS + 1)}),
    }
    config, competition = drafted(tmp_path, files, metric="log_loss")
    assert config.data.train == "train/{label}.{name}.jpg"
    assert (competition.task.outputs, competition.answer.outputs) == (("cat", "dog"), (1,))
    assert competition.target.tolist() == [0] * 30 + [1] * 30


def test_zipped_tables_with_labels_of_which_several_hold(tmp_path, rng):
    labels = ["toxic", "obscene", "threat"]
    train = pd.DataFrame({"id": TRAIN, "comment_text": [f"word {row} and more" for row in range(ROWS)]})
    test = pd.DataFrame({"id": TEST, "comment_text": [f"word {row} and more" for row in range(TEST_ROWS)]})
    train["length"], test["length"] = rng.normal(size=ROWS), rng.normal(size=TEST_ROWS)
    marks = rng.integers(0, 2, (ROWS, 3))
    files = {
        "train.csv.zip": packed({"train.csv": train.assign(**dict(zip(labels, marks.T, strict=True)))}),
        "test.csv.zip": packed({"test.csv": test}),
        "test_labels.csv.zip": packed({"test_labels.csv": test[["id"]].assign(**dict.fromkeys(labels, -1))}),
        "sample_submission.csv.zip": packed({"s.csv": test[["id"]].assign(**dict.fromkeys(labels, 0.5))}),
    }
    config, competition = drafted(tmp_path, files, metric="auc")
    assert (config.data.train, config.data.test) == ("train.csv", "test.csv")
    assert (competition.task.kind, competition.task.outputs) == ("multilabel", tuple(labels))


def test_three_columns_of_which_one_is_1(tmp_path, rng):
    winners = ["winner_model_a", "winner_model_b", "winner_tie"]
    train = pd.DataFrame({"id": range(ROWS), "length": rng.normal(size=ROWS)})
    test = pd.DataFrame({"id": range(900, 900 + TEST_ROWS), "length": rng.normal(size=TEST_ROWS)})
    marks = np.eye(3, dtype=int)[rng.integers(0, 3, ROWS)]
    files = {
        "train.csv": train.assign(**dict(zip(winners, marks.T, strict=True))),
        "test.csv": test,
        "sample_submission.csv": test[["id"]].assign(**dict.fromkeys(winners, 1 / 3)),
    }
    config, competition = drafted(tmp_path, files)
    assert (config.metric, config.data.target) == ("log_loss", winners)
    assert (competition.task.kind, competition.task.outputs) == ("onehot", tuple(winners))
    assert competition.target.tolist() == marks.argmax(axis=1).tolist()


def test_a_sample_that_says_again_what_the_row_is(tmp_path, rng):
    days = pd.date_range("2020-01-01", periods=ROWS + TEST_ROWS).strftime("%Y-%m-%d")
    table = pd.DataFrame({"id": range(5, 5 + ROWS + TEST_ROWS), "Date": days})
    table["size"] = rng.normal(size=len(table))
    train, test = table[:ROWS].assign(sales=rng.normal(10, 3, ROWS)), table[ROWS:]
    sample = test[["id", "Date"]].assign(text=[f"row {row}" for row in range(TEST_ROWS)], sales=0.0)
    sample.insert(0, "", range(TEST_ROWS))
    files = {"train.csv": train, "test.csv": test, "sample_submission.csv": sample}
    config, competition = drafted(tmp_path, files, metric="rmse")
    assert (config.data.id, config.data.target, config.folds.time) == ("id", "sales", "Date")
    assert competition.answer.columns == ("sales",)
    assert competition.passing["text"].tolist() == sample["text"].tolist()
    assert competition.header == ("Unnamed: 0", "id", "Date", "text", "sales")


@pytest.mark.parametrize(
    "files, said",
    [
        ({"train.json": b"[]", "test.json": b"[]"}, r"test.json holds no rows"),
        ({"train.7z": b"7z", "test.7z": b"7z"}, r"holds no test table.*end in .7z have to be unpacked first"),
        ({"train/1.mid": b"x", "test/2.mid": b"x"}, r"holds no test table.*end in .mid are neither tables"),
        (
            {f"{folder}/{row}.png": jpg() for folder in ("train", "train_cleaned", "test") for row in (1, 2)},
            r"holds no training table.*do not lie in a folder per class",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(tmp_path, files, said):
    files["sampleSubmission.csv"] = pd.DataFrame({"id": TEST, "value": 1})
    with pytest.raises(DataError, match=said) as raised:
        drafted(tmp_path, files)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, PipelineError)


def test_run_lengths_are_masks_and_rows_of_one_picture_its_objects(tmp_path):
    files = {
        "train_labels.csv": pd.DataFrame(
            {"ImageId": np.repeat(TRAIN[:30], 2), "EncodedPixels": ["1 2 5 3", "3 1 9 1"] * 30}
        ),
        "sample_submission.csv": pd.DataFrame({"ImageId": TEST, "EncodedPixels": "1 1"}),
        **pictures("train/", TRAIN[:30]),
        **pictures("test/", TEST),
    }
    config, competition = drafted(tmp_path, files)
    assert (config.data.task, config.metric) == ("objects", "object_precision")
    assert len(competition.ids) == 30
    assert [competition.task.truth.count(row) for row in range(30)] == [2] * 30
    assert [section.kind for section in config.models.values()] == ["unet"]


def test_run_lengths_without_pictures_are_refused(tmp_path):
    cells = ["1 2 5 3", "3 1 9 1"] * 30
    files = {
        "train.csv": pd.DataFrame({"id": TRAIN, "rle": cells, "depth": range(60)}),
        "test.csv": pd.DataFrame({"id": TEST, "depth": 1}),
        "sample_submission.csv": pd.DataFrame({"id": TEST, "rle": "1 1"}),
    }
    with pytest.raises(DataError, match=r"Run lengths are masks of pictures, and `data.images` does not say"):
        drafted(tmp_path, files)


def test_files_that_nothing_reads_are_named(tmp_path):
    files = {
        "train.csv": pd.DataFrame({"id": TRAIN, "word": ["yes", "no"] * 30}),
        "test.csv": pd.DataFrame({"id": TEST}),
        "sample_submission.csv": pd.DataFrame({"id": TEST, "word": "yes"}),
        "train.zip": packed({f"train/{name}.mid": b"MThd" for name in TRAIN}),
    }
    with pytest.raises(
        DataError, match=r"nothing to learn from.*end in .mid are neither tables, pictures, sound nor arrays"
    ):
        drafted(tmp_path, files)
