"""The toolkit as a wheel: a zip of its files, made without a build tool and always the same bytes."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pipeline

NAME = "pipeline"
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in it: the same code is the same wheel
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.11\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: pipeline.package\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """Writes the toolkit that is running as a wheel (PEP 427) and returns its path.

    Its dependencies are not named: what is installed beside it is the notebook's to say.

    Args:
        folder: receives it.
    """
    root, version = Path(pipeline.__file__).parent, pipeline.__version__
    info = f"{NAME}-{version}.dist-info"
    files = {
        f"{NAME}/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    files[f"{info}/METADATA"] = METADATA.format(name=NAME, version=version).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    record = [f"{name},sha256={_hash(data)},{len(data)}" for name, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{NAME}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)
    return path


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
