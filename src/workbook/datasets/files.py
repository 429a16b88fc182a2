"""Files as they come: loose or in a zip, packed or not; and what stops one from being read.

Nothing is ever unpacked to disk, executed or unpickled, and the files are never written.
"""

import gzip
import io
import re
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbook.errors import DataError, listing
from workbook.paths import is_junk, shown

LARGEST = 400_000_000
"""Bytes of the largest file that is read or unpacked: the largest CSV has 77 million."""

AGAIN = "Remove it and download it again"

DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    struct.error,
    tokenize.TokenError,
)
"""What the standard library and NumPy raise for a cut or changed gz, zip, npz or npy."""

BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError)
"""What it raises when it opens one: a changed byte can be of a version or of a member's name."""


def canonical(name: str) -> str:
    """Return a file's usual name: lower case, hyphens, no mark of a copy, not packed.

    >>> canonical("Train (1).csv.zip"), canonical("t10k-images.idx3-ubyte")
    ('train.csv', 't10k-images-idx3-ubyte')
    """
    name = re.sub(r"^(copy of|kopie von|copia de|copie de) ", "", name.lower())
    name = re.sub(r"(\.(gz|zip))+(?=$|[ (])", "", name)
    name = re.sub(r"([ _-]*\(\d+\)|[ _-]+cop(y|ie|ia)|[ _-]+kopie|[ _-]\d{1,2})+(?=$|\.)", "", name)
    name = re.sub(r"(\.(csv|npz))(\.(csv|npz|txt))+$", r"\1", name)  # Windows hides the last one
    return re.sub(r"[ _]+", "-", re.sub(r"(\.(gz|zip))+$", "", name)).replace(".idx", "-idx")


@dataclass(frozen=True)
class File:
    """A file in a folder or, with ``member``, in a zip archive."""

    path: Path
    member: str = ""

    def __str__(self) -> str:
        """Return the name for a message."""
        return shown(self.path) + (f" ({self.member})" if self.member else "")

    def read(self) -> bytes:
        """Return the content, unpacked (a zip of arrays, which is an npz, stays as it is).

        Raises:
            DataError: It cannot be read, is empty, cut, encrypted, far too large,
                or a web page saved under a data file's name.
        """
        if self.member:
            with open_zip(self.path) as archive:
                data = read_member(self, archive, self.member)
        else:
            data = _read_plain(self.path)
        return self._unpacked(data)

    def _unpacked(self, data: bytes, layers: int = 0) -> bytes:
        refuse_non_data(self, data)
        if layers > 2:  # there are archives that hold themselves
            raise DataError(self, "an archive in an archive in an archive", "data", AGAIN)
        if data.startswith(b"\x1f\x8b"):
            try:
                with gzip.open(io.BytesIO(data)) as packed:
                    content = packed.read(LARGEST + 1)
            except DAMAGED as error:
                raise damaged(self, "gzip file", error) from None
            refuse_large(self, len(content))
            return self._unpacked(content, layers + 1)
        if data.startswith(b"PK\x03\x04"):
            try:
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    names = members(archive)
                    if any(name.endswith(".npy") for name in names):
                        return data
                    own = canonical((self.member or self.path.name).rpartition("/")[2])
                    fits = [n for n in names if canonical(PurePosixPath(n).name) == own]
                    if len(fits) != 1:
                        raise DataError(self, f"a zip that holds {listing(names)}", own)
                    return self._unpacked(read_member(self, archive, fits[0]), layers + 1)
            except BAD_ZIP as error:
                raise damaged(self, "zip file", error) from None
        return data


def _read_plain(path: Path) -> bytes:
    try:
        refuse_large(shown(path), path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip archive.

    Raises:
        DataError: It cannot be read or is not a whole zip archive.
    """
    try:
        with path.open("rb") as file:
            refuse_non_data(shown(path), file.read(1000))
        return zipfile.ZipFile(path)
    except BAD_ZIP as error:
        raise damaged(shown(path), "zip file", error) from None
    except OSError as error:
        raise unreadable(path, error) from None


def members(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of a zip's files, without what a Mac or Windows added."""
    return [
        name
        for name in archive.namelist()
        if not name.endswith("/")
        if not any(map(is_junk, set(re.split(r"[/\\]", name)) - {".", ".."}))
    ]


def read_member(where: object, archive: zipfile.ZipFile, name: str) -> bytes:
    """Return what a file in a zip holds.

    Raises:
        DataError: It wants a password, is far too large, or is damaged.
    """
    info = archive.getinfo(name)
    if info.flag_bits & 1:
        raise DataError(
            where, "an encrypted zip", "one with no password", "Unpack it and place its files"
        )
    refuse_large(where, info.file_size)
    try:
        return archive.read(info)
    except DAMAGED as error:
        raise damaged(where, "zip file", error) from None


def refuse_large(where: object, size: int) -> None:
    """Raise `DataError` for more bytes than any file of the datasets has."""
    if size > LARGEST:
        raise DataError(
            where,
            f"{size / 1e6:,.0f} MB or more when unpacked",
            f"at most {LARGEST / 1e6:.0f} MB",
            "This is not the dataset: remove the file",
        )


def refuse_non_data(
    where: object, data: bytes, expected: str = "data", next_step: str = ""
) -> None:
    """Raise `DataError` for an empty file and for a web page saved under another name."""
    if not data:
        raise DataError(where, "an empty file", expected, next_step or AGAIN)
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body)", data[:200], re.IGNORECASE):
        raise DataError(
            where,
            "a web page saved under this name",
            expected,
            next_step or "Remove it, sign in to the site in a browser and download it again",
        )


def damaged(where: object, kind: str, error: Exception) -> DataError:
    """Return what to raise for a file that is cut or changed."""
    return DataError(
        where,
        f"a cut or damaged {kind} ({str(error) or type(error).__name__})",
        "a whole one",
        AGAIN,
    )


def unreadable(path: Path, error: OSError, kind: str = "file") -> DataError:
    """Return what to raise for a file or a folder that the system does not let the user read."""
    return DataError(
        shown(path),
        f"cannot be read ({error.strerror})",
        f"a {kind} that you may read",
        "Give yourself permission to read it, or place another copy",
    )


def unwritable(path: Path, error: OSError) -> DataError:
    """Return what to raise for a file or a folder that the system does not let the user write."""
    return DataError(
        shown(path),
        f"cannot be written ({error.strerror or error})",
        "",
        "Free some space, or give yourself permission to write there",
    )
