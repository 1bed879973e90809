"""Words that name actors, and words that show by what means they act.

Source: the pipeline specification, section 8.
"""

from __future__ import annotations

NEEDLES: tuple[tuple[str, str], ...] = (
    ("iran", "Iran"),
    ("irgc", "IRGC"),
    ("tehran", "Iran"),
    ("russia", "Russia"),
    ("kremlin", "Russia"),
    ("moscow", "Russia"),
    ("china", "China"),
    ("prc", "China"),
    ("beijing", "China"),
    ("united states", "United States"),
    ("usa", "United States"),
    ("us", "United States"),
    ("washington", "United States"),
    ("israel", "Israel"),
    ("idf", "Israel"),
    ("saudi arabia", "Saudi Arabia"),
    ("riyadh", "Saudi Arabia"),
    ("nato", "NATO"),
    ("hezbollah", "Hezbollah"),
    ("hamas", "Hamas"),
    ("houthis", "Houthis"),
    ("houthi", "Houthis"),
    ("ansarallah", "Houthis"),
)
"""(text that a case file contains, actor that each such text credits once)."""

DOMAINS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("economic", ("sanction", "trade")),
    ("military", ("naval", "missile", "strike", "military", "fleet")),
    ("energy", ("oil", "gas", "pipeline", "energy", "opec")),
    ("diplomatic", ("diplomat", "alliance", "treaty", "summit")),
    ("maritime", ("strait", "chokepoint", "maritime", "shipping", "naval")),
)
"""(leverage domain, words any of which show it), in the order in which they are tested."""
