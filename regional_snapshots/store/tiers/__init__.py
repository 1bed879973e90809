"""Retention in tiers: every snapshot for some days, then one in some hours, then one a day."""
