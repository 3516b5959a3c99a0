"""Coded concepts of the sacroiliac application.

``9631008`` is in several published FHIR guides; the others are of the local scheme (:mod:`reporting.objects.codes`).
"""

from pydicom.sr.coding import Code

from inference.sij_mri import STAGES
from reporting.objects.codes import local

ANKYLOSING_SPONDYLITIS = Code("9631008", "SCT", "Ankylosing spondylitis")
REGION = local("SIJ_REGION", "Sacroiliac bone region")
BAND = local("SIJ_BAND", "Band about the sacroiliac joint, 7.5 mm to each side")
EXAMINED = local("SIJ_EXAMINED", "Sacroiliac joints as seen in MRI, by software")
AS_STATUS = local("AS_STATUS", "AI class (AS yes/no): pattern suggestive of axSpA")
AS_STAGE = local("AS_STAGE", "AI stage of sacroiliac joint involvement")
ASAS_RULE = local("ASAS_RULE", "ASAS/OMERACT rule for active sacroiliitis, computed")
EDEMA_VOLUME = local("BME_VOL", "Bone marrow edema within 10 mm of the joint, volume")
DEEP_EDEMA_VOLUME = local("BME_DEEP_VOL", "The same edema farther from the joint, volume")
OTHER_EDEMA_VOLUME = local("BME_OTHER_VOL", "Bone marrow edema elsewhere in the region, volume")
STAGE_VALUE = {stage: local(f"STAGE{number}", stage.value) for number, stage in enumerate(STAGES)}
STAGE_PROBABILITY = {
    stage: local(f"P{number}", f"Probability of stage: {stage}") for number, stage in enumerate(STAGES)
}
MARROW_INTENSITY = local("MARROW_INTENSITY", "Intensity of normal sacral marrow")
