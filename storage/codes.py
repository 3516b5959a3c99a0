"""Codes that storage keeps beside errors: what happens to a study, and what an attempt to deliver came to."""

from config.codes import AnyCode, Fault, Tone, row

_OK, _WARN, _NEUTRAL = Tone.OK, Tone.WARN, Tone.NEUTRAL


class EventCode(AnyCode):
    """A line of a study's timeline, and the reason for the state that the study is in."""

    RECEIVING = row(None, "Images are arriving.", tone=_NEUTRAL)
    STUDY_OPENED = row(None, "The first image of the study came.", tone=_NEUTRAL)
    IMAGES_RECEIVED = row(None, "An association brought images.", tone=_NEUTRAL)
    IDENTITY_MIXED = row(
        Fault.STUDY, "Its images name more than one patient; results are held back until a person has looked."
    )
    LATE_IMAGES = row(
        None,
        "Something came after the study was complete; where it changes what is read, all is read again.",
        tone=_WARN,
    )
    WAITS_FOR_IMAGES = row(
        None, "Images of the study are missing; it waits for them, then it is read as it is.", tone=_WARN
    )
    IDENTITY_CLEARED = row(None, "Its images name one patient now, so it is no longer held for that.", tone=_OK)
    IMAGE_REPLACED = row(
        None, "An image of a held study came with other content and took the place of the former.", tone=_WARN
    )
    RELEASED = row(None, "A person released what was held back.", tone=_OK)
    SPLIT = row(None, "A person set images of other patients aside; they are kept and not read.", tone=_WARN)
    READ_AGAIN = row(None, "A person asked for a new analysis after a correction.", tone=_NEUTRAL)
    SOURCES_DELETED = row(None, "Its images were kept for as long as the settings say, and deleted.", tone=_NEUTRAL)
    PICTURES_DELETED = row(None, "Its pictures were kept for as long as the settings say, and deleted.", tone=_NEUTRAL)
    DISCARDED = row(None, "A person ended the study: it is kept and shown, and nothing of it is sent.", tone=_WARN)
    COMPLETE = row(None, "No more images are expected; the study waits for its analysis.", tone=_NEUTRAL)
    ANALYSING = row(None, "An analysis began.", tone=_NEUTRAL)
    PUT_BACK = row(None, "The node was stopped during the analysis; the study waits again.", tone=_NEUTRAL)
    REPROCESS = row(None, "A person asked for a new analysis.", tone=_NEUTRAL)
    READ_NOW = row(None, "A person had the study read as it is, without waiting for images.", tone=_NEUTRAL)
    RESULT_SAVED = row(None, "The analysis gave a result.", tone=_OK)
    NOT_APPLICABLE = row(None, "The study has nothing that is read here; the result says why.", tone=_WARN)
    UNCHANGED = row(None, "Nothing differs from the last result, which stands.", tone=_OK)
    NOTHING_WANTED = row(None, "A deployment found no image in the study that it reads.", tone=_NEUTRAL)
    NOT_WANTED = row(None, "No deployment of this node reads anything in the study.", tone=_NEUTRAL)
    DEPLOYMENT_OFF = row(None, "The deployment was switched off before its run began.", tone=_NEUTRAL)
    HELD = row(Fault.NODE, "The check before sending found faults, so nothing was sent; look at its findings.")
    SUPERSEDED = row(None, "A newer result took the place of one before it was sent.", tone=_NEUTRAL)
    RETRACTED = row(Fault.PERSON, "A person took a result back; the destinations that have it are told.", tone=_WARN)
    RESEND = row(None, "A person asked for objects to be sent again.", tone=_NEUTRAL)
    DELIVERED = row(None, "Every object is at every destination.", tone=_OK)
    UNDELIVERED = row(Fault.PEER, "Deliveries failed for good; do what their lines say, then send again.")
    DELIVERY_DELIVERED = row(None, "Objects arrived at a destination.", tone=_OK)
    DELIVERY_WAITING = row(Fault.PEER, "Objects could not be sent yet; they are tried again.", tone=_WARN)
    DELIVERY_REFUSED = row(Fault.PEER, "A destination refused objects for good; allow them there, then send again.")
    DELIVERY_GIVEN_UP = row(Fault.PEER, "Objects could not be sent for too long; mend the cause, then send again.")
    DELIVERY_KEPT = row(None, "Objects were made and not sent: the destination is not open.", tone=_NEUTRAL)
    DELIVERY_STRANDED = row(
        Fault.PERSON,
        "The destination of objects is no longer in the settings; name it again, send them elsewhere or give them up.",
    )
    DELIVERY_CANCELLED = row(None, "Objects are no longer sent to a destination.", tone=_NEUTRAL)


class DeliveryCode(AnyCode):
    """What an attempt to send one object came to."""

    STORED = row(None, "The destination stored the object.", tone=_OK)
    STORED_WITH_WARNING = row(None, "The destination stored the object and had something to say of it.", tone=_OK)
    STORED_BEFORE = row(None, "The destination has the object already, from an earlier attempt of ours.", tone=_OK)
    DUPLICATE_UNKNOWN = row(
        Fault.PEER,
        "The destination says that it has an object of this UID, and this node never sent it; look at what is there.",
    )
    OUT_OF_RESOURCES = row(Fault.PEER, "The destination has no room now; it is tried again.", tone=_WARN)
    PROCESSING_FAILURE = row(Fault.PEER, "The destination failed to store the object; it is tried again.", tone=_WARN)
    REFUSED = row(Fault.PEER, "The destination refused the object for good; its status and comment say why.")
    SOP_CLASS_REFUSED = row(
        Fault.PEER, "The destination does not accept the SOP class; allow it there, then send again."
    )
    ASSOCIATION_REJECTED = row(
        Fault.PEER, "The destination rejected the association; make our AE title known there.", tone=_WARN
    )
    ASSOCIATION_LOST = row(Fault.PEER, "The destination broke the association off; it is tried again.", tone=_WARN)
    NO_ANSWER = row(Fault.PEER, "The destination gave no answer in time; it is tried again.", tone=_WARN)
    NO_DICOM_ANSWER = row(
        Fault.PEER, "Something takes connections there but does not answer as DICOM; check host and port.", tone=_WARN
    )
    NAME_UNKNOWN = row(Fault.PEER, "The name of the destination's host is not known; check host and DNS.", tone=_WARN)
    TLS_FAILED = row(Fault.PEER, "No TLS connection came about; check certificates and who speaks TLS.", tone=_WARN)
    LOGIN_REFUSED = row(Fault.PEER, "The destination refused our token, user or password; correct it.", tone=_WARN)
    BREAKS_OFF = row(Fault.PEER, "The destination breaks every association off; it is tried again later.", tone=_WARN)
    NOT_KEPT = row(
        Fault.PEER, "The destination answered that it stored the object and has it not; it is sent again.", tone=_WARN
    )
    NOT_REACHED = row(Fault.PEER, "The destination cannot be reached; check host, port and network.", tone=_WARN)
    SEND_FAILED = row(Fault.NODE, "The object could not be put on the way; it is tried again. Report it.", tone=_WARN)
    SUPERSEDED = row(None, "A newer result took its place before it was sent.", tone=_NEUTRAL)
    DISCARDED = row(None, "A person ended the study before it was sent.", tone=_NEUTRAL)
    NOT_OPEN = row(None, "The destination was not open; it is sent when a person asks.", tone=_NEUTRAL)
    STRANDED = row(Fault.PERSON, "The destination is no longer in the settings.", tone=_WARN)
    RETRACTED = row(None, "A person took the result back before it was sent.", tone=_NEUTRAL)
    MOVED = row(None, "A person had it sent to another destination instead.", tone=_NEUTRAL)
    DROPPED = row(None, "A person gave it up: its destination is gone.", tone=_NEUTRAL)
    NOT_OFFERED = row(None, "The destination did not accept its class a while ago; it was not offered.", tone=_NEUTRAL)
    OTHER_CLASS = row(None, "The destination refuses its class; it gets the same in another.", tone=_NEUTRAL)
    NOT_WANTED = row(None, "The destination's settings no longer ask for objects of this kind.", tone=_NEUTRAL)


OF_DESTINATION = frozenset(
    {
        DeliveryCode.ASSOCIATION_REJECTED,
        DeliveryCode.NO_DICOM_ANSWER,
        DeliveryCode.NOT_REACHED,
        DeliveryCode.NAME_UNKNOWN,
        DeliveryCode.TLS_FAILED,
        DeliveryCode.LOGIN_REFUSED,
        DeliveryCode.BREAKS_OFF,
    }
)
"""What is wrong with a destination as a whole: any other object would meet the same."""

RELEASABLE = frozenset({EventCode.IDENTITY_MIXED})
"""Findings of the gate that a person may overrule: only whether images are of one patient can a person know better.

Every other finding says that an object is not what it should be (no legal DICOM, another patient, sides swapped, values
that are not those found): that is mended and computed again, never released.
"""
