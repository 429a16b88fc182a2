"""The model that a notebook saved, for another notebook to begin with."""

from collections.abc import Callable

from workbook import paths
from workbook.backend import keras


def load_or_train(name: str, train: Callable[[], keras.Model], practice: bool) -> keras.Model:
    """Return the model that the notebook ``name`` saved; train it where it is not there.

    A notebook that goes deeper begins so, whether its core notebook was run here or not::

        model = load_or_train("01_mnist_dense", train, digit_mnist.practice)

    ``train`` takes nothing, and returns a model built and fitted as in that notebook; what it
    returns is saved where that notebook saves its own, ``data/models/<name>.keras``, so that it
    trains once. ``practice`` says whether the data is practice data; such models, and those of
    quick runs, have names of their own. Which it was is printed in a line.

    Training draws random numbers, and loading does not: set the seed after this call.
    """
    path = paths.output(f"models/{name}.keras", practice)
    shown = path.relative_to(paths.ROOT).as_posix()
    if path.is_file():
        try:
            model = keras.models.load_model(path)
        except (OSError, ValueError, TypeError, KeyError) as error:  # cut short, or of another kind
            print(f"{shown} cannot be read ({type(error).__name__}): training the model again.")
        else:
            print(f"{shown}: loaded, as the notebook {name} saved it.")
            return model
    else:
        print(f"{shown} is not there: training the model first, as the notebook {name} does.")
    model = train()
    with paths.writing(path) as partial:
        model.save(partial)
    return model
