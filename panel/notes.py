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
    "resend": Note("The objects are on their way again."),
    "resend-nothing": Note("There was nothing to send.", "warn"),
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
    Code.RESULT_HELD: Note("A result that the check held back is never sent.", "bad"),
    Code.RESULT_SUPERSEDED: Note("Only the newest result is sent.", "warn"),
    Code.RESULT_NOT_SENT: Note("Results of this study or of this deployment stay on this node.", "warn"),
    Code.DESTINATION_UNKNOWN: Note("That destination is not in the settings of this node.", "bad"),
}


def find(name: str) -> Note | None:
    """The message of a name, or none."""
    return NOTES.get(name)
