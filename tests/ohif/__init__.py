"""OHIF over Orthanc's DICOMweb in a real browser: what a viewer that others wrote draws of our objects."""
