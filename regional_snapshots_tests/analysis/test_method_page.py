"""The page of the methods shows what the replay really gives, phase by phase."""

from __future__ import annotations

from regional_snapshots.analysis.replay import steps
from regional_snapshots.files.packaged import CHECKOUT
from regional_snapshots.scoring.methods import METHODS


def phases_of(method: str) -> dict[str, tuple[int, list[str], float, float]]:
    """Phase -> its number of steps, its regimes in order, and net balance and maritime access of mena at its end."""
    found: dict[str, tuple[int, list[str], float, float]] = {}
    for step, _ in steps("red-sea", METHODS[method], 10**12):
        document = step.happenings["mena"].snapshot.document
        count, labels, _, _ = found.get(step.phase.phase, (0, [], 0.0, 0.0))
        label = document["regime"]["label"].replace("_", " ")
        labels = labels if label in labels[-1:] else [*labels, label]
        balance = document["balance"]
        found[step.phase.phase] = count + 1, labels, balance["net_balance"], balance["maritime_access"]
    return found


def test_its_table_of_the_replay_is_what_the_replay_gives() -> None:
    parity, newer = phases_of("1.1"), phases_of("2")
    rows = [
        f"| {phase} ({count}) | {' → '.join(labels)} | {' → '.join(newer[phase][1])} "
        f"| {net:.2f} / {newer[phase][2]:.2f} | {access:.2f} / {newer[phase][3]:.2f} |"
        for phase, (count, labels, net, access) in parity.items()
    ]
    page = (CHECKOUT / "docs" / "method.md").read_text(encoding="utf-8")
    assert [row for row in rows if row not in page] == []
