"""All batches of an epoch, handed to Keras as one."""

import time
from collections.abc import Callable
from functools import cached_property

from workbook.backend import keras, tf

import numpy as np
from keras.src.trainers.data_adapters.data_adapter import DataAdapter

CHUNK_SECONDS = 0.5
"""About how long the compiled loop runs before Python gets to see an interrupt."""


class Epoch(DataAdapter):
    """All batches of two arrays, which Keras takes for one step.

    Args:
        x: array of shape (n, ...); floats become ``keras.config.floatx()``, as in Keras.
        y: array of shape (n, ...).
        batch_size: rows in a batch; the last batch has what is left.
        shuffle: draw a new order for each epoch, from TensorFlow's global seed.
    """

    num_batches = 1

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int, shuffle: bool) -> None:
        """Keep ``x`` and ``y``; they become tensors when they are first used, as in Keras."""
        self.given = x, y
        self.rows = len(x)
        self.batch_rows = batch_size
        self.shuffle = shuffle
        self.chunk = 8

    @cached_property
    def arrays(self) -> tuple[tf.Tensor, ...]:
        """``x`` and ``y`` as tensors, on the device that trains."""
        return tuple(to_tensor(array) for array in self.given)

    def get_tf_dataset(self) -> "Epoch":
        """Return the object that Keras iterates over, once an epoch."""
        return self

    def __iter__(self) -> "Epoch":
        """Return the iterator that Keras hands to ``train_function`` or ``test_function``."""
        return self

    def __next__(self) -> tuple[tf.Tensor, ...]:
        """Return one batch, for the layers and metrics that are built by what they are fed."""
        return tuple(array[: self.batch_rows] for array in self.arrays)

    def run(self, loop: Callable, by_batch: Callable, stopped: Callable[[], bool]) -> None:
        """Use every batch once: the full ones in ``loop``, the rest in Keras' ``by_batch``.

        ``loop(x, y, order, start, stop)`` runs for about ``CHUNK_SECONDS`` at a time, because
        Python sees an interrupt, or that training is ``stopped()``, only between two calls.
        """
        order = tf.range(self.rows)
        if self.shuffle:
            order = tf.random.shuffle(order)
        full = self.rows // self.batch_rows
        start = 0
        batches = tf.reshape(order[: full * self.batch_rows], (full, self.batch_rows))
        while start < full:
            began = time.perf_counter()
            stop = min(start + (1 if stopped() else self.chunk), full)
            loop(*self.arrays, batches, tf.constant(start), tf.constant(stop))
            seconds = time.perf_counter() - began
            self.chunk = max(1, int(self.chunk * np.clip(CHUNK_SECONDS / seconds, 0.5, 2)))
            start = stop
            if stopped():
                return
        rest = order[full * self.batch_rows :]
        if len(rest):
            by_batch(iter([tuple(tf.gather(array, rest) for array in self.arrays)]))


def to_tensor(array: np.ndarray) -> tf.Tensor:
    """Copy ``array`` to a tensor once; ``tf.convert_to_tensor`` copies twice, one being freed."""
    dtype = np.dtype(keras.config.floatx()) if array.dtype.kind == "f" else array.dtype
    dtype = dtype.newbyteorder("=")
    memory = np.empty(array.size * dtype.itemsize + 64, np.uint8)
    # TensorFlow's kernels expect data to start at a multiple of 64 bytes.
    start = -memory.ctypes.data % 64
    copy = memory[start : memory.size - 64 + start].view(dtype).reshape(array.shape)
    np.copyto(copy, array, casting="same_kind")
    return tf.identity(tf.experimental.dlpack.from_dlpack(copy.__dlpack__()))
