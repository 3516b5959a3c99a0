"""Synthetic patients: a phantom with a known truth, and lesions painted into real or synthetic anatomy."""
