"""From images to findings. TensorFlow is imported only when a model is loaded.

Whoever imports it first decides, so its backend and its chatter are settled here, before anybody can.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
