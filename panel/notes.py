"""The short messages above a page after an action, by the name that the address carries."""

from dataclasses import dataclass

from config.codes import Code


@dataclass(frozen=True, slots=True)
class Note:
    """A message and its tone."""

    text: str
    kind: str = ""


NOTES: dict[str, Note] = {
    "reprocess": Note("The study will be analysed again, as a new revision."),
    "read-now": Note("The study is read as it is; the result says what is missing."),
    "release": Note("What was held back is released."),
    "discard": Note("The study is discarded: it is kept and shown, and nothing of it is sent."),
    "keep": Note("The images of the others are set aside; the study is read again."),
    "again": Note("The study is read again."),
    "resend": Note("The objects are on their way again."),
    "resend-nothing": Note("There was nothing to send.", "warn"),
    "retract": Note("The result was taken back; the destinations that have it are told."),
    "destination-open": Note("The destination is open: what is made from now on is sent to it."),
    "destination-close": Note("The destination is closed: nothing is sent to it; what waited is kept."),
    "destination-again": Note("Everything is offered to the destination again."),
    "destination-redirect": Note("The objects go to the other destination."),
    "destination-drop": Note("The objects were given up.", "warn"),
    "user-added": Note("The user was added."),
    "user-disabled": Note("The user may no longer log in; open sessions were ended."),
    "user-enabled": Note("The user may log in again."),
    "user-role": Note("The role was changed; it counts from the next page that the user opens."),
    "password": Note("The password was changed."),
    "search-over": Note("That search is over, because a new session began. All studies are shown.", "warn"),
    Code.STUDY_BUSY: Note("The study is on its way already. Wait until it is done.", "warn"),
    Code.STUDY_UNKNOWN: Note("There is no such study.", "bad"),
    Code.STUDY_STATE: Note("The study is in a state in which this cannot be done.", "warn"),
    Code.RESULT_UNKNOWN: Note("There is no such result.", "bad"),
    Code.RESULT_HELD: Note("A result that the check held back is not sent.", "bad"),
    Code.STUDY_HELD: Note("The study is held back or discarded. Decide about that first.", "warn"),
    Code.REASON_MISSING: Note("Nothing was done: say why, in 1 to 500 characters.", "warn"),
    Code.NOT_HELD: Note("Nothing of this study is held back.", "warn"),
    Code.RELEASE_REFUSED: Note(
        "Nothing was released: what the check found cannot be overruled. Mend its cause and read again, or discard.",
        "bad",
    ),
    Code.STILL_MIXED: Note(
        "The images still name more than one patient. Send corrected ones, set some aside, or release.", "bad"
    ),
    Code.PATIENT_UNKNOWN: Note("The images name no such patient.", "bad"),
    Code.IDENTITY_UNREAD: Note("Whom the images name is still being read. Try again in a minute.", "warn"),
    Code.RESULT_SUPERSEDED: Note("Only the newest result is sent.", "warn"),
    Code.RESULT_NOT_SENT: Note("Results of this study or of this deployment stay on this node.", "warn"),
    Code.RESULT_RETRACTED: Note("The result was taken back; it is not sent again.", "warn"),
    Code.NOT_DELIVERED: Note("Nothing of the result was delivered, so there is nothing to take back.", "warn"),
    Code.DESTINATION_CLOSED: Note("That destination is not open. Open it on the page Destinations first.", "warn"),
    Code.DESTINATION_UNKNOWN: Note("That destination is not in the settings of this node.", "bad"),
}


def find(name: str) -> Note | None:
    """The message of a name, or none."""
    return NOTES.get(name)
