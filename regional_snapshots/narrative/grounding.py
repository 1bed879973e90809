"""Does a sentence say only what the facts say? Each is judged by itself; one that fails is dropped and counted.

A check of our own, because a text that nobody can check is worse than none. It looks at what can be looked at: the ids
that a sentence cites, its numbers, its names, and whether it speaks of another regime than the region has. It does not
understand the sentence: what it lets pass is grounded in the facts, not proved to follow from them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from regional_snapshots.model.document.words import REGIME_LABELS
from regional_snapshots.model.values import spoken
from regional_snapshots.narrative.facts import Facts, numbers_in, words_in

UNCITED, UNKNOWN_ID, INVENTED_NUMBER, INVENTED_NAME, OTHER_REGIME, ADDRESS = (
    "cites nothing",
    "cites what was not shown",
    "a number that is not in the facts",
    "a name that is in no evidence",
    "speaks of another regime",
    "an address or markup",
)
"""Why a sentence is dropped."""

_CITATION = re.compile(r"\s*\[([^\[\]]*)\]")
_SENTENCE = re.compile(r"(?<=[.!?])(?=\s+(?:[\"'(]*[A-Z0-9À-Þ]))|(?<=\])(?=\s+(?:[\"'(]*[A-Z0-9À-Þ]))|\n+")
_ADDRESS = re.compile(r"https?:|www\.|\S@\S|[<>]|\]\(|```")
_NAME = re.compile(r"(?<![\w.])(?:[A-ZÀ-Þ][\w'’]*|[A-ZÀ-Þ]{2,})")
_SPELLED = """
    3 three, 4 four, 5 five, 6 six, 7 seven, 8 eight, 9 nine, 10 ten, 11 eleven, 12 twelve, 12 dozen, 13 thirteen,
    14 fourteen, 15 fifteen, 16 sixteen, 17 seventeen, 18 eighteen, 19 nineteen, 20 twenty, 30 thirty, 40 forty,
    50 fifty, 60 sixty, 70 seventy, 80 eighty, 90 ninety, 100 hundred, 1000 thousand, 1000000 million
"""
_NUMBER_WORDS = {entry.split()[1]: float(entry.split()[0]) for entry in _SPELLED.split(",")}
_COMMON = frozenset(
    """
    a an the this that these those there it its in on at of for from to with by and or but as if while when where
    after before over under no not none both all each every any some most more less few many much such other another
    overall however meanwhile still also yet only even further recent current regional global watch risk risks
    pressure pressures signals signal forecasts forecast evidence reports military conflict maritime capital energy
    domestic coercive alliance cohesion access stress fragility vulnerability balance net outlook escalation
    containment fragmentation base scenario trigger triggers active regime indicators conditions tensions shipping
    traffic transit unrest debt financial markets monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december within during near short continued
    sustained elevated high low rising falling stable one two several some three four five six seven eight nine ten
    """.split()  # noqa: SIM905 - read as the sentence that it is
)
"""Words that may open a sentence with a capital without naming anything."""
_SHORT_RANGE = (24.0, 7.0, 30.0)
"""The horizons, in hours and days, which every text may name."""


@dataclass(frozen=True)
class Grounded:
    """What is left of a text: its sentences with their citations as ``[1]``, the ids these stand for, and what was
    dropped and why."""

    text: str
    evidence_ids: tuple[str, ...]
    dropped: Counter[str]


def grounded(text: str, ids: tuple[str, ...], facts: Facts) -> Grounded:
    """Judge a text sentence by sentence. ``ids`` count as cited by a text of one sentence without a citation."""
    kept: list[str] = []
    cited: list[str] = []
    dropped: Counter[str] = Counter()
    sentences = sentences_of(text)
    for sentence in sentences:
        named = [one.strip() for group in _CITATION.findall(sentence) for one in group.split(",") if one.strip()]
        named = named or (list(ids) if len(sentences) == 1 else [])
        bare = _CITATION.sub("", sentence).strip()
        reason = fault_of(bare, named, facts)
        if reason:
            dropped[reason] += 1
            continue
        cited += [one for one in named if one not in cited]
        marks = "".join(f"[{cited.index(one) + 1}]" for one in dict.fromkeys(named))
        kept.append(f"{bare.rstrip('.')} {marks}." if bare.endswith(".") else f"{bare} {marks}")
    return Grounded(" ".join(kept), tuple(cited), dropped)


def without_marks(text: str) -> str:
    """A grounded text without its ``[1]``, for readers who have no list of evidence beside it."""
    return re.sub(r"(?:\s|(?<=\]))\[\d+\]", "", text)


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, citations included."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip(" .")]


def fault_of(sentence: str, cited: list[str], facts: Facts) -> str:
    """Why a sentence is not grounded in the facts; "" when it is."""
    if not cited:
        return UNCITED
    if not facts.ids.issuperset(cited):
        return UNKNOWN_ID
    if _ADDRESS.search(sentence):
        return ADDRESS
    if not all(_given(number, sentence, facts) for number in _numbers(sentence)):
        return INVENTED_NUMBER
    if any(name.lower() not in facts.words for name in _names(sentence)):
        return INVENTED_NAME
    lowered = sentence.lower()
    others = {spoken(label) for label in REGIME_LABELS} - {facts.regime}
    if any(re.search(rf"\b{re.escape(label)}\b", lowered) for label in others if label not in _before(facts)):
        return OTHER_REGIME
    return ""


def _before(facts: Facts) -> str:
    """The line of the regime, which may name an earlier one."""
    return next((line for line in facts.lines if line.startswith("regime:")), "")


def _numbers(sentence: str) -> list[float]:
    """Numbers in digits and in words; "one" and "two" are too common to mean a number."""
    spelled = [_NUMBER_WORDS[word] for word in words_in(sentence) if word in _NUMBER_WORDS]
    return numbers_in(sentence) + spelled


def _given(number: float, sentence: str, facts: Facts) -> bool:
    """Whether a fact rounds to this number, as it stands or as a percentage."""
    if number in _SHORT_RANGE:
        return True
    text = re.search(rf"(?<!\d){re.escape(f'{number:g}')}(?:\.(\d*))?", sentence.replace(",", ""))
    decimals = len(f"{number:g}".partition(".")[2])
    if text and text.group(1):
        decimals = max(decimals, len(text.group(1)))
    half = 0.5 * 10**-decimals + 1e-9
    return any(abs(fact - number) <= half or abs(fact * 100 - number) <= half for fact in facts.numbers)


def _names(sentence: str) -> list[str]:
    """Capitalised words, but for a common word that opens the sentence."""
    found = list(_NAME.finditer(sentence))
    names = [
        part
        for match in found
        for part in re.findall(r"[^\W\d_]+", match.group())
        if not (match.start() == len(sentence) - len(sentence.lstrip("\"'( ")) and part.lower() in _COMMON)
    ]
    return [name for name in names if name.lower() not in {"i", "utc", "s"}]
