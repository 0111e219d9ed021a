"""Keys, and personal data under them.

Plaintext that is there is not carried over: sealing it needs the master keys, and no release has left any behind. So
a database with profiles or queued words is refused, and left as it is, with a line that says to seed anew. Kept replies
are retries' business for seven days and go; shortlists cannot exist without profiles.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision: str = "2026_11_21_0120"
down_revision: str | None = "2026_11_20_1410"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

LISTED_WHOLE = "listed = (facts IS NOT NULL) AND listed = (vector IS NOT NULL)"
PLAIN = "SELECT EXISTS (SELECT FROM engineer) OR EXISTS (SELECT FROM unmatched_skill)"
WORDED = ("engineer_skill", "engineer_certification", "engineer_domain")


def upgrade() -> None:
    """Make the tables of keys, and put sealed columns in place of plain ones."""
    refuse_rows("This database holds profiles in plain text from before they were sealed: seed anew in an empty one.")
    create_keys()
    seal_engineer()
    seal_contact()
    create_document()
    seal_rankings()
    seal_unmatched_skill()
    op.execute("DELETE FROM idempotency_record")
    op.drop_column("idempotency_record", "headers")
    op.alter_column("idempotency_record", "body", new_column_name="reply")


def downgrade() -> None:
    """Put the plain columns back; what is sealed cannot be read without its keys."""
    refuse_rows("This database holds sealed profiles, which an older release cannot read.")
    op.execute("DELETE FROM idempotency_record")
    op.alter_column("idempotency_record", "reply", new_column_name="body")
    op.add_column("idempotency_record", sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False))
    unseal_unmatched_skill()
    unseal_rankings()
    op.drop_index("ix_engineer_document_engineer_id_created_at", "engineer_document")
    op.drop_table("engineer_document")
    unseal_contact()
    unseal_engineer()
    op.drop_table("house_key")
    op.drop_index("ix_person_key_master_key_id", "person_key")
    op.drop_table("person_key")


def refuse_rows(line: str) -> None:
    """Change nothing where something would be lost."""
    if op.get_bind().scalar(sa.text(PLAIN)):
        raise CommandError(line)


def create_keys() -> None:
    """Create the tables of wrapped keys."""
    op.create_table(
        "person_key",
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("master_key_id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_person_key_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", name=op.f("pk_person_key")),
    )
    op.create_index("ix_person_key_master_key_id", "person_key", ["master_key_id"])
    op.create_table(
        "house_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("master_key_id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_house_key_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_key")),
    )


def seal_engineer() -> None:
    """One sealed document in place of names, texts, and the tables that were only read whole."""
    for name in ("given_name", "family_name", "title", "city_name", "workplace"):
        op.drop_column("engineer", name)
    op.add_column("engineer", sa.Column("sealed", sa.LargeBinary(), nullable=False))
    for table in WORDED:
        op.drop_column(table, "name")
        op.drop_column(table, "written")
        op.add_column(table, sa.Column("known_as", sa.String(), nullable=True))
    op.add_column("engineer_skill", sa.Column("word_hash", sa.LargeBinary(), nullable=True))
    op.create_index("ix_engineer_skill_word_hash", "engineer_skill", ["word_hash"])
    for table in ("engineer_job", "engineer_education", "engineer_bio"):
        op.drop_table(table)


def unseal_engineer() -> None:
    """Names, texts and lists as they were."""
    create_lists()
    op.drop_index("ix_engineer_skill_word_hash", "engineer_skill")
    op.drop_column("engineer_skill", "word_hash")
    for table in WORDED:
        op.drop_column(table, "known_as")
        op.add_column(table, sa.Column("name", sa.String(), nullable=False))
        op.add_column(table, sa.Column("written", sa.String(), nullable=False))
    op.drop_column("engineer", "sealed")
    for name in ("given_name", "family_name", "title"):
        op.add_column("engineer", sa.Column(name, sa.String(), nullable=False))
    op.add_column("engineer", sa.Column("city_name", sa.String(), nullable=True))
    workplace = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.add_column("engineer", sa.Column("workplace", workplace, nullable=True))


def seal_contact() -> None:
    """One sealed document, and hashes to find it by."""
    for name in ("email", "phone", "address", "links"):
        op.drop_column("engineer_contact", name)
    op.add_column("engineer_contact", sa.Column("sealed", sa.LargeBinary(), nullable=False))
    for name in ("email_hash", "phone_hash"):
        op.add_column("engineer_contact", sa.Column(name, sa.LargeBinary(), nullable=True))
        op.create_index(f"ix_engineer_contact_{name}", "engineer_contact", [name])


def unseal_contact() -> None:
    """The columns as they were."""
    for name in ("phone_hash", "email_hash"):
        op.drop_index(f"ix_engineer_contact_{name}", "engineer_contact")
        op.drop_column("engineer_contact", name)
    op.drop_column("engineer_contact", "sealed")
    for name in ("email", "phone", "address"):
        op.add_column("engineer_contact", sa.Column(name, sa.String(), nullable=True))
    op.add_column("engineer_contact", sa.Column("links", postgresql.JSONB(astext_type=sa.Text()), nullable=False))


def create_document() -> None:
    """Create the table of files."""
    kinds = ("cv", "certificate", "agreement", "other")
    kind = sa.Enum(*kinds, name="kind", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "engineer_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["member.id"], name=op.f("fk_engineer_document_created_by")),
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f("fk_engineer_document_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engineer_document")),
    )
    op.create_index(
        "ix_engineer_document_engineer_id_created_at", "engineer_document", ["engineer_id", "created_at", "id"]
    )


def seal_rankings() -> None:
    """What rankings know and said of people."""
    op.drop_constraint(op.f("ck_profile_entry_listed_whole"), "profile_entry")
    op.drop_column("profile_entry", "facts")
    op.add_column("profile_entry", sa.Column("facts", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(op.f("ck_profile_entry_listed_whole"), "profile_entry", LISTED_WHOLE)
    op.drop_column("shortlist_entry", "profile")
    op.drop_column("shortlist_entry", "explanation")
    op.add_column("shortlist_entry", sa.Column("sealed", sa.LargeBinary(), nullable=False))


def unseal_rankings() -> None:
    """The documents as they were."""
    document = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    op.drop_column("shortlist_entry", "sealed")
    for name in ("profile", "explanation"):
        op.add_column("shortlist_entry", sa.Column(name, document, nullable=False))
    op.drop_constraint(op.f("ck_profile_entry_listed_whole"), "profile_entry")
    op.drop_column("profile_entry", "facts")
    op.add_column("profile_entry", sa.Column("facts", document, nullable=True))
    op.create_check_constraint(op.f("ck_profile_entry_listed_whole"), "profile_entry", LISTED_WHOLE)


def seal_unmatched_skill() -> None:
    """A keyed hash to count a word by, and the word sealed."""
    op.drop_constraint(op.f("uq_unmatched_skill_key"), "unmatched_skill")
    op.drop_column("unmatched_skill", "key")
    op.drop_column("unmatched_skill", "written")
    op.add_column("unmatched_skill", sa.Column("key", sa.LargeBinary(), nullable=False))
    op.add_column("unmatched_skill", sa.Column("sealed", sa.LargeBinary(), nullable=False))
    op.create_unique_constraint(op.f("uq_unmatched_skill_key"), "unmatched_skill", ["key"])


def unseal_unmatched_skill() -> None:
    """The word and its key as they were."""
    op.drop_constraint(op.f("uq_unmatched_skill_key"), "unmatched_skill")
    op.drop_column("unmatched_skill", "sealed")
    op.drop_column("unmatched_skill", "key")
    op.add_column("unmatched_skill", sa.Column("key", sa.String(), nullable=False))
    op.add_column("unmatched_skill", sa.Column("written", sa.String(), nullable=False))
    op.create_unique_constraint(op.f("uq_unmatched_skill_key"), "unmatched_skill", ["key"])


def create_lists() -> None:
    """The tables of jobs, degrees and self-descriptions."""
    create_list(
        "engineer_job",
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("employer", sa.String(), nullable=False),
        sa.Column("domain_id", sa.String(80), nullable=True),
        sa.Column("domain_name", sa.String(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("summary", sa.String(), nullable=True),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_engineer_job_ends_after_start")),
    )
    create_list(
        "engineer_education",
        sa.Column("institution", sa.String(), nullable=False),
        sa.Column("degree", sa.String(), nullable=False),
        sa.Column("field_of_study", sa.String(), nullable=True),
        sa.Column("started_in", sa.Integer(), nullable=True),
        sa.Column("ended_in", sa.Integer(), nullable=True),
    )
    create_list(
        "engineer_bio",
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
    )


def create_list(table: str, *columns: sa.Column[object] | sa.CheckConstraint) -> None:
    """A table of an engineer's list."""
    op.create_table(
        table,
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["engineer_id"], ["engineer.id"], name=op.f(f"fk_{table}_engineer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("engineer_id", "position", name=op.f(f"pk_{table}")),
    )
