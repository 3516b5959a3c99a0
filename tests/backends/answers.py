"""What the shipped bundle says on one backend: ``KERAS_BACKEND=... python -m tests.backends.answers ASKED ANSWERS``."""

import sys
from pathlib import Path

import numpy as np

from inference.serving import Classifier, Segmenter, VoxelClassifier, load_bundle
from inference.sij_mri import SacroiliacMri

Arrays = dict[str, np.ndarray]


def answers(asked: Arrays) -> Arrays:
    """Every output of every model, and every explanation, by name.

    Parameters
    ----------
    asked : dict of str to float32 array
        Input by role.
    """
    import keras

    bundle = load_bundle("sij-1", SacroiliacMri())
    said: Arrays = {"backend": np.array(keras.backend.backend()), "device": np.array(bundle.device)}
    for role, given in asked.items():
        model = bundle.models[role]
        if isinstance(model, Segmenter | VoxelClassifier):
            said[f"{role} probability"], said[f"{role} spread"] = model.predict(given)
        elif isinstance(model, Classifier):
            said |= {f"{role} {name}": values for name, values in model.predict(given)[0].items()}
            for name in model.explainable:
                for index, label in enumerate(model.spec.outputs[name]):
                    said[f"{role} evidence for {label}"] = model.activation(given, name, class_index=index)
    return said


def main(asked: Path, out: Path) -> None:
    """Read what is asked, and write what is said."""
    with np.load(asked) as content:
        np.savez(out, allow_pickle=False, **answers(dict(content)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
