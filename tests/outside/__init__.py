"""The review's faults as tests from outside: commands, DICOM, HTTP and files of two checkouts, beside each other."""
