"""Medical arrays: DICOM pictures and NIfTI volumes, read by libraries that are extras."""

from __future__ import annotations

import gzip
import importlib.util
import io
from typing import Any

import numpy as np

from pipeline.errors import ConfigError, DataError

DICOM = (".dcm", ".dicom")
NIFTI = (".nii", ".nii.gz")
MEDICAL = DICOM + NIFTI
MOST_BYTES = 2 << 30  # of a volume, unpacked
HEADER = 540  # bytes of the longer of the two


def read_medical(data: bytes, name: str) -> np.ndarray:
    """Returns the values that a file means: what is stored, rescaled by its own slope and intercept.

    Windows, by which a person looks at them, are not applied: they leave values out, and networks normalise.

    Args:
        data: the file's content.
        name: what an error calls the file; its ending decides how it is read.

    Returns:
        float32; DICOM: (height, width), several frames first, colours last; NIfTI: its axes in the order from
        left to right, from back to front, from below to above, as its own directions say.

    Raises:
        ConfigError: the library is not installed.
        DataError: no picture within; more than is allowed.
    """
    if said := lacking(name):
        raise ConfigError(said)
    return _dicom(data, name) if name.lower().endswith(DICOM) else _nifti(data, name)


def lacking(name: str) -> str:
    """Returns which library a file needs that is not installed, and the command that installs it, or ""."""
    library = "pydicom" if name.lower().endswith(DICOM) else "nibabel" if name.lower().endswith(NIFTI) else ""
    if not library or importlib.util.find_spec(library) is not None:
        return ""
    return f"Array {name!r} needs {library}, which is not installed: run `make setup MEDICAL=1`."


def _dicom(data: bytes, name: str) -> np.ndarray:
    import pydicom

    record = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in record:
        raise DataError(f"Array {name!r} holds no picture, only {len(record)} facts about one.")
    frames = int(record.get("NumberOfFrames") or 1)
    count = int(record.Rows) * int(record.Columns) * frames * int(record.SamplesPerPixel)
    if count * 4 > MOST_BYTES:
        raise DataError(f"Array {name!r} has {count:,} values, more than {MOST_BYTES // 4:,}.")
    found = np.asarray(record.pixel_array)
    if record.get("PhotometricInterpretation") == "MONOCHROME1":  # its least value is white
        low, high = _range(record)
        found = (low + high) - found.astype(np.int64)
    return np.asarray(pydicom.pixels.apply_modality_lut(found, record), np.float32)


def _range(record: Any) -> tuple[int, int]:
    """Returns the least and the greatest value that a picture's bits can hold."""
    values = 1 << int(record.BitsStored)
    return (-values // 2, values // 2 - 1) if int(record.PixelRepresentation) else (0, values - 1)


def _nifti(data: bytes, name: str) -> np.ndarray:
    import nibabel

    if name.lower().endswith(".gz"):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise DataError(f"Array {name!r} is larger than {MOST_BYTES:,} bytes, unpacked.")
    for kind in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        if kind.header_class.may_contain_header(data[:HEADER]):
            image = nibabel.as_closest_canonical(kind.from_bytes(data))
            return np.asarray(image.dataobj, np.float32)
    raise DataError(f"Array {name!r} cannot be read: it begins with no header of NIfTI.")
