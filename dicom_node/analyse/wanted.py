"""Which images an application wants, told from a database row: no file is opened and no model loaded."""

from inference.application import find_application, installed_applications

_NO_IMAGES = (
    "1.2.840.10008.5.1.4.1.1.11.",  # presentation states
    "1.2.840.10008.5.1.4.1.1.30",  # parametric maps
    "1.2.840.10008.5.1.4.1.1.66",  # registrations, segmentations, surfaces
    "1.2.840.10008.5.1.4.1.1.88.",  # structured reports, key objects
    "1.2.840.10008.5.1.4.1.1.104.",  # documents
)


def wants(application: str, *, sop_class_uid: str, modality: str, image_type: str) -> bool:
    """True where an application reads an object of this kind: what others made of the images is not read.

    Parameters
    ----------
    application : str
        Name of an installed application; one that is not installed wants every image, and its runs say that it is
        missing.
    sop_class_uid, modality : str
        As received.
    image_type : str
        Its parts joined by backslashes, as received; empty: not known.
    """
    if sop_class_uid.startswith(_NO_IMAGES):
        return False
    if application not in installed_applications():
        return True
    words = tuple(word.strip().upper() for word in image_type.split("\\") if word.strip())
    return find_application(application).wants(sop_class_uid=sop_class_uid, modality=modality, image_type=words)
