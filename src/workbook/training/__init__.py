"""Keras models whose ``fit`` compiles a whole epoch instead of one step.

Stock ``fit`` returns to Python after every batch, which for a small network costs several times
the arithmetic. With ``from workbook.training import Sequential`` in place of
``from keras import Sequential``, ``fit`` runs one compiled program that loops over the batches
itself. Nothing else changes: every step is Keras' own ``train_step``, the callbacks are called by
Keras' own ``fit``, and with Keras' class the same code gives as good a model, later.
"""

import ctypes
import sys
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from numbers import Integral
from typing import Any

from workbook.backend import keras, tf

import numpy as np
from keras.src.trainers.data_adapters.data_adapter import DataAdapter
from keras.src.trainers.trainer import model_supports_jit

CHUNK_SECONDS = 0.5
"""About how long the compiled loop runs before Python gets to see an interrupt."""

OWN_GATHER = "workbook_batch"
"""The scope in which the compiled loop takes the rows of a batch."""

BATCH_HOOKS = [
    f"on_{kind}batch_{moment}" for kind in ("", "train_", "test_") for moment in ("begin", "end")
]


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
        return tuple(_tensor(array) for array in self.given)

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


class CompiledEpochs:
    """Mixed into a Keras model: ``fit`` on NumPy arrays runs each epoch as a compiled loop."""

    _requested_jit: Any = "auto"

    def compile(self, *args: Any, **options: Any) -> None:
        """Configure training exactly as ``keras.Model.compile`` does.

        With ``jit_compile="auto"``, ``fit`` decides by device and layers whether XLA compiles the
        epoch: on a CPU its convolutions and random numbers are slower than TensorFlow's.
        """
        self._requested_jit = options.get("jit_compile", args[7] if len(args) > 7 else "auto")
        super().compile(*args, **options)  # type: ignore[misc]

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a model that is loaded, which Keras leaves out where ``compile`` is not its own.

        This one takes Keras' own arguments; that of a class of the student's own may not.
        """
        if type(self).compile is not CompiledEpochs.compile:
            super().compile_from_config(config)  # type: ignore[misc]
            return
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Train as ``keras.Model.fit`` does: the same arguments, history and exceptions.

        NumPy arrays ``x`` and ``y`` of n rows each train in a compiled loop. What such a loop
        cannot honour (callbacks at every batch, weights for classes or samples, generators,
        ``tf.data``, several inputs, eager mode, a number of steps) trains by Keras' own loop.

        Progress takes one line, unless ``verbose=0``. An interrupt (Ctrl-C, the stop button) ends
        training between two batches: callbacks are told of the end, the model keeps its weights,
        and the history of the epochs that were completed is returned.
        """
        callbacks = list(tf.nest.flatten(callbacks)) if callbacks else []
        train: Any = (x, y)
        valid: Any = validation_data
        if validation_split and validation_data is None and _are_arrays(train):
            cut = int(len(x) * (1.0 - validation_split))
            train, valid = (x[:cut], y[:cut]), (x[cut:], y[cut:])
        compiled = (
            _fits_in_a_loop(self, callbacks)
            and class_weight is sample_weight is steps_per_epoch is validation_steps is None
            and isinstance(shuffle, bool)
            and all(
                size is None or (isinstance(size, Integral) and size >= 0)
                for size in (batch_size, validation_batch_size)
            )
            and all(_compilable(self, pair) for pair in (train, valid) if pair is not None)
            and _builds(self, train, batch_size or 32)
        )
        if verbose == "auto" or (compiled and verbose):
            callbacks.append(Progress())
            verbose = 0
        begun: list[Any] = []
        callbacks.append(keras.callbacks.LambdaCallback(on_train_begin=begun.append))
        shown = {"epochs": epochs, "verbose": verbose}
        if compiled:
            batch_size = int(batch_size or 32)
            steps = -(-len(train[0]) // batch_size)
            arguments: dict[str, Any] = {
                "x": Epoch(train[0], train[1], batch_size, bool(shuffle)),
                "validation_data": valid
                and Epoch(valid[0], valid[1], int(validation_batch_size or batch_size), False),
                "callbacks": keras.callbacks.CallbackList(
                    callbacks, add_history=True, model=self, steps=steps, **shown
                ),
            }
        else:
            arguments = {
                "x": x,
                "y": y,
                "batch_size": batch_size,
                "callbacks": callbacks,
                "validation_split": validation_split,
                "validation_data": validation_data,
                "shuffle": shuffle,
                "class_weight": class_weight,
                "sample_weight": sample_weight,
                "steps_per_epoch": steps_per_epoch,
                "validation_steps": validation_steps,
                "validation_batch_size": validation_batch_size,
            }
        try:
            return super().fit(  # type: ignore[misc]
                **arguments, **shown, initial_epoch=initial_epoch, validation_freq=validation_freq
            )
        except KeyboardInterrupt:
            if not begun:
                raise
            for callback in callbacks:
                # The end of a training deletes the backup that the next one is to begin with.
                if not isinstance(callback, keras.callbacks.BackupAndRestore):
                    callback.on_train_end(None)
            print(
                "Interrupted: the model keeps the weights that it has reached "
                "(where early stopping restores the best ones, those)."
            )
            return self.history  # type: ignore[attr-defined]

    def make_train_function(self, force: bool = False) -> None:
        """Create ``train_function``, which takes an ``Epoch`` as well as Keras' batches."""
        if self.train_function is None or force:  # type: ignore[has-type]
            super().make_train_function(force)  # type: ignore[misc]
            self.train_function = self._or_epoch(
                self.train_function,  # type: ignore[has-type]
                self.train_step,  # type: ignore[attr-defined]
                lambda: self.stop_training,  # type: ignore[attr-defined]
            )

    def make_test_function(self, force: bool = False) -> None:
        """Create ``test_function``, which takes an ``Epoch`` as well as Keras' batches."""
        if self.test_function is None or force:  # type: ignore[has-type]
            super().make_test_function(force)  # type: ignore[misc]
            self.test_function = self._or_epoch(
                self.test_function,  # type: ignore[has-type]
                self.test_step,  # type: ignore[attr-defined]
                lambda: self.stop_evaluating,  # type: ignore[attr-defined]
            )

    def _or_epoch(
        self, by_batch: Callable, step: Callable, stopped: Callable[[], bool]
    ) -> Callable:
        @tf.autograph.experimental.do_not_convert
        def loop(x: Any, y: Any, order: Any, start: Any, stop: Any) -> None:
            def one_batch(batch: Any) -> Any:
                with tf.name_scope(OWN_GATHER):
                    pair = tf.gather(x, order[batch]), tf.gather(y, order[batch])
                step(pair)
                return batch + 1

            tf.while_loop(lambda batch: batch < stop, one_batch, [start], parallel_iterations=1)

        with_xla = _xla_pays(self)
        compiled_loop = tf.function(loop, jit_compile=with_xla)

        def run_loop(*arguments: Any) -> None:
            nonlocal compiled_loop, with_xla
            programs = compiled_loop.experimental_get_tracing_count()
            # One trace for any number of rows, as in Keras: x, y and order are (n, …).
            specs = [tf.TensorSpec((None, *a.shape[1:])[: a.ndim], a.dtype) for a in arguments]
            program = compiled_loop.get_concrete_function(*specs)
            new = compiled_loop.experimental_get_tracing_count() > programs
            doubtful = new and with_xla and self._requested_jit == "auto"
            if doubtful and _means_less_in_xla(program):
                with_xla = False
                compiled_loop = tf.function(loop, jit_compile=False)
                program = compiled_loop.get_concrete_function(*specs)
            try:
                program(*arguments)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
                # Some operations XLA does not know, and says so before it begins: tf.print, say.
                if self._requested_jit != "auto" or "XLA" not in str(error):
                    raise
                with_xla = False
                compiled_loop = tf.function(loop, jit_compile=False)
                compiled_loop.get_concrete_function(*specs)(*arguments)
            if new:
                _give_memory_back()

        def function(iterator: Any) -> Mapping:
            if not isinstance(iterator, Epoch):
                return by_batch(iterator)
            self._symbolic_build(data_batch=next(iterator))  # type: ignore[attr-defined]
            iterator.run(run_loop, by_batch, stopped)
            return self.get_metrics_result()  # type: ignore[attr-defined]

        return function


class Sequential(CompiledEpochs, keras.Sequential):
    """``keras.Sequential`` with the compiled epochs of this module; a saved model is Keras' own."""

    # Keras names the class in the file that it saves; this file loads without the workbook.
    __class__ = property(lambda self: keras.Sequential if type(self) is Sequential else type(self))


class Progress(keras.callbacks.Callback):
    """Epoch, metrics and time left: in a notebook one line, renewed; elsewhere a line an epoch.

    Where the output is neither a notebook nor a terminal, ten lines at most, and the last.
    """

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Start the clock."""
        self.display: Any = None
        self.began = time.perf_counter()
        self.first_end = 0.0
        self.done = 0
        self.line = ""
        if _in_notebook():
            from IPython.display import display

            self.display = display(_plain("training starts"), raw=True, display_id=True)

    def on_epoch_end(self, epoch: int, logs: Mapping | None = None) -> None:
        """Show the metrics of ``epoch``, counted from 0, and the time left."""
        now = time.perf_counter()
        epochs = self.params["epochs"]
        self.done += 1
        # The first epoch holds the compilation: it tells little about the others.
        self.first_end = self.first_end or now
        each = (now - self.first_end) / (self.done - 1) if self.done > 1 else now - self.began
        logs = logs or {}
        names = sorted(logs, key=lambda name: (name.startswith("val_"), "loss" not in name))
        metrics = "  ".join(f"{name} {float(np.mean(logs[name])):.4f}" for name in names)
        self.line = f"epoch {epoch + 1}/{epochs}  {metrics}"
        left = f"{self.line}  {_clock(each * (epochs - epoch - 1))} left"
        if self.display is not None:
            self.display.update(_plain(left), raw=True)
        elif getattr(sys.stdout, "isatty", bool)() or self.done % -(-epochs // 10) == 0:
            print(left, flush=True)

    def on_train_end(self, logs: Mapping | None = None) -> None:
        """Leave the last epoch's metrics and the time taken."""
        summary = f"{self.line}  {_clock(time.perf_counter() - self.began)} in all"
        if self.display is not None:
            self.display.update(_plain(summary), raw=True)
        else:
            print(summary, flush=True)


def _fits_in_a_loop(model: Any, callbacks: list) -> bool:
    """Tell whether nothing has to happen in Python between two batches of ``model.fit``."""
    return (
        all(
            getattr(type(model), method) is getattr(keras.Model, method)
            and method not in vars(model)
            for method in ("train_step", "test_step", "compute_metrics")
        )
        and type(model).make_train_function is CompiledEpochs.make_train_function
        and type(model).make_test_function is CompiledEpochs.make_test_function
        and model.compiled
        and not model.run_eagerly
        and not tf.config.functions_run_eagerly()
        and not tf.distribute.has_strategy()
        and model.distribute_strategy is tf.distribute.get_strategy()
        and not keras.config.max_steps_per_epoch()
        and not keras.config.max_epochs()
        and not any(_acts_on_batches(callback) for callback in callbacks)
    )


def _acts_on_batches(callback: keras.callbacks.Callback) -> bool:
    plain: type = keras.callbacks.Callback
    if isinstance(callback, keras.callbacks.ModelCheckpoint) and callback.save_freq == "epoch":
        plain = keras.callbacks.ModelCheckpoint  # its hook for batches does nothing then
    return isinstance(callback, keras.callbacks.CallbackList) or any(
        getattr(getattr(callback, hook), "__func__", None) is not getattr(plain, hook)
        for hook in BATCH_HOOKS
    )


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0 and value.dtype.kind in "fiub"


def _are_arrays(pair: Any) -> bool:
    return (
        isinstance(pair, tuple)
        and len(pair) == 2
        and all(map(_is_array, pair))
        and len(pair[0]) == len(pair[1]) > 0
    )


def _compilable(model: Any, pair: Any) -> bool:
    """Tell whether ``pair`` is two arrays, of finite numbers and labels that the model has.

    For other labels Keras raises an error where XLA would go on with NaN; and of NaN, XLA's
    maximum, and with it relu, makes something else than TensorFlow's.
    """
    if not _are_arrays(pair):
        return False
    x, y = pair
    if x.dtype.kind == "f" and x.size and not np.isfinite([x.min(), x.max()]).all():
        return False
    try:
        shape = model.compute_output_shape((None, *x.shape[1:]))
    except Exception:  # whatever a layer raises for such a shape: Keras says what is wrong
        return False
    classes = shape[-1] if isinstance(shape, tuple) and isinstance(shape[-1], int) else 1
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    takes_labels = name.lower().replace("_", "") == "sparsecategoricalcrossentropy"
    one_label_each = takes_labels or (classes > 1 and y.shape[1:] != shape[1:])
    return not one_label_each or bool(y.min() >= 0 and y.max() < classes)


def _builds(model: Any, pair: Any, batch_size: int) -> bool:
    """Build what is not built yet; where that fails, Keras' own loop says what is wrong."""
    try:
        if isinstance(model, keras.Sequential) and not model.built:
            # Built by this batch, it would take the batch's size for that of all.
            model.build((None, *pair[0].shape[1:]))
        model._symbolic_build(data_batch=tuple(_tensor(array[:batch_size]) for array in pair))
    except Exception:  # whatever a layer of the user's raises
        return False
    return True


def _tensor(array: np.ndarray) -> tf.Tensor:
    """Copy ``array`` to a tensor once; ``tf.convert_to_tensor`` copies twice, one being freed."""
    dtype = np.dtype(keras.config.floatx()) if array.dtype.kind == "f" else array.dtype
    dtype = dtype.newbyteorder("=")
    memory = np.empty(array.size * dtype.itemsize + 64, np.uint8)
    # TensorFlow's kernels expect data to start at a multiple of 64 bytes.
    start = -memory.ctypes.data % 64
    copy = memory[start : memory.size - 64 + start].view(dtype).reshape(array.shape)
    np.copyto(copy, array, casting="same_kind")
    return tf.identity(tf.experimental.dlpack.from_dlpack(copy.__dlpack__()))


def _give_memory_back() -> None:
    """Return to the system what compiling has freed: glibc would keep some 70 MB of it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def _xla_pays(model: Any) -> bool:
    """Tell whether XLA should compile the epoch of ``model``; see ``CompiledEpochs.compile``."""
    if model._requested_jit != "auto":
        return bool(model.jit_compile)
    # On a CPU, XLA took 40 times as long for a small convolutional network, 10 for dropout. The
    # layers of workbook.layers draw their random numbers in a way that XLA is quick at. And XLA
    # reads some row of an embedding for a number that has none, where TensorFlow raises an error.
    suits_cpu = not any(
        hasattr(layer, "kernel_size")
        or hasattr(layer, "pool_size")
        or isinstance(layer, keras.layers.Embedding)
        or (layer._seed_generators and not hasattr(layer, "quick_in_xla"))
        for layer in model._flatten_layers(include_self=False)
    )
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    return model_supports_jit(model) and (on_gpu or suits_cpu)


def _means_less_in_xla(program: Any) -> bool:
    """Tell whether a traced function holds what XLA computes without a check, or otherwise.

    XLA leaves assertions out, reads some row for a place that there is not, divides whole numbers
    by zero, inverts what has no inverse; and its random numbers do not follow from the seed.
    """
    graph = program.graph.as_graph_def()
    bodies = [graph.node, *(function.node_def for function in graph.library.function)]
    return any(
        any(map(_loses_in_xla, body)) or _differentiates_a_root_of_zero(body) for body in bodies
    )


def _differentiates_a_root_of_zero(body: Any) -> bool:
    """Tell whether a gradient may pass a root, or a reciprocal, of 0.

    Where nothing comes in from above, TensorFlow lets 0 through, XLA NaN: one blank image, divided
    by its length, is enough. A root of a sum is that of a variance and an epsilon.
    """
    nodes = {node.name: node for node in body}

    def origin(node: Any) -> Any:
        return nodes.get(node.input[0].partition(":")[0])

    for node in body:
        if node.op in ("SqrtGrad", "ReciprocalGrad"):
            return True
        if node.op == "RsqrtGrad":
            root = origin(node)
            under = root and origin(root)
            if not under or under.op not in ("AddV2", "Maximum"):
                return True
    return False


def _loses_in_xla(node: Any) -> bool:
    if node.op == "GatherV2":  # those along batch_dims are the layers of workbook.layers
        return OWN_GATHER not in node.name and not node.attr["batch_dims"].i
    if node.op in ("FloorDiv", "FloorMod", "Div", "Mod"):
        whole = tf.as_dtype(node.attr["T"].type).is_integer
        return whole and "gradient_tape" not in node.name  # a gradient divides by sizes
    return (
        node.op in ("Assert", "CheckNumerics", "MatrixInverse", "GatherNd", "ResourceGather")
        or node.op.startswith(("StatelessRandom", "Rng"))
        or "seed2" in node.attr
    )


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _plain(text: str) -> dict[str, str]:
    return {"text/plain": text}


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
