"""A profile, and a request, rendered as short canonical English for the encoder.

Both sides are written the same way from the same concepts, so that a Spanish or Portuguese bio meets an English request
even under an English model. Free text gives a card only the concepts found in it: that is what keeps names, employers,
ages and addresses out, whatever a bio contains.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from matching.brief import Brief
from matching.profile import Profile, SkillFact
from matching.taxonomy import Taxonomy

CARD_VERSION: Final = 1
MOST_SKILLS: Final = 24
MOST_MENTIONS: Final = 12
MOST_PAST_TITLES: Final = 3
_CONTACT: Final = re.compile(r"(?<!\S)\S*@\S+|https?://\S+|www\.\S+", re.IGNORECASE)


def render_profile(profile: Profile, texts: Sequence[str], taxonomy: Taxonomy) -> str:
    """Return the card of a profile; `texts` are its bios and summaries in any language, in any order."""
    strongest = sorted(profile.skills, key=_strength)[:MOST_SKILLS]
    stated = sorted(fact.skill for fact in strongest)
    mentioned = _mentioned(texts, taxonomy, known=stated)
    past = dict.fromkeys(taxonomy.canonical_title(title) for title in profile.past_titles)
    current = taxonomy.canonical_title(profile.title)
    past.pop(current, None)
    return _card(
        headline=_headline(profile.seniority, current, taxonomy),
        skills=[taxonomy.skills.name_of(skill) for skill in stated],
        also=mentioned,
        domains=sorted(taxonomy.domains.name_of(fact.domain) for fact in profile.domains),
        certifications=sorted(taxonomy.certifications.name_of(fact.certification) for fact in profile.certifications),
        past=list(past)[:MOST_PAST_TITLES],
    )


def render_brief(brief: Brief, description: str, taxonomy: Taxonomy) -> str:
    """Return the card of a request, in the form of the profile it hopes to find."""
    wanted = [need.skill for need in sorted(brief.skills, key=lambda need: not need.must)][:MOST_SKILLS]
    domains = list(dict.fromkeys([*brief.domains, *_domains_in([description], taxonomy)]))
    return _card(
        headline=_headline(brief.seniority, taxonomy.canonical_title(brief.title), taxonomy),
        skills=[taxonomy.skills.name_of(skill) for skill in wanted],
        also=_mentioned([brief.title, description], taxonomy, known=wanted),
        domains=[taxonomy.domains.name_of(domain) for domain in domains],
        certifications=[taxonomy.certifications.name_of(need.certification) for need in brief.certifications],
        past=[],
    )


def card_hash(card: str) -> bytes:
    """SHA-256 of a card; equal hashes need no second encoding."""
    return hashlib.sha256(card.encode()).digest()


def _card(
    *, headline: str, skills: list[str], also: list[str], domains: list[str], certifications: list[str], past: list[str]
) -> str:
    sections = (
        ("Skills", skills),
        ("Also", also),
        ("Domains", domains),
        ("Certifications", certifications),
        ("Before", past),
    )
    return " ".join([f"{headline}.", *(f"{name}: {', '.join(items)}." for name, items in sections if items)])


def _headline(seniority: int | None, title: str, taxonomy: Taxonomy) -> str:
    level = next((level.id for level in taxonomy.levels if level.rank == seniority), "")
    return f"{level} {title}".strip().capitalize()


def _strength(fact: SkillFact) -> tuple[float, int, int, str]:
    """Strongest first; the card then lists them by name, so that a gained year alone does not move the vector."""
    return (-(fact.years or 0.0), -(fact.level or 0), -(fact.last_used or 0), fact.skill)


def _mentioned(texts: Iterable[str], taxonomy: Taxonomy, *, known: Sequence[str]) -> list[str]:
    covered = {concept for skill in known for concept in taxonomy.skills.closure(skill)}
    found = Counter(
        mention.concept_id for text in texts for mention in taxonomy.skills.mentions(_without_contacts(text))
    )
    oftenest = sorted((skill for skill in found if skill not in covered), key=lambda skill: (-found[skill], skill))
    return [taxonomy.skills.name_of(skill) for skill in oftenest[:MOST_MENTIONS]]


def _without_contacts(text: str) -> str:
    """Drop addresses and links: a mailbox at docker.com is no experience."""
    return _CONTACT.sub(" ", text)


def _domains_in(texts: Iterable[str], taxonomy: Taxonomy) -> list[str]:
    return list(dict.fromkeys(mention.concept_id for text in texts for mention in taxonomy.domains.mentions(text)))
