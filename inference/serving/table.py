"""Tables: from rows of values with a name (age, a score, a volume) to the probability of each class."""

from inference.serving.manifest import Kind
from inference.serving.networks import Answers, Networks, by_name
from inference.types import FloatArray


class Table(Networks):
    """Networks that judge rows of values.

    Parameters
    ----------
    spec : ModelSpec
    networks : sequence of keras.Model
        From float32 (batch, values), as the cutter gives them, to probabilities (batch, classes), one output or several
        by name; what standardizes the values is in the network.
    """

    kind = Kind.TABLE
    axes = 1
    batch = 64

    def predict(self, rows: FloatArray) -> tuple[Answers, Answers]:
        """Probability of each class.

        Parameters
        ----------
        rows : float32 array (n, values)

        Returns
        -------
        probabilities : dict of str to float32 array (n, classes)
            By output.
        spread : dict of str to float32 array (n, classes)
            How far the networks lie apart; zero for one.
        """
        return by_name(self._members(rows))
