"""Loaders, plots and reports for the deep-learning course workbook.

Importing this package is quick and quiet: it does not import TensorFlow, and it asks TensorFlow,
when a notebook imports it later, to keep its start-up log to itself and to use oneDNN, and Keras
to run on TensorFlow, for as many epochs as it is told.
"""

import os
import platform

# Whatever ~/.keras/keras.json and the shell were set to for other work.
os.environ["KERAS_BACKEND"] = "tensorflow"
for _name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
    os.environ.pop(_name, None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if platform.machine().lower() in ("x86_64", "amd64"):
    # TensorFlow's default on the newest processors only; its convolutions and pooling are quicker
    # on all: with AVX2 alone, an epoch of notebook 04 took 37 s in place of 50.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

QUICK = os.environ.get("WORKBOOK_QUICK", "") not in ("", "0")
"""True where ``WORKBOOK_QUICK=1`` asks for a short run: less training, no floor asserted."""
