"""What happens to the taxonomy."""

from dataclasses import dataclass, field

from app.audit.events import Event


@dataclass(frozen=True, slots=True)
class WordsAbandoned:
    """Somebody ceased to use these unknown words, by what all spellings share; who still uses one says so."""

    words: frozenset[str]
    in_use: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class ThesaurusImported(Event):
    """An operator imported names from elsewhere, in place of what was imported of that source before."""

    action = "thesaurus.imported"
    subject_type = "thesaurus"

    name: str
    release: str
    digest: str
    concepts: int
    names: int


@dataclass(frozen=True)
class ThesaurusRemoved(Event):
    """An operator took imported names away again."""

    action = "thesaurus.removed"
    subject_type = "thesaurus"

    name: str
    digest: str


@dataclass(frozen=True)
class SkillMapped(Event):
    """A curator said which skill a queued word names."""

    action = "unmatched_skill.mapped"
    subject_type = "unmatched_skill"

    skill_id: str


@dataclass(frozen=True)
class SkillDismissed(Event):
    """A curator said a queued word is no skill."""

    action = "unmatched_skill.dismissed"
    subject_type = "unmatched_skill"
