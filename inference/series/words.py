"""What people and scanners call a series: vendors' habits in several languages.

Names come last in selection: they are free text, often copied from another protocol, and sometimes wrong.
Patterns are matched on the lower-case name with accents removed and ``_ - . / *`` read as spaces.
"""

import re
import unicodedata
from enum import StrEnum


class Meaning(StrEnum):
    """What a word in a series name says."""

    T1 = "T1"
    T2 = "T2"
    PD = "proton density"
    STIR = "STIR"
    FAT_SUPPRESSED = "fat suppression"
    WATER = "Dixon water"
    FAT = "Dixon fat"
    IN_PHASE = "Dixon in phase"
    OPPOSED_PHASE = "Dixon opposed phase"
    DIXON = "Dixon"
    JOINT = "sacroiliac joints"
    CORONAL = "coronal"
    OBLIQUE = "oblique"
    AXIAL = "axial"
    SAGITTAL = "sagittal"
    LOCALIZER = "localizer"
    DIFFUSION = "diffusion"
    DERIVED = "derived image"
    CONTRAST = "contrast agent"
    HIP = "hip"
    LUMBAR = "lumbar spine"
    PELVIS = "pelvis"
    OTHER_ANATOMY = "other part of the body"


def _word(*stems: str) -> str:
    """Whole words only."""
    return r"(?<![a-z0-9])(?:" + "|".join(stems) + r")(?![a-z0-9])"


def _start(*stems: str) -> str:
    """Words that start so."""
    return r"(?<![a-z0-9])(?:" + "|".join(stems) + ")"


_DIXON = ("dixon", "mdixon", "ideal", "flex", "lava flex", "wfs")


def _of_dixon(*parts: str) -> str:
    """A part of a Dixon series: its letter counts only where Dixon is named too."""
    return r"(?<![a-z0-9])m?(?:dixon|ideal|flex|wfs).*" + _word(*parts)


# Siemens: tirm, tse_fs, spair, dixon_w. Philips: SPIR, SPAIR, mDIXON W. GE: FSE FS, IDEAL, WATER:. Canon: FatSat, WFS.
_PATTERNS: dict[Meaning, str] = {
    Meaning.T1: "|".join([_start(r"t1(?!\d)"), r"(?<!\w)т1(?!\d)", "t1強調", "t1加权", "t1강조"]),
    Meaning.T2: "|".join([_start(r"t2(?!\d)"), r"(?<!\w)т2(?!\d)", "t2強調", "t2加权", "t2강조"]),
    Meaning.PD: _word("pd", "pdw", "pd fs", "rho", "proton density", "dp", "densite"),
    Meaning.STIR: "|".join(
        [_start("stir", "tirm", "turboirm", "tir2d", "short tau", "inversion recovery"), _word("tir", "irtse"), "стир"]
    ),
    Meaning.FAT_SUPPRESSED: "|".join(
        [
            _word("fs", "sfs", "fatsat", "fat sat", "fat saturation", "spair", "spir", "chess", "aspir", "spectral fs"),
            _word("proset", "we", "waterexc", "fsat", "fatsupp", "fat supp", "fat suppressed", "fat suppression"),
            _start("fettsat", "fettges", "fettunterdr", "fettsupp", "vetsupp", "vetonderdr", "vet supp", "graisse"),
            _start(
                "sat graisse", "supp graisse", "suppression graisse", "suppression de graisse", "sat grasa", "sat gr"
            ),
            _start("supresion grasa", "supresion de grasa", "saturacion grasa", "saturacion de grasa"),
            _start("soppr grasso", "soppressione grasso", "sat grasso", "fett supp"),
            "жиропод",
            "подавлени\\w* жир",
            "脂肪抑制",
            "抑脂",
            "压脂",
            "지방억제",
        ]
    ),
    Meaning.WATER: "|".join(
        [_start("water"), _of_dixon("w", "water", "eau", "wasser", "agua", "wo"), "вода", "水画像"]
    ),
    Meaning.FAT: "|".join([r"^(?:fat|fett)(?![a-z0-9])", _of_dixon("f", "fat", "fett", "graisse", "grasa", "fo")]),
    Meaning.IN_PHASE: "|".join([_start("in ?phase"), _of_dixon("in", "ip")]),
    Meaning.OPPOSED_PHASE: "|".join(
        [_start("out ?phase", "opp ?phase", "opposed", "out of phase"), _of_dixon("opp", "op", "out")]
    ),
    Meaning.DIXON: _start(*_DIXON),
    Meaning.JOINT: "|".join(
        [
            _word("sij", "sijs", "isg", "si", "sig", "sgi", "sij s", "sakrum"),
            _start(
                "si joint", "si gelenk", "sacro ?il", "sakro ?il", "ilio ?sacr", "ilio ?sakr", "kreuz ?darm", "sacrum"
            ),
            _start("articulations? sacro", "articulacion\\w* sacro"),
            "крестц",
            "сакроил",
            "кпс",
            "仙腸",
            "骶髂",
            "천장관절",
        ]
    ),
    Meaning.CORONAL: "|".join(
        [_start("cor", "kor", "semicor", "paracor", "frontal"), "корон", "фронт", "冠状", "관상"]
    ),
    Meaning.OBLIQUE: "|".join([_start("obl", "schrag", "semi", "para", "scheef", "schuin"), _word("ob"), "косо", "斜"]),
    Meaning.AXIAL: "|".join(
        [_start("axi", "tra", "semiax"), _word("ax", "axs", "tr", "hor"), "аксиал", "横断", "轴位"]
    ),
    Meaning.SAGITTAL: "|".join([_start("sag"), "сагит", "矢状"]),
    Meaning.LOCALIZER: "|".join(
        [
            _start("locali", "lokali", "scout", "survey", "surview", "plan scan", "planscan", "topogram", "ubersicht"),
            _word("loc", "3 plane", "3plane", "three plane", "3pl", "haste loc"),
            _start("reperage", "localizador", "localis", "uebersicht", "pilot"),
            "локалайзер",
            "локализ",
            "位置決め",
            "定位",
        ]
    ),
    Meaning.DIFFUSION: "|".join(
        [
            _word("dwi", "dwibs", "ep2d diff", "resolve", "adc", "eadc", "tracew", "trace"),
            _start("diff"),
            "диффуз",
            "拡散",
        ]
    ),
    Meaning.DERIVED: _word(
        "mpr", "mip", "minip", "mprs", "sub", "subtraction", "subtraktion", "t1 map", "t2 map", "fused"
    ),
    Meaning.CONTRAST: "|".join(
        [
            _word("gd", "gad", "gado", "km", "ce", "post", "c ?[+]", "[+] ?c", "nach km", "post km", "inj"),
            _start("gadolin", "kontrast", "contrast", "dotarem", "gadovist", "clariscan", "postcon", "injec"),
            "контраст",
            "造影",
            "增强",
            "조영",
        ]
    ),
    Meaning.HIP: "|".join(
        [_word("hip", "hips"), _start("huft", "hueft", "hanche", "cadera", "heup", "anca"), "тазобед", "股関節", "髋"]
    ),
    Meaning.LUMBAR: "|".join(
        [
            _start("lumb", "lomb", "lendenwirbel", "lendewervel", "l ?spine", "l ?wk"),
            _word("lws", "lwk", "lwz", "ls spine", "rachis"),
            "поясн",
            "腰椎",
            "요추",
        ]
    ),
    Meaning.PELVIS: "|".join(
        [_start("pelvi", "becken", "bassin", "bacino", "bekken"), r"(?<!\w)таз(?!об)", "骨盤", "骨盆", "골반"]
    ),
    Meaning.OTHER_ANATOMY: "|".join(
        [
            _start("knee", "knie", "genou", "rodilla", "shoulder", "schulter", "epaule", "hombro", "schouder", "brain"),
            _start(
                "wrist", "handgelenk", "poignet", "muneca", "pols", "ankle", "sprung", "cheville", "tobillo", "enkel"
            ),
            _start("elbow", "ellenbogen", "coude", "breast", "mamma", "prostat", "liver", "leber", "foie", "higado"),
            _start("cervic", "thorac", "thorax", "schadel", "schaedel", "cerebr", "cerveau", "cerebro", "cervello"),
            _start("cardiac", "herz", "uterus", "rectum", "rektum", "hersen", "hirn", "orbit", "hypophys", "pituit"),
            _start("thigh", "oberschenkel", "cuisse", "muslo", "coscia", "dijbeen", "femur", "unterschenkel", "calf"),
            _start(
                "ginocch", "spalla", "caviglia", "gomito", "mano", "elleboog", "hombro", "prostaat", "kidney", "niere"
            ),
            _start(
                "brust", "mammel", "pancrea", "pankrea", "mrcp", "enterogr", "halswirbel", "brustwirbel", "c ?spine"
            ),
            _start("t ?spine"),
            _word("hws", "bws", "head", "neck", "kopf", "hals", "tete", "cou", "foot", "fuss", "pied", "hand", "tmj"),
            "бедр(?!о ?таз)",
            "голов",
            "шейн",
            "простат",
            "前立腺",
            "前列腺",
            "脑",
            "脳",
            "颈椎",
            "頚椎",
            "大腿",
            "무릎",
            "뇌",
            "колен",
            "плеч",
            "мозг",
            "膝",
            "肩",
            "頭",
        ]
    ),
}
_NEGATED = re.compile(
    r"(?<!\w)(?:no|non|not|ohne|without|w o|wo|sans|sin|senza|zonder|без|o) ?"
    r"(?:fs|fat ?sat|fat suppression|fettsat\w*|graisse|km|gd|gado\w*|[ck]ontrast\w*|контраст\w*|жиропод\w*)"
    r"(?!\w)"
)
_COMPILED = {meaning: re.compile(pattern) for meaning, pattern in _PATTERNS.items()}


def normalized(name: str) -> str:
    """Lower case, full-width forms and accents folded, separators as single spaces.

    >>> normalized("t2_TIRM_Schräg-Cor")
    't2 tirm schrag cor'
    """
    folded = unicodedata.normalize("NFKD", name.casefold().replace("й", "\0"))
    plain = "".join(c for c in folded if not unicodedata.combining(c)).replace("\0", "й")
    return re.sub(r"[\s_\-./\\*:;,()\[\]|]+", " ", unicodedata.normalize("NFKC", plain)).strip()


def meanings(*names: str) -> frozenset[Meaning]:
    """What the names of one series say.

    Parameters
    ----------
    *names : str
        Series Description, Protocol Name and Sequence Name, as they stand.

    Returns
    -------
    frozenset of Meaning
    """
    lines = [_NEGATED.sub(" ", normalized(name)) for name in names if name]
    return frozenset(meaning for meaning, pattern in _COMPILED.items() if any(pattern.search(line) for line in lines))
