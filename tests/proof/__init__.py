"""``make proof``: what takes longer than ``make test`` or needs more than it, in parts that can be resumed.

Each part writes its section of docs/proof.md. How to run it: docs/how-to/run-the-proof.md.
"""
