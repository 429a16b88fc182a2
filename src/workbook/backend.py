"""Keras and TensorFlow, imported without their start-up log and with the workbook's settings.

Import ``keras`` and ``tf`` from here.
"""

from workbook import settings

settings.refuse_impostors()
with settings.quiet_import():
    import keras
    import tensorflow as tf

    tf.zeros(1)  # the log comes with the first operation, not with the import
settings.keras_defaults()

__all__ = ["keras", "tf"]
