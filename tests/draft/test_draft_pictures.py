import pandas as pd
import pytest

from pipeline.errors import DataError


def images(folder, **asked):
    data = folder.config(**asked).data
    return data.images, data.test_images


@pytest.mark.parametrize("ending", ["", ".png"])
def test_ids_as_names_with_and_without_ending(folder, ending):
    ids = list(folder.table["id"])
    folder.table["id"] = folder.table["id"] + ending
    folder.save_all().pictures("photos/{id}.png", ids)
    assert images(folder) == ("photos/{id}" + ("" if ending else ".png"), None)


@pytest.mark.parametrize("ending", ["", ".png"])
def test_a_column_of_file_names(folder, ending):
    names = [f"p{number}" for number in range(len(folder.table))]
    folder.table["photo"] = [name + ending for name in names]
    folder.save_all().pictures("{id}.png", names)
    assert images(folder) == ("{photo}" + ("" if ending else ".png"), None)


def test_a_column_of_paths(folder):
    folder.table["where"] = "shots/" + folder.table["id"] + ".png"
    folder.save_all().pictures("all/shots/{id}.png", folder.table["id"])
    assert images(folder)[0] in {"all/shots/{id}.png", "all/{where}"}


def test_train_and_test_folders(folder):
    folder.save_all()
    folder.pictures("train_images/{id}.png", folder.train["id"]).pictures("test_images/{id}.png", folder.ids)
    assert images(folder) == ("train_images/{id}.png", "test_images/{id}.png")


def test_a_folder_that_another_column_names(folder):
    folder.save_all()
    for key, place in zip(folder.table["id"], folder.table["place"], strict=True):
        folder.picture(f"{place}/{key}.png")
    assert images(folder) == ("{place}/{id}.png", None)


def test_a_folder_per_row(folder):
    folder.save_all().pictures("{id}/view/front.png", folder.table["id"])
    assert images(folder) == ("{id}/view/front.png", None)


def test_folders_that_nothing_names(folder):
    folder.save_all()
    for number, key in enumerate(folder.table["id"]):
        folder.picture(f"shots/{number % 7}/{key}.png")
    assert images(folder) == ("shots/**/{id}.png", None)


def test_endings_that_differ(folder):
    folder.save_all()
    for number, key in enumerate(folder.table["id"]):
        folder.picture(f"shots/{key}.{'png' if number % 2 else 'jpg'}")
    assert images(folder) == ("shots/{id}.*", None)


def test_masks_are_not_the_pictures(folder):
    folder.save_all().pictures("a_masks/{id}.png", folder.table["id"]).pictures(
        "photographs/{id}.png", folder.table["id"]
    )
    assert images(folder) == ("photographs/{id}.png", None)


def test_the_sample_names_the_test_pictures(folder):
    folder.save("labels.csv", folder.train[["id", "target"]]).save("sample_submission.csv", folder.sample())
    folder.pictures("train/{id}.png", folder.train["id"]).pictures("test/{id}.png", folder.ids)
    config = folder.config()
    assert (config.data.test, config.data.train) == ("sample_submission.csv", "labels.csv")
    assert images(folder) == ("train/{id}.png", "test/{id}.png")
    kinds = {name: (model.kind, model.inputs) for name, model in config.models.items()}  # there is no table
    assert kinds == {"cnn": ("cnn", ["auto"]), "embedding": ("linear", ["cnn.embedding"])}


@pytest.mark.parametrize("ids_apart", [True, False])
def test_a_folder_per_class(folder, ids_apart):
    folder.save("sample_submission.csv", folder.sample(ant=0.5, bee=0.5))
    for number, key in enumerate(folder.train["id"]):
        name = key if ids_apart else number // 2
        folder.picture(f"train/{['ant', 'bee'][number % 2]}/{name}.png")
    folder.pictures("test/{id}.png", folder.ids)
    config = folder.config()
    assert config.data.train == "train/{label}/{" + ("id" if ids_apart else "name") + "}.png"
    assert config.data.number_rows is not ids_apart
    assert (config.data.target, config.metric) == ("label", "log_loss")
    assert images(folder) == ("{file}", "test/{id}.png")


@pytest.mark.parametrize("key", ["file", "name", "label"])
def test_a_folder_per_class_and_an_id_column_of_any_name(folder, key):
    """The pictures' own file is `file`, unless the ids are called so."""
    for number, name in enumerate(folder.train["id"]):
        folder.picture(f"train/{['ant', 'bee'][number % 2]}/{name}.png")
    folder.pictures("test/{id}.png", folder.ids)
    names = [f"{name}.png" for name in folder.ids]
    folder.save("sample_submission.csv", pd.DataFrame({key: names, "species": "ant"}))
    config = folder.config()
    assert config.data.train == f"train/{{species}}/{{{key}}}"
    assert config.data.id == key
    own = f"train/{{species}}/{{{key}}}" if key == "file" else "{file}"
    assert images(folder) == (own, f"test/{{{key}}}")


def test_pictures_that_are_missing(folder):
    folder.save_all().pictures("images/{id}.png", list(folder.train["id"][2:]) + list(folder.ids))
    with pytest.raises(DataError, match=r"train.csv: pictures that are not there: images/.*2 in all"):
        folder.draft()


def test_pictures_that_no_column_names(folder):
    folder.save_all().picture("logo.png")
    draft = folder.draft()
    assert "images:" not in draft.text
    assert any("1 pictures: no column names them" in line for line in draft.lines)


def test_pictures_without_classes_or_table(folder):
    folder.save("sample_submission.csv", folder.sample()).pictures("all/{id}.png", folder.ids)
    with pytest.raises(DataError, match=r"holds no training table.*do not lie in a folder per class"):
        folder.draft()
