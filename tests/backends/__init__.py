"""The same bundle on every Keras backend: ``python -m tests.backends``.

The shipped bundle answers on TensorFlow, in the environment of the tests, and on JAX and PyTorch, in one of its own
outside the repository. What networks say, and where they say that they looked, must agree. Takes a minute, and some
more the first time for the installation (about 2 GB); a part of the proof, not of ``make test``.
"""
