"""The model whose ``fit`` runs each epoch as one compiled loop."""

import ctypes
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from workbook import QUICK
from workbook.backend import keras, tf
from workbook.training import rules
from workbook.training.epoch import Epoch
from workbook.training.progress import Progress

QUICK_BATCHES = 100
"""The batches of an epoch in a quick run, which is there to show that all cells run."""


class CompiledEpochs:
    """Mixed into a Keras model: ``fit`` on NumPy arrays runs each epoch as a compiled loop."""

    how_it_trained = "not trained yet"
    """Which loop the last ``fit`` ran, and why: a sentence."""

    _requested_jit: Any = "auto"
    _by_xla = False

    def compile(self, *args: Any, **options: Any) -> None:
        """Configure training exactly as ``keras.Model.compile`` does.

        With ``jit_compile="auto"``, XLA compiles the epoch of a model all parts of which are in
        ``rules.TESTED_WITH_XLA``, where ``fit`` takes ``rules.SHORT`` steps or more.
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
        cannot honour trains by Keras' own loop; ``rules.RULES`` lists it all. Which loop it was,
        and why, stands in ``how_it_trained``; ``verbose=2`` prints it.

        Progress takes one line, unless ``verbose=0``. An interrupt (Ctrl-C, the stop button) ends
        training between two batches: callbacks are told of the end, the model keeps its weights,
        and the history of the epochs that were completed is returned.
        """
        given = {k: v for k, v in locals().items() if k not in ("self", "__class__")}
        callbacks = given["callbacks"] = list(tf.nest.flatten(callbacks)) if callbacks else []
        train: Any = (x, y)
        valid: Any = validation_data
        if validation_split and validation_data is None and rules.are_arrays(train):
            cut = int(len(x) * (1.0 - validation_split))
            train, valid = (x[:cut], y[:cut]), (x[cut:], y[cut:])
        loop, self.how_it_trained = rules.decide(
            SimpleNamespace(**given, model=self, train=train, valid=valid)
        )
        self._by_xla = loop == rules.XLA
        if verbose == 2:
            print(self.how_it_trained)
        compiled = loop != rules.KERAS
        if verbose == "auto" or (compiled and verbose):
            callbacks.append(Progress())
            given["verbose"] = 0
        begun: list[Any] = []
        callbacks.append(keras.callbacks.LambdaCallback(on_train_begin=begun.append))
        if compiled:
            rows = int(batch_size or 32)
            valid_rows = int(validation_batch_size or rows)
            some = slice(rows * QUICK_BATCHES if QUICK else None)
            given = {
                "x": Epoch(train[0][some], train[1][some], rows, bool(shuffle)),
                "validation_data": valid and Epoch(valid[0], valid[1], valid_rows, False),
                "callbacks": keras.callbacks.CallbackList(
                    callbacks,
                    add_history=True,
                    model=self,
                    epochs=epochs,
                    steps=-(-len(train[0]) // rows),
                    verbose=given["verbose"],
                ),
                **{k: given[k] for k in ("epochs", "verbose", "initial_epoch", "validation_freq")},
            }
        try:
            return super().fit(**given)  # type: ignore[misc]
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
                step((tf.gather(x, order[batch]), tf.gather(y, order[batch])))
                return batch + 1

            tf.while_loop(lambda batch: batch < stop, one_batch, [start], parallel_iterations=1)

        loops = {by_xla: tf.function(loop, jit_compile=by_xla) for by_xla in (False, True)}

        def run_loop(*arguments: Any) -> None:
            compiled_loop = loops[self._by_xla]
            programs = compiled_loop.experimental_get_tracing_count()
            # One trace for any number of rows, as in Keras: x, y and order are (n, …).
            specs = [tf.TensorSpec((None, *a.shape[1:])[: a.ndim], a.dtype) for a in arguments]
            compiled_loop.get_concrete_function(*specs)(*arguments)
            if compiled_loop.experimental_get_tracing_count() > programs:
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


def _give_memory_back() -> None:
    """Return to the system what compiling has freed: glibc would keep some 70 MB of it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
