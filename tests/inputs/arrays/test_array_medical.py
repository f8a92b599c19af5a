"""DICOM and NIfTI give the values that they mean; without their libraries they are refused."""

import gzip
import importlib.util
import io
import re
import sys

import numpy as np
import pandas as pd
import pytest

from pipeline.config.arrays_section import ArraysConfig
from pipeline.config.data_section import DataConfig
from pipeline.data.source import FolderSource
from pipeline.errors import ConfigError, DataError, Problems
from pipeline.inputs.arrays import medical
from pipeline.inputs.arrays.arrays_input import ArraysInput
from pipeline.inputs.arrays.decoding import read_array
from pipeline.inputs.arrays.shape import axes_of

CONFIG = ArraysConfig(path="{id}.dcm")
STORED = np.arange(12, dtype=np.uint16).reshape(3, 4)


def without(library):
    """The mark of a test that needs a library which is an extra."""
    missing = importlib.util.find_spec(library) is None
    return pytest.mark.skipif(missing, reason=f"{library} is not installed (make setup MEDICAL=1)")


def dicom(values, **facts):
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, CTImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    record = FileDataset("a.dcm", {}, file_meta=meta, preamble=b"\0" * 128)
    record.Rows, record.Columns = values.shape[-2:]
    if values.ndim == 3:
        record.NumberOfFrames = len(values)
    record.SamplesPerPixel, record.PhotometricInterpretation = 1, "MONOCHROME2"
    record.BitsAllocated = record.BitsStored = 16
    record.HighBit, record.PixelRepresentation = 15, 0
    record.PixelData = values.tobytes()
    for name, value in facts.items():
        setattr(record, name, value)
    file = io.BytesIO()
    record.save_as(file, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "library"), [("x/1.dcm", "pydicom"), ("x/1.nii", "nibabel"), ("x/1.nii.gz", "nibabel")]
)
def test_without_its_library_a_file_is_named_with_the_command(name, library, monkeypatch, tmp_path):
    """Before work starts, and also where broken arrays are left out: all of them would be."""
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not there
    said = rf"'{name}' needs {library}, .*make setup MEDICAL=1"
    with pytest.raises(ConfigError, match=said):
        read_array(b"anything", name, CONFIG)
    arrays = ArraysConfig(path=name.replace("1", "{id}"), broken="leave_out")
    problems = Problems()
    data, source = DataConfig(target="y", arrays=arrays), FolderSource(tmp_path)
    ArraysInput().locate(pd.DataFrame({"id": ["1", "2"]}), data, "train", "train.csv", source, problems)
    assert re.search(said, "".join(problems.messages))


def test_axes_of_a_volume():
    assert axes_of("1.nii.gz", 3, CONFIG) == "HWD"
    assert axes_of("1.dcm", 3, CONFIG) == "DHW"


@without("pydicom")
def test_values_of_dicom_are_rescaled_and_no_window_is_applied():
    data = dicom(STORED, RescaleSlope=2, RescaleIntercept=-1024, WindowCenter=5, WindowWidth=1)
    np.testing.assert_array_equal(read_array(data, "1.dcm", CONFIG), STORED * 2.0 - 1024)
    np.testing.assert_array_equal(read_array(dicom(STORED), "1.dcm", CONFIG), STORED)


@without("pydicom")
def test_the_least_value_of_every_picture_is_dark():
    turned = dicom(STORED, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(read_array(turned, "1.dcm", CONFIG), 4095 - STORED.astype(int))


@without("pydicom")
def test_frames_are_slices():
    frames = np.stack([STORED, STORED + 100])
    np.testing.assert_array_equal(read_array(dicom(frames), "1.dcm", CONFIG), frames)


@without("pydicom")
def test_dicom_without_a_picture_or_damaged_is_named(monkeypatch):
    with pytest.raises(DataError, match=r"'1\.dcm' cannot be read"):
        read_array(b"DICM", "1.dcm", CONFIG)
    monkeypatch.setattr(medical, "MOST_BYTES", 16)
    with pytest.raises(DataError, match=r"'1\.dcm' has 12 values, more than 4"):
        read_array(dicom(STORED), "1.dcm", CONFIG)


def nifti(values, affine):
    import nibabel

    return nibabel.Nifti1Image(values, affine).to_bytes()


@without("nibabel")
def test_values_of_nifti_stand_in_one_order_whatever_the_scanner_says():
    volume = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    plain = nifti(volume, np.eye(4))
    np.testing.assert_array_equal(read_array(plain, "1.nii", CONFIG), volume)
    np.testing.assert_array_equal(read_array(gzip.compress(plain), "1.nii.gz", CONFIG), volume)
    mirrored = nifti(volume[::-1], np.diag([-1.0, 1, 1, 1]))
    np.testing.assert_array_equal(read_array(mirrored, "1.nii", CONFIG), volume)


@without("nibabel")
def test_nifti_that_is_none_or_too_large_is_named(monkeypatch):
    with pytest.raises(DataError, match=r"'1\.nii' cannot be read: it begins with no header"):
        read_array(b"x" * 600, "1.nii", CONFIG)
    monkeypatch.setattr(medical, "MOST_BYTES", 100)
    with pytest.raises(DataError, match=r"'1\.nii\.gz' is larger than 100 bytes"):
        read_array(gzip.compress(b"x" * 600), "1.nii.gz", CONFIG)
