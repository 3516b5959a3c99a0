"""The bundle judged on data of others: mosaics of straightened joints with the label of each patient."""

from training.sij_mri.external.page import External, external_page, judge_external, table, write_external

__all__ = ["External", "external_page", "judge_external", "table", "write_external"]
