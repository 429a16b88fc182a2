"""Training on several devices: what is chosen, and that the result is that of one device."""

import json
import subprocess
import sys
import textwrap

from workbook import devices

import pytest
import tensorflow as tf

TRAIN = """
    import json
    import tensorflow as tf
    logical = [tf.config.LogicalDeviceConfiguration()] * {count}
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], logical)
    import keras
    import numpy as np
    from workbook import devices
    from workbook.training import Sequential

    rng = np.random.default_rng(0)
    X, y = rng.random((96, 8), dtype="float32"), rng.integers(0, 3, 96)
    with devices.strategy().scope():
        keras.utils.set_random_seed(1)
        model = Sequential([keras.Input((8,)), keras.layers.Dense(5, activation="relu")])
        model.add(keras.layers.Dense(3, activation="softmax"))
        model.compile(
            "sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
        )
    history = model.fit(
        X, y, batch_size=16, epochs=2, shuffle=False, verbose=0, validation_data=(X, y)
    )
    weights = [w.tolist() for w in model.get_weights()]
    replicas = model.distribute_strategy.num_replicas_in_sync
    print(json.dumps([weights, history.history, replicas]))
"""


def _train(count):
    code = textwrap.dedent(TRAIN.format(count=count))
    command = [sys.executable, "-W", "ignore", "-c", code]
    said, result = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split(
        "\n", 1
    )
    return said, *json.loads(result)


def test_two_devices_learn_what_one_learns():
    said, weights, history, replicas = _train(1)
    assert (said, replicas) == ("One CPU: training runs on it alone, and needs no strategy.", 1)
    said, others, other_history, replicas = _train(2)
    assert said == "2 CPUs: MirroredStrategy trains a copy of the model on each."
    assert replicas == 2
    for one, two in zip(weights, others, strict=True):
        assert tf.reduce_max(tf.abs(tf.constant(one) - tf.constant(two))) < 1e-5
    assert other_history.keys() == history.keys()
    for name, values in history.items():
        assert other_history[name] == pytest.approx(values, abs=1e-5)


def test_several_machines_are_refused_by_name(monkeypatch):
    cluster = {"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "chief"}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(ValueError, match=r"names 2 machines \(a:1, b:1\).*Unset TF_CONFIG"):
        devices.strategy()


@pytest.mark.parametrize("config", ["", " ", json.dumps({"cluster": {"worker": ["a:1"]}})])
def test_one_machine_needs_no_cluster(config, monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", config)
    assert devices.strategy().num_replicas_in_sync == 1
    assert capsys.readouterr().out.startswith("One ")


@pytest.mark.parametrize("config", ["nonsense", "[]", "{}", '{"cluster": 3}'])
def test_a_malformed_cluster_is_shown_with_what_was_expected(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match=r"TF_CONFIG holds .* expected JSON such as"):
        devices.strategy()
