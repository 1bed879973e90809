"""When it runs: partitions, resources, the IO manager, assets, checks, jobs, schedules and sensors.

No module here postpones the evaluation of annotations: Dagster reads them.
"""

import warnings

import dagster as dg

BETA_IN_USE = ("Function `multi_observable_source_asset`", "Parameter `backfill_policy`")
"""Beta features in use, each with its reason in docs/decisions/0006-beta-features.md."""

for feature in BETA_IN_USE:
    warnings.filterwarnings("ignore", feature, dg.BetaWarning)
