"""Coded concepts of the sacroiliac application.

``9631008`` is in several published FHIR guides; the others are of the local scheme (:mod:`reporting.objects.codes`).
"""

from pydicom.sr.coding import Code

from inference.sij_mri import STAGES
from inference.types import Side
from reporting.objects.codes import local

ANKYLOSING_SPONDYLITIS = Code("9631008", "SCT", "Ankylosing spondylitis")
REGION = local("SIJ_REGION", "Sacroiliac bone region")
AS_STATUS = local("AS_STATUS", "AI classification of ankylosing spondylitis")
AS_STAGE = local("AS_STAGE", "AI stage of sacroiliac joint involvement")
ASAS_RULE: dict[Side | None, Code] = {
    None: local("ASAS_RULE", "ASAS/OMERACT rule for active sacroiliitis, computed"),
    Side.LEFT: local("ASAS_RULE_L", "ASAS/OMERACT rule, patient's left, computed"),
    Side.RIGHT: local("ASAS_RULE_R", "ASAS/OMERACT rule, patient's right, computed"),
}
EDEMA_VOLUME: dict[Side | None, Code] = {
    Side.LEFT: local("BME_VOL_L", "Volume of bone marrow edema, patient's left"),
    Side.RIGHT: local("BME_VOL_R", "Volume of bone marrow edema, patient's right"),
}
STAGE_VALUE = {stage: local(f"STAGE{number}", stage.value) for number, stage in enumerate(STAGES)}
STAGE_PROBABILITY = {
    stage: local(f"P{number}", f"Probability of stage: {stage}") for number, stage in enumerate(STAGES)
}
MARROW_INTENSITY = local("MARROW_INTENSITY", "Intensity of normal sacral marrow")
