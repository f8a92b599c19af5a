"""Products on disk, each in a folder named by the hash of what made it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from pipeline.errors import StoreError

MANIFEST = "manifest.json"


def digest(material: Any) -> str:
    """Returns the SHA-256 of a JSON-like value, the same for the same content in any key order."""
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file so that a reader, or a kill, sees the old bytes or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Gives a text file to write, which takes the place of the old one when the block ends well."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            yield file
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def copy_atomically(source: Path, path: Path) -> None:
    """Copies a file as `write_atomically` writes one, a part at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as indented JSON, atomically."""
    write_atomically(path, (json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n").encode())


@dataclass(frozen=True)
class Product:
    """One result of one stage: a folder that exists whole or not at all.

    Attributes:
        label: what it is, for people ("lgbm-fold0").
        key: hash of everything that made it.
        store: where it lies.
    """

    label: str
    key: str
    store: Store
    sources: tuple[Product, ...] = field(default=(), repr=False, compare=False)
    make: Callable[[Path], None] | None = field(default=None, repr=False, compare=False)
    say: str = field(default="", repr=False, compare=False)

    @property
    def path(self) -> Path:
        return self.store.products / f"{self.label}-{self.key[:16]}"

    @property
    def checkpoint(self) -> Path:
        """A folder for the progress of whoever is making it; gone once the product is safe."""
        return self.store.root / "partial" / f"{self.label}-{self.key[:16]}"

    def done(self) -> bool:
        """Says whether it is there, made from the same things, with all its files in full length."""
        try:
            manifest = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
            return manifest["key"] == self.key and all(
                (self.path / name).stat().st_size == facts["bytes"]
                for name, facts in manifest["files"].items()
            )
        except (OSError, ValueError, KeyError):
            return False

    def verify(self) -> None:
        """Compares every file with its hash.

        Raises:
            StoreError: names the damaged file and says how to make it again.
        """
        manifest = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        for name, facts in manifest["files"].items():
            if file_digest(self.path / name) != facts["sha256"]:
                raise StoreError(
                    f"{self.path / name} is damaged: its bytes are not those that were written. "
                    f"Delete the folder {self.path} and run again."
                )

    @contextmanager
    def making(self, **facts: Any) -> Iterator[Path]:
        """Gives a temporary folder to fill; it becomes the product when the block ends well.

        Only one process makes a product: a second one waits, and should then ask `done` again.

        Args:
            **facts: noted in the manifest for people; they are no part of the key.
        """
        temporary = self.store.products / f".making-{self.label}-{uuid.uuid4().hex[:8]}"
        temporary.mkdir(parents=True)
        try:
            yield temporary
            files = sorted(path for path in temporary.rglob("*") if path.is_file())
            manifest = {
                "label": self.label,
                "key": self.key,
                **facts,
                "files": {str(path.relative_to(temporary)): _describe(path) for path in files},
            }
            write_json(temporary / MANIFEST, manifest)
            _sync_folder(temporary)
            if self.path.exists():
                shutil.rmtree(self.path)
            os.replace(temporary, self.path)
            _sync_folder(self.path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(self.checkpoint, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds off other processes that would make the same product."""
        from filelock import FileLock

        folder = self.store.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{self.label}-{self.key[:16]}.lock"):
            yield


@dataclass(frozen=True)
class Store:
    """The products of one competition, under `runs/NAME`."""

    root: Path

    @property
    def products(self) -> Path:
        """The folder of all products."""
        return self.root / "products"

    def product(
        self,
        label: str,
        material: Mapping[str, Any],
        make: Callable[[Path], None] | None = None,
        reads: Sequence[Product] = (),
        opens: Sequence[Product] = (),
        say: str = "",
    ) -> Product:
        """Declares the product that this material makes, whether it is there yet or not.

        Args:
            label: what it is, for people; part of the folder's name.
            material: whatever decides its content beside what it reads: config section, versions.
                JSON-like.
            make: fills an empty folder with its files.
            reads: the products that it is made from: their keys are part of its own.
            opens: products that it takes only such things from as the material names already.
            say: told to the person who waits for it; "" for what is quick.
        """
        named = {"reads": [one.key for one in reads]} if reads else {}
        key = digest({"label": label, **material, **named})
        return Product(label, key, self, (*reads, *opens), make, say)

    @contextmanager
    def exclusive(self, say: Callable[[str], None]) -> Iterator[None]:
        """Holds off other runs of the same competition; removes what killed ones left half made."""
        from filelock import FileLock, Timeout

        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"Another run works in {self.root}; waiting for it to end.")
            lock.acquire()
        try:
            for path in self.products.glob(".making-*"):
                shutil.rmtree(path, ignore_errors=True)
            yield
        finally:
            lock.release()


def closure(products: Iterable[Product]) -> list[Product]:
    """Returns the products and all that they read, each once and after those that it reads."""
    found: dict[str, Product] = {}

    def visit(product: Product) -> None:
        if product.key not in found:
            for source in product.sources:
                visit(source)
            found[product.key] = product

    for product in products:
        visit(product)
    return list(found.values())


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return {"bytes": path.stat().st_size, "sha256": file_digest(path)}


def _sync_folder(path: Path) -> None:
    """Makes a rename last through a power cut; some systems cannot open a folder and need not."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
