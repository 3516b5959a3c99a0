"""Tests by what they need; a folder is chosen by its path, ``scripts/test tests/pure``.

- ``pure``: nothing but the code; no files but a little text, no sockets, no processes, no training.
- ``files``: a database, DICOM files, data sets, bundles and networks, all in this process.
- ``processes``: processes, sockets and threads of our own.
- ``peers``: programs that others wrote: Orthanc, DCMTK, dicom3tools, PixelMed, dcmqi, PostgreSQL, Chromium,
  OHIF and dcmjs.

What tests are made of lies in ``factories``, the programs that they start in ``programs``; what takes long is made once
for a whole run, in ``conftest``.
"""
