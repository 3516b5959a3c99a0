"""From images to findings. TensorFlow is imported only when a model is loaded."""
