"""The one table of error codes: whose fault, what it means and what to do, and what a C-STORE is answered with.

Codes of other kinds stand where they arise, in tables of the same form: :mod:`storage.codes` (timeline, deliveries),
:mod:`inference.sij_mri.limitations`, :mod:`reporting.checks`. ``docs/codes.md`` is written from all of them.
"""

from enum import StrEnum, auto
from typing import Any


class Fault(StrEnum):
    """With whom the cause of a code lies."""

    STUDY = "study"  # what was sent to be read
    NODE = "node"  # this installation: its machine, disk, database, bundle, or our own mistake
    UNCLEAR = "unclear"  # the study or this installation: only trying it again, alone, can tell
    PEER = "peer"  # the DICOM node at the other end
    PERSON = "person"  # what was asked for, in the settings, on the command line or in the panel


class Tone(StrEnum):
    """How the panel paints what a code says."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    NEUTRAL = ""


class AnyCode(StrEnum):
    """Base of the tables of codes; a member is its code, as the database and JSON hold it.

    Attributes
    ----------
    fault : Fault or None
        None where nothing went wrong.
    sentence : str
        What the code means in general, and what to do; what happened in the case at hand is said where it arises.
    dicom_status : int or None
        What a C-STORE is answered with; None for a code that cannot come up while an image is received.
    tone : Tone
    """

    fault: Fault | None
    sentence: str
    dicom_status: int | None
    tone: Tone

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[Any]) -> str:
        return name

    def __new__(cls, value: str, fault: Fault | None, sentence: str, dicom_status: int | None, tone: Tone) -> "AnyCode":
        """A member; made of a :func:`row`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.fault, member.sentence, member.dicom_status, member.tone = fault, sentence, dicom_status, tone
        return member


def row(
    fault: Fault | None, sentence: str, *, status: int | None = None, tone: Tone = Tone.BAD
) -> tuple[Any, Fault | None, str, int | None, Tone]:
    """One row of a table of codes; the code itself is the name it is given to. Parameters as in :class:`AnyCode`."""
    return auto(), fault, sentence, status, tone


# PS3.4 Table B.2-1 and PS3.7 Annex C
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000

_STUDY, _NODE, _PEER, _PERSON = Fault.STUDY, Fault.NODE, Fault.PEER, Fault.PERSON
_UNCLEAR = Fault.UNCLEAR


class Code(AnyCode):
    """Why something failed: raised, told of a refused image or a file that was left out, or of a failed study."""

    # Settings, ports, bundles
    SETTINGS_MISSING = row(_PERSON, "There is no settings file of this name; correct --config.")
    SETTINGS_INVALID = row(_PERSON, "An option is unknown or out of range; correct each one that is named.")
    SECRET_UNREADABLE = row(_PERSON, "The file of a token or password cannot be read; correct its name or its rights.")
    TLS_FILES = row(_PERSON, "A certificate or key for TLS cannot be read or do not belong together; correct them.")
    SETTINGS_UNREADABLE = row(_PERSON, "The settings file is not TOML, or may not be read; correct it.")
    RECEIVER_PORT = row(_NODE, "The DICOM port is taken or not allowed; free it, or set another receiver.port.")
    RECEIVER_STOPPED = row(_NODE, "The receiver was asked for its port before it was started; report this.")
    PANEL_PORT = row(_NODE, "The port of the panel is taken or not allowed; free it, or set another panel.port.")
    BUNDLE_NAME = row(_PERSON, "A bundle is chosen by the name of its folder, without a path; correct analysis.bundle.")
    BUNDLE_MISSING = row(_NODE, "No bundle of this name is in analysis.bundle_roots or shipped; install it.")
    BUNDLE_CORRUPT = row(_NODE, "The bundle is damaged or was changed; install it again.")
    BUNDLE_FORMAT = row(_NODE, "The bundle was made for another version of this product; install one that fits.")
    BUNDLE_KIND = row(_NODE, "A network is missing in the bundle or does not fit its manifest; install another one.")
    APPLICATION_UNKNOWN = row(
        _NODE, "No application of this name is installed; install its package, or correct the settings."
    )
    BUNDLE_APPLICATION = row(
        _NODE, "The bundle was made for another application or another version of it; choose one that fits."
    )
    BUNDLE_CUTTER = row(
        _NODE, "A network of the bundle takes images cut in a way that this version does not know; install another one."
    )
    LANGUAGE_UNKNOWN = row(_PERSON, "There are no words of results in this language; correct report.language.")
    SERIES_BASE_TAKEN = row(_PERSON, "The series of two deployments would have the same numbers; correct series_base.")

    # Disk and database
    DISK_LOW = row(_NODE, "Less than receiver.min_free_mb is free; make room.", status=OUT_OF_RESOURCES)
    DISK_FULL = row(_NODE, "The disk has no room; make room.", status=OUT_OF_RESOURCES)
    DISK_UNAVAILABLE = row(
        _NODE, "The data folder cannot be written; check its rights and its disk.", status=OUT_OF_RESOURCES
    )
    DATA_FOLDER_UNAVAILABLE = row(_NODE, "The data folder cannot be made; check data_dir, its rights and its disk.")
    DATABASE_FULL = row(_NODE, "The disk of the database is full; make room.", status=OUT_OF_RESOURCES)
    DATABASE_LOCKED = row(
        _NODE, "Another process holds the database for too long; end what is not the node.", status=OUT_OF_RESOURCES
    )
    DATABASE_BUSY = row(
        _NODE, "Several senders brought the same at one moment; it is taken when sent again.", status=OUT_OF_RESOURCES
    )
    DATABASE_UNAVAILABLE = row(
        _NODE, "The database does not answer; look whether it runs and whether there is room.", status=OUT_OF_RESOURCES
    )
    DATABASE_DAMAGED = row(_NODE, "The database is damaged; put a backup in its place.", status=OUT_OF_RESOURCES)
    DATABASE_ABSENT = row(_PERSON, "There is no database yet; axspa-node serve makes it.")
    DATABASE_OLDER = row(
        _PERSON, "The database is of an older revision; axspa-node serve brings it up to date when it starts."
    )
    DATABASE_NEWER = row(
        _PERSON, "A newer version of axspa-node has written the database; use that version, or a backup."
    )
    BACKUP_TARGET = row(_PERSON, "Something is there already; name a folder that is empty, or is not there yet.")
    BACKUP_UNUSABLE = row(_PERSON, "This is no whole backup of axspa-node; name the folder that one was made in.")
    BACKUP_BUSY = row(_NODE, "Retention or another backup is at work; try again later.")
    BACKUP_PROGRAM = row(
        _PERSON, "A database of PostgreSQL is copied by pg_dump and pg_restore; install its client (postgresql-client)."
    )
    DATABASE_URL = row(
        _PERSON, "A database is postgresql+psycopg://user:password@host/name, or sqlite:////folder/file.sqlite."
    )
    DATABASE_NO_FILE = row(_PERSON, "Only a database in a file or on a server can be looked at; correct database.url.")
    OBJECT_KEY = row(_NODE, "A name is not that of a stored file; the database was changed by hand, or report this.")
    OBJECT_UNREADABLE = row(_NODE, "A stored file is missing or cannot be read; check the disk, restore the file.")

    # Images that the receiver refuses
    DATA_SET_UNREADABLE = row(
        _PEER, "The bytes are no data set in the agreed transfer syntax; look at the sender.", status=CANNOT_UNDERSTAND
    )
    UID_MISSING = row(_PEER, "The data set lacks a UID that places it; look at the sender.", status=CANNOT_UNDERSTAND)
    UID_INVALID = row(
        _PEER, "A UID of the data set is none (PS3.5 section 9.1); look at the sender.", status=CANNOT_UNDERSTAND
    )
    UIDS_DIFFER = row(_PEER, "Command and data set name different objects; look at the sender.", status=DOES_NOT_MATCH)
    DUPLICATE_DIFFERS = row(
        _PEER,
        "Another image with these UIDs is stored and stays; find out at the sender which is right.",
        status=DUPLICATE_SOP_INSTANCE,
    )
    UNEXPECTED = row(
        _NODE, "The image could not be stored, for a reason nobody foresaw; report the log.", status=PROCESSING_FAILURE
    )

    # Files and series that cannot be read
    FILE_EMPTY = row(_STUDY, "The file is empty; send it again.")
    FILE_TOO_LARGE = row(_STUDY, "The file is larger than one image can be; it is not read.")
    FILE_UNREADABLE = row(_NODE, "The file cannot be opened; check its rights and its disk.")
    NOT_DICOM = row(_STUDY, "The file does not start as a DICOM file does (PS3.10); it is not read.")
    DEFLATE_TOO_LARGE = row(_STUDY, "The deflated file holds more than the bound; it is not read.")
    HEADER_DAMAGED = row(_STUDY, "The header is damaged; send the image again.")
    MEDIA_DIRECTORY = row(_STUDY, "The file is a DICOMDIR, an index without an image; it is not needed.")
    NO_IDENTITY = row(_STUDY, "The object lacks a UID that places it in a study; it is not read.")
    TOO_MANY_FRAMES = row(_STUDY, "The object has more frames than are read.")
    DUPLICATE_INSTANCE = row(_STUDY, "The same object came in two files; the first counts.")
    OTHER_STUDY = row(_STUDY, "Images of another study came along; send them as a study of their own.")
    NO_IMAGES = row(_STUDY, "The chosen series has no images; send it again.")
    NO_GEOMETRY = row(_STUDY, "An image does not say where it lies in the patient; the series is not read.")
    NOT_PARALLEL = row(_STUDY, "The planes of the series have several grids or directions; it is not read.")
    VOLUME_TOO_LARGE = row(_STUDY, "The series has more voxels than are read.")
    PIXELS_DAMAGED = row(_STUDY, "Too many slices of the series cannot be decoded; send it again.")
    PLANE_SIZE = row(_STUDY, "Rows and columns of an image are not usable; it is left out.")
    NOT_GRAY = row(_STUDY, "The image is colored; only gray images are read.")
    CODED_SIZE = row(_STUDY, "The compressed image has another size than its header says; it is left out.")
    DECODER_CRASHED = row(_STUDY, "The compressed image ended its decoder, so it is damaged; it is left out.")
    SOURCE_UNREADABLE = row(_NODE, "A stored source image can no longer be read; check the disk, then analyze again.")
    NO_SOURCE_IMAGE = row(_STUDY, "No image of the study could be read, so there is nothing to report on.")

    # Analyses that end without a result
    ANALYSIS_BROKE = row(_UNCLEAR, "The analysis ended by an error that nobody foresaw; report the log.")
    WORKER_DIED = row(_UNCLEAR, "The analysis process ended in the middle; look for missing memory in the system log.")
    WORKER_BROKE = row(_UNCLEAR, "The analysis process could not start or answer; the log says more.")
    ANALYSIS_TIMEOUT = row(_UNCLEAR, "The analysis took longer than analysis.timeout_s; it is tried again.")
    WORKER_LOST = row(_UNCLEAR, "The analysis gave no sign of life; it is tried again, or failed. The log says more.")
    WORKER_UNREADY = row(_NODE, "No analysis process could be started; look for missing memory, then at the log.")
    CLAIM_LOST = row(_NODE, "The lease of an analysis ran out and another may hold the study; nothing was saved.")
    STUDY_STATE = row(_NODE, "The study is in a state in which this cannot be done; wait, then try again.")

    # What a person asked for
    REASON_MISSING = row(_PERSON, "Say why, in 1 to 500 characters; the reason is kept.")
    STUDY_HELD = row(_PERSON, "The study is held back or discarded; decide about that first.")
    NOT_HELD = row(_PERSON, "Nothing of this study is held back.")
    RELEASE_REFUSED = row(
        _PERSON, "What the check found cannot be overruled; mend its cause and read again, or discard the study."
    )
    STILL_MIXED = row(
        _PERSON, "The images still name more than one patient; send corrected ones, set some aside, or release."
    )
    PATIENT_UNKNOWN = row(_PERSON, "The images of the study name no such patient; take one that is listed.")
    IDENTITY_UNREAD = row(_NODE, "Whom the images of the study name is still being read; try again in a minute.")
    STUDY_UNKNOWN = row(_PERSON, "There is no study of this number.")
    STUDY_BUSY = row(_PERSON, "The study is on its way already; wait until it is done.")
    RESULT_UNKNOWN = row(_PERSON, "There is no such result.")
    RESULT_HELD = row(_PERSON, "A result that the check held back is not sent; look at its findings.")
    RESULT_SUPERSEDED = row(_PERSON, "Only the newest result is sent; ask for that one.")
    RESULT_NOT_SENT = row(_PERSON, "Only results of pushed studies and of primary deployments are sent.")
    KIND_UNKNOWN = row(_PERSON, "No application that runs here gives objects of this kind; take those that are named.")
    RESULT_RETRACTED = row(_PERSON, "The result was taken back; it is not sent again.", tone=Tone.WARN)
    NOT_DELIVERED = row(_PERSON, "Nothing of the result was delivered; there is nothing to take back.", tone=Tone.WARN)
    DESTINATION_CLOSED = row(_PERSON, "The destination is not open: open it, then send.", tone=Tone.WARN)
    DESTINATION_UNKNOWN = row(_PERSON, "The settings have no destination of this name; correct the name.")
    USER_NAME = row(_PERSON, "A user name has 1 to 64 printable characters; choose another one.")
    USER_ROLE = row(_PERSON, "There is no such role; take one of those that are named.")
    USER_EXISTS = row(_PERSON, "There is a user of this name already; choose another name.")
    USER_UNKNOWN = row(_PERSON, "There is no user of this name.")
    USER_LAST_ADMIN = row(_PERSON, "The last administrator stays one; make another one first.")
    USER_CHANGE = row(_PERSON, "A user cannot be changed in this way; use the forms of the page.")
    PASSWORD_LENGTH = row(_PERSON, "The password is too short or too long; choose another one.")
    PASSWORDS_DIFFER = row(_PERSON, "The two passwords differ, nothing was changed; type them again.")
    PICTURE_UNREADABLE = row(_PERSON, "A file is no PNG or JPEG picture, or too small or too large; take another one.")
    PURPOSE_REFUSED = row(
        _PERSON, "An application whose results must not be sent is deployed as primary; make it shadow or trial."
    )
    NO_PICTURES = row(_PERSON, "The folder holds no PNG or JPEG picture; correct the path, or process DICOM.")
    PICTURES_UNKNOWN = row(_PERSON, "The application reads no pictures, only DICOM studies; take another one.")
    NO_INPUT = row(_PERSON, "There is no such file or folder; correct the path.")
    NO_DICOM = row(_PERSON, "The folder holds no DICOM study that can be read; correct the path.")

    # The node as a whole
    NODE_BROKE = row(_NODE, "The node was ended by an error that nobody foresaw; report the log.")

    # The demo
    NO_PORT = row(_NODE, "No port is free on this machine; end what holds them.")
    NODE_DID_NOT_START = row(_NODE, "The node of the demo did not become healthy; the end of its log says why.")
    DEMO_TOO_SLOW = row(_NODE, "The study of the demo did not settle in time; try again when the machine is idle.")


class GapCode(AnyCode):
    """Why a study may not be whole: told in its timeline, and first of all in its result."""

    IMAGES_REFUSED = row(
        _NODE, "Images of the study were refused and have not come since; mend the cause, then send the study again."
    )
    TRANSFER_BROKEN = row(
        _PEER, "An association that brought images of the study broke off; send the study again.", tone=Tone.WARN
    )
    FEWER_THAN_ANNOUNCED = row(
        _STUDY, "The headers announce more images than are there (0020,1002); send the study again.", tone=Tone.WARN
    )
    SLICES_MISSING = row(
        _STUDY, "Slices are missing within a series that is read; send the study again.", tone=Tone.WARN
    )


class SourceCode(AnyCode):
    """What of the source images a reader of a result must know, whatever was read in them."""

    SOURCE_LOSSY = row(
        _STUDY, "The images were compressed with loss; send them as the scanner made them.", tone=Tone.WARN
    )
    IDENTITY_SHORTENED = row(
        _STUDY, "A name in the images is longer than DICOM allows and is shortened in the result.", tone=Tone.WARN
    )
    IDENTITY_LEFT_OUT = row(
        _STUDY, "A value in the images breaks DICOM's rules and is left empty in the result.", tone=Tone.WARN
    )
    IDENTITY_NOT_LEGAL = row(
        _STUDY, "The Patient ID in the images breaks DICOM's rules; results keep it letter for letter.", tone=Tone.WARN
    )


NO_DATABASE = frozenset(
    {Code.DATABASE_FULL, Code.DATABASE_LOCKED, Code.DATABASE_BUSY, Code.DATABASE_UNAVAILABLE} | {Code.DATABASE_DAMAGED},
)
"""Where one of these is the reason, the database would take no word of it either."""
