"""A golden record: every mask, number, code and text that one study gives, and its way through the node.

::

    python -m tests.golden write FOLDER              # of the shipped synthetic study
    python -m tests.golden write FOLDER --study DIR  # of any folder of DICOM files, a real one for example
    python -m tests.golden compare BEFORE AFTER      # what differs; exit status 1 where anything does
    python -m tests.golden compare BEFORE AFTER --loose   # across machines: networks differ in the last digits
    python -m tests.golden proof                     # both the synthetic study and a real one, against what is kept

The record of the synthetic study lies beside this file and is compared in the tests. What a change alters on purpose is
written anew here, and listed in the changelog under "Effect on results".
"""
