"""Decode a dataset's files: npz, IDX, CSV; check the arrays; compare them with what was published.

Whether a file is right is decided by the decoded arrays: shape, dtype, range, and then the
published SHA-256 (`is_published`).
"""

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from workbook.datasets.catalogue import CATALOGUE, IMAGE_SHAPE, Part, Spec
from workbook.datasets.files import AGAIN, DAMAGED, File, damaged, refuse_large
from workbook.errors import DataError, listing

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Arrays = dict[str, np.ndarray]


def read_npz(spec: Spec, part: Part, file: File) -> Arrays:
    """Decode the npz layout of Keras: x_train, y_train, x_test, y_test."""
    data = file.read()
    if not data.startswith(b"PK\x03\x04"):
        raise DataError(file, "not an npz file", "arrays saved by numpy.savez", AGAIN)
    arrays: Arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            refuse_large(file, sum(info.file_size for info in archive.infolist()))
        with np.load(io.BytesIO(data), allow_pickle=False) as npz:
            keys = {key.lower(): key for key in npz.files}
            for name in part.arrays:
                if name.lower() not in keys:
                    raise DataError(
                        file,
                        f"arrays {listing(sorted(npz.files))}",
                        ", ".join(part.arrays).lower(),
                        AGAIN,
                    )
                arrays[name] = npz[keys[name.lower()]]
    except (*DAMAGED, MemoryError) as error:
        raise damaged(file, "npz file", error) from None
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise DataError(
                file,
                "holds pickled Python objects, which can run code when loaded",
                "plain arrays",
                "Do not load it: remove it and download the file again",
            ) from None
        raise damaged(file, "npz file", error) from None
    return arrays


def read_idx(spec: Spec, part: Part, file: File) -> Arrays:
    """Decode one IDX file: unsigned bytes, big-endian counts.

    The format: http://yann.lecun.com/exdb/mnist/ ("The IDX file format").
    """
    data = file.read()
    (name,) = part.arrays
    dimensions = len(spec.shapes[name])
    magic = bytes([0, 0, 8, dimensions])
    start = 4 + 4 * dimensions
    if data[:4] != magic or len(data) < start:
        raise DataError(
            file,
            f"starts with bytes {data[:4].hex(' ')}",
            f"{magic.hex(' ')} (IDX, unsigned bytes, {dimensions} dimension(s))",
            AGAIN,
        )
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    count = int(np.prod(shape, dtype=object))
    if count != len(data) - start:
        raise DataError(
            file,
            f"{len(data) - start:,} bytes of data under a header that says {_by(shape)}",
            f"{count:,} bytes",
            AGAIN,
        )
    return {name: np.frombuffer(data, np.uint8, offset=start).reshape(shape)}


def read_csv(spec: Spec, part: Part, file: File) -> Arrays:
    """Decode a CSV file of one image a row: a label column, if it has labels, and 784 pixels.

    Columns are known by their names, so another order is accepted, and so are a byte order mark,
    semicolons or tabs for commas, quoted numbers, and whole numbers written as 7.0.
    """
    import pandas as pd

    data = file.read()
    header = data.partition(b"\n")[0].decode("utf-8-sig", "replace").strip()
    separator = max(",;\t", key=header.count)
    names = [name.strip().strip('"') for name in header.split(separator)]
    _check_header(spec, part, file, names)
    n_rows = spec.shapes[part.arrays[0]][0]
    values = np.empty((n_rows, len(part.columns)), np.uint8)
    rows = 0
    try:
        for chunk in pd.read_csv(
            io.BytesIO(data), sep=separator, names=names, header=0, chunksize=4096,
            encoding="utf-8-sig",
        ):  # fmt: skip
            if not isinstance(chunk.index, pd.RangeIndex):
                raise DataError(
                    file, "rows with more values than the header has names", next_step=AGAIN
                )
            block = _bytes_of(spec, file, chunk[list(part.columns)], rows + 1)
            values[rows : rows + len(block)] = block[: max(n_rows - rows, 0)]
            rows += len(chunk)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        found = f"cannot be read as a table ({str(error).strip()})"
        raise DataError(file, found, f"{len(names)} values in each row", AGAIN) from None
    if rows != n_rows:
        others = [p.file for p in spec.csv_parts.values() if spec.shapes[p.arrays[0]][0] == rows]
        like = f", as many as {others[0]} has" if others else ""
        mend = "Give each file its own name" if others else AGAIN
        raise DataError(file, f"{rows:,} rows{like}", f"{n_rows:,} rows", mend)
    images, *labels = part.arrays
    arrays: Arrays = {}
    if labels:
        arrays[labels[0]] = values[:, 0].copy()
        values = values[:, 1:]
    return arrays | {images: values.reshape(-1, *IMAGE_SHAPE)}


def _check_header(spec: Spec, part: Part, file: File, names: list[str]) -> None:
    if sorted(names) == sorted(part.columns):
        return
    found = {
        "no column": [name for name in part.columns if name not in names],
        "the unexpected column": [
            name or "(no name)" for name in names if name not in part.columns
        ],
        "twice the column": sorted({name for name in names if names.count(name) > 1}),
    }
    text = " and ".join(f"{what} {listing(columns)}" for what, columns in found.items() if columns)
    parts = [p for other in CATALOGUE.values() for p in other.csv_parts.values()]
    if fits := [p.file for p in parts if set(p.columns) == set(names) != set(part.columns)]:
        text += f": this header is that of {' or '.join(fits)}"
    expected = f"{len(part.columns)} columns, {part.columns[0]} to {part.columns[-1]}"
    raise DataError(file, text, expected, spec.to_get)


def _bytes_of(spec: Spec, file: File, chunk: "pd.DataFrame", lines_before: int) -> np.ndarray:
    """Return whole numbers of 0 to 255 as uint8, or say which line and column is none."""
    import pandas as pd

    if all(dtype.kind in "iuf" for dtype in chunk.dtypes):
        table = chunk.to_numpy()
    else:
        table = chunk.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    bad = ~((table >= 0) & (table <= 255) & (table == np.floor(table)))
    if bad.any():
        row, column = (int(i[0]) for i in np.nonzero(bad))
        value = chunk.iloc[row, column]
        raise DataError(
            file,
            f"{'no value' if pd.isna(value) else repr(str(value))} in line "
            f"{lines_before + row + 1:,}, column {chunk.columns[column]}",
            "a whole number from 0 to 255",
            f"Mend the line, or get {spec.title} again: {spec.how_to_get}",
        )
    return table.astype(np.uint8)


READERS: dict[str, Callable[[Spec, Part, File], Arrays]] = {
    "npz": read_npz,
    "idx": read_idx,
    "csv": read_csv,
}


def checked(spec: Spec, arrays: Arrays, where: object) -> Arrays:
    """Return the arrays as uint8, of the dataset's shapes, with labels that it can have.

    Raises:
        DataError: They are not, or they are another dataset's.
    """
    fit: Arrays = {}
    for name, shape in spec.shapes.items():
        array = arrays[name]
        if array.shape != shape:
            raise DataError(
                where,
                f"{name} of shape {_by(array.shape)}"
                + (", so train and test are swapped" if _swapped(spec, arrays) else ""),
                _by(shape),
                spec.to_get,
            )
        if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
            raise DataError(
                where,
                f"{name} of {array.dtype}, {array.min()} to {array.max()}",
                "whole numbers from 0 to 255",
                spec.to_get,
            )
        fit[name] = np.ascontiguousarray(array, np.uint8)
    for name in fit.keys() & {"y_train", "y_test"}:
        strange = sorted(set(np.unique(fit[name]).tolist()) - set(spec.label_values))
        if strange:
            row = int(np.argmax(fit[name] == strange[0]))
            raise DataError(
                where,
                f"label {strange[0]} at {name}[{row}]",
                f"one of the labels {', '.join(map(str, spec.label_values))}",
                spec.to_get,
            )
    _refuse_other_dataset(spec, fit, where)
    return fit


def _swapped(spec: Spec, arrays: Arrays) -> bool:
    train, test = arrays["X_train"], arrays["X_test"]
    return len(train) == spec.n_test and len(test) == spec.n_train


def _refuse_other_dataset(spec: Spec, arrays: Arrays, where: object) -> None:
    """Raise if an array is known to be another dataset's: MNIST's twins share its file names."""
    digests = {name: sha256(array) for name, array in arrays.items()}
    foreign = {n: d for n, d in digests.items() if d != spec.sha256.get(n)}
    for other in CATALOGUE.values():
        theirs = [name for name, digest in foreign.items() if other.sha256.get(name) == digest]
        if theirs:
            raise DataError(
                where,
                f"holds {' and '.join(theirs)} of {other.title}",
                spec.title,
                f"Move what is {other.title}'s to data/{other.folders[0]}/, "
                f"and put the files of {spec.title} into data/{spec.folders[0]}/",
            )


def sha256(array: np.ndarray) -> str:
    """Return the SHA-256 of an array's bytes in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def images_sha256(*images: np.ndarray) -> str:
    """Return one SHA-256 of all images of arrays of shape (n, 28, 28), whatever their order."""
    digests = (hashlib.sha256(image).digest() for array in images for image in array)
    return hashlib.sha256(b"".join(sorted(digests))).hexdigest()


def is_published(spec: Spec, arrays: Arrays) -> bool:
    """Return whether the arrays are, byte by byte, those that were published."""
    if spec.sha256:
        return all(sha256(arrays[name]) == digest for name, digest in spec.sha256.items())
    counts = np.bincount(arrays["y_train"], minlength=len(spec.class_names))
    return (
        tuple(counts.tolist()) == spec.train_class_counts
        and images_sha256(arrays["X_train"], arrays["X_test"]) == spec.images_sha256
    )


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{n:,}" for n in shape) or "()"
