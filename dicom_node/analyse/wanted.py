"""Which images an application wants, told from a database row: no file is opened and no model loaded."""

_NO_IMAGES = (
    "1.2.840.10008.5.1.4.1.1.11.",  # presentation states
    "1.2.840.10008.5.1.4.1.1.66",  # registrations, segmentations, surfaces
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key objects
    "1.2.840.10008.5.1.4.1.1.104.",  # documents
)


def wants(application: str, *, sop_class_uid: str, modality: str) -> bool:
    """True where an application reads an object of this kind: what others made of the images is not read.

    Parameters
    ----------
    application : str
        Name of the application; those of today all want every image.
    sop_class_uid, modality : str
        As received.
    """
    return not sop_class_uid.startswith(_NO_IMAGES)
