"""Values as people read them: names, times, sizes, DICOM status codes. Pure functions, used as template filters."""

from datetime import UTC, date, datetime, timedelta

_BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB")

# PS3.4 annex B.2.3 and PS3.7 annex C: what a C-STORE answer means to the person who must act.
_DIMSE_WORDS = {
    0x0000: "stored",
    0x0105: "no such attribute at the destination",
    0x0106: "invalid attribute value",
    0x0107: "stored, with attributes it does not know",
    0x0110: "processing failure at the destination",
    0x0111: "the destination already holds this object with other content",
    0x0112: "no such SOP instance at the destination",
    0x0117: "invalid object instance",
    0x0118: "no such SOP class at the destination",
    0x0122: "the destination does not store this SOP class",
    0x0124: "not authorized by the destination",
    0x0210: "duplicate invocation",
    0x0211: "unrecognized operation",
    0x0212: "mistyped argument",
    0xB000: "stored, with coercion of data elements",
    0xB006: "stored, with elements discarded",
    0xB007: "stored, although the data set does not match the SOP class",
}


_CLASS_WORDS = {
    "1.2.840.10008.5.1.4.1.1.66.4": "Segmentation",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame true color secondary capture",
    "1.2.840.10008.5.1.4.1.1.88.11": "Basic text report",
    "1.2.840.10008.5.1.4.1.1.88.22": "Enhanced structured report",
    "1.2.840.10008.5.1.4.1.1.88.33": "Comprehensive structured report",
    "1.2.840.10008.5.1.4.1.1.88.34": "Comprehensive 3D structured report",
    "1.2.840.10008.5.1.4.1.1.88.59": "Key object selection",
    "1.2.840.10008.5.1.4.1.1.30": "Parametric map",
    "1.2.840.10008.5.1.4.1.1.11.1": "Presentation state",
    "1.2.840.10008.5.1.4.1.1.104.1": "PDF",
}


def class_words(sop_class_uid: str) -> str:
    """A SOP class in words; its UID where we make none of it."""
    return _CLASS_WORDS.get(sop_class_uid, sop_class_uid)


def dimse_words(status: int | None) -> str:
    """The meaning of a C-STORE response status (PS3.4 table B.2-1).

    Parameters
    ----------
    status : int or None
        Status code; None where no answer came.
    """
    if status is None:
        return "no answer"
    if status in _DIMSE_WORDS:
        return _DIMSE_WORDS[status]
    if 0xA700 <= status <= 0xA7FF:
        return "the destination is out of resources"
    if 0xA900 <= status <= 0xA9FF:
        return "the data set does not match its SOP class"
    if 0xC000 <= status <= 0xCFFF:
        return "the destination cannot understand the object"
    if 0xB000 <= status <= 0xBFFF:
        return "stored, with a warning"
    return "refused"


def hex_code(status: int | None) -> str:
    """A DIMSE status as ``0xA700``, or a dash."""
    return "–" if status is None else f"0x{status:04X}"


def _component_group(group: str) -> str:
    family, given, middle, prefix, suffix = (group.split("^") + [""] * 5)[:5]
    if any(ord(letter) >= 0x2E80 for letter in family + given):  # ideographic and syllabic scripts: family name first
        return " ".join(part.strip() for part in (family, given, middle) if part.strip())
    rest = " ".join(part.strip() for part in (prefix, given, middle) if part.strip())
    name = ", ".join(part for part in (family.strip(), rest) if part)
    return f"{name} {suffix.strip()}".strip() if suffix.strip() else name


def name_groups(value: str | None) -> tuple[str, str, str]:
    """The three groups of a person name (PS3.5 section 6.2.1.2): alphabetic, ideographic, phonetic, ready to show."""
    groups = [*(value or "").split("="), "", "", ""][:3]
    alphabetic, ideographic, phonetic = (_component_group(group) for group in groups)
    return alphabetic, ideographic, phonetic


def person_name(value: str | None) -> str:
    """A DICOM person name as people write it: ``山田 太郎 (Yamada, Tarou)``; ``no name`` where there is none."""
    alphabetic, ideographic, phonetic = name_groups(value)
    if ideographic and alphabetic:
        return f"{ideographic} ({alphabetic})"
    return ideographic or alphabetic or phonetic or "no name"


def person_name_title(value: str | None) -> str:
    """The phonetic group of a name, for a tooltip."""
    return name_groups(value)[2]


def local(value: datetime | None) -> datetime | None:
    """A moment in this machine's time zone; a naive one is taken as UTC."""
    if value is None:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone()


def zone(moment: datetime) -> str:
    """The time zone of an aware moment: ``CET (UTC+01:00)``, or only ``UTC``."""
    name, offset = moment.strftime("%Z"), moment.strftime("%z")
    return name if name == "UTC" else f"{name} (UTC{offset[:3]}:{offset[3:5]})"


def time_title(value: datetime | None) -> str:
    """A moment in full, with its zone: ``Saturday 21 November 2026, 12:01:33 CET (UTC+01:00)``."""
    moment = local(value)
    if moment is None:
        return ""
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M:%S} {zone(moment)}"


def time_short(value: datetime | None, *, now: datetime | None = None) -> str:
    """A moment in as few signs as it takes: the time today, the date and time before."""
    moment = local(value)
    if moment is None:
        return "–"
    today = (local(now) or datetime.now().astimezone()).date()
    if moment.date() == today:
        return f"{moment:%H:%M:%S}"
    if moment.year == today.year:
        return f"{moment.day} {moment:%b %H:%M}"
    return f"{moment:%Y-%m-%d %H:%M}"


def clock(value: datetime | None) -> str:
    """Only the time of day, to the second."""
    moment = local(value)
    return f"{moment:%H:%M:%S}" if moment else "–"


def day(value: datetime | None) -> str:
    """Only the day: ``Saturday 21 November 2026``."""
    moment = local(value)
    return f"{moment:%A} {moment.day} {moment:%B %Y}" if moment else "–"


def iso(value: datetime | None) -> str:
    """ISO 8601 with offset, for the ``datetime`` attribute."""
    moment = local(value)
    return moment.isoformat(timespec="seconds") if moment else ""


def dicom_date(value: date | str | None) -> str:
    """A DICOM date (``20260131`` or a date) as ``2026-01-31``; what is no date is shown as it came."""
    if value is None or value == "":
        return "–"
    if isinstance(value, date):
        return value.isoformat()
    text = value.strip()
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def sex(value: str | None) -> str:
    """Patient's sex in words."""
    return {"F": "female", "M": "male", "O": "other"}.get((value or "").strip().upper(), "sex unknown")


def duration(value: float | timedelta | None) -> str:
    """A length of time in the two largest units: ``4 min 12 s``."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 0.95:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, lower, lower_size in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // lower_size
            return f"{whole // size} {unit}" + (f" {rest} {lower}" if rest else "")
    return f"{whole} s"


def ago(value: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago a moment was, or how long until it comes."""
    moment = local(value)
    if moment is None:
        return "never"
    passed = ((local(now) or datetime.now().astimezone()) - moment).total_seconds()
    if passed < 0:
        return f"in {_roughly(-passed)}"
    return "just now" if passed < 1.5 else f"{_roughly(passed)} ago"


def _roughly(seconds: float) -> str:
    """A length of time in one unit, so that a page kept fresh does not change each second."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length or (unit != "days" and seconds >= length):
            return f"{seconds // length:.0f} {unit}"
    return f"{max(1, round(seconds))} s"


def size(value: int | None) -> str:
    """A number of bytes: ``1.4 MB``."""
    if value is None:
        return "–"
    amount = float(value)
    for unit in _BYTE_UNITS:
        if amount < 1000 or unit == _BYTE_UNITS[-1]:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{value} bytes"


def probability(value: float | None) -> str:
    """A probability that came without its words, as those that come with them: never nearer to certainty than 0.95."""
    if value is None:
        return "–"
    if not 0.05 <= value <= 0.95:
        return "under 0.05" if value < 0.05 else "over 0.95"
    return f"{value:.2f}"


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 image``, ``25 images``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
