"""Training on several GPUs or machines, by TensorFlow's own strategies.

>>> strategy = devices.strategy()  # doctest: +SKIP
>>> with strategy.scope():  # doctest: +SKIP
...     model = keras.Sequential(...)  # then compile and fit as ever
"""

import json
import os

from workbook.backend import keras, tf


def strategy() -> tf.distribute.Strategy:
    """Choose how training is spread over what is here, and print what was found.

    One device: TensorFlow's default strategy, which changes nothing. Several GPUs (or, without
    any, several logical CPUs): ``MirroredStrategy``, a copy of the model on each; every batch is
    divided among them, and the gradients are added up.

    Several machines: Keras 3 with TensorFlow does not train under
    ``MultiWorkerMirroredStrategy``, whose batches its ``fit`` cannot read
    (https://github.com/keras-team/keras/issues/20585). So a ``TF_CONFIG`` that names more than one
    is refused, not ignored. For several machines Keras has ``keras.distribution``, with JAX.

    Raises:
        ValueError: ``TF_CONFIG`` is not the JSON that TensorFlow describes, or names more than
            one machine.
    """
    workers = _workers(os.environ.get("TF_CONFIG", ""))
    if len(workers) > 1:
        raise ValueError(
            f"TF_CONFIG names {len(workers)} machines ({', '.join(workers)}), and Keras "
            f"{keras.__version__} with TensorFlow trains on one. Unset TF_CONFIG to train here, or "
            "see https://keras.io/guides/distribution/ for several."
        )
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    kind = found[0].device_type
    if len(found) > 1:
        print(f"{len(found)} {kind}s: MirroredStrategy trains a copy of the model on each.")
        return tf.distribute.MirroredStrategy([device.name for device in found])
    print(f"One {kind}: training runs on it alone, and needs no strategy.")
    return tf.distribute.get_strategy()


def _workers(config: str) -> list[str]:
    """Return the addresses of the machines that ``TF_CONFIG`` names."""
    if not config.strip():
        return []
    try:
        cluster = json.loads(config)["cluster"]
        return [address for role in ("chief", "worker") for address in cluster.get(role, [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(
            f"TF_CONFIG holds {config!r}; expected JSON such as "
            '{"cluster": {"worker": ["host:port"]}, "task": {"type": "worker", "index": 0}}. '
            "Correct it, or unset it to train on this machine."
        ) from None
