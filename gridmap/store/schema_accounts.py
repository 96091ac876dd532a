"""Tables of accounts, and of whom reports name.

None of them is a layer of a GeoPackage or in a view: other programs are shown none of it.
Passwords and tokens are hashes; personal fields are sealed with keys that are not in the store.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Text, UniqueConstraint

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = [
    "api_keys",
    "login_attempts",
    "metadata",
    "personal_reads",
    "report_people",
    "report_senders",
    "sessions",
    "user_roles",
    "users",
]

users = new_table(
    "users",
    # Folded, so that two spellings of one name are one account.
    required("name", Text),
    required("label", Text),
    # NULL for an account that only keys belong to.
    Column("password_hash", Text),
    required("demo", Boolean),
    required("created_at", UtcTime),
    required("created_by", Text),
    Column("password_at", UtcTime),
    Column("disabled_at", UtcTime),
    Column("disabled_by", Text),
    UniqueConstraint("name"),
)

user_roles = new_table(
    "user_roles",
    required("user_id", Id, ForeignKey("users.id")),
    required("role", Text),
    # Texts LEVEL:CODE, and codes; empty lists do not narrow.
    required("areas", JsonText),
    required("departments", JsonText),
    required("granted_at", UtcTime),
    required("granted_by", Text),
    UniqueConstraint("user_id", "role"),
)

api_keys = new_table(
    "api_keys",
    required("user_id", Id, ForeignKey("users.id")),
    # The part that lists show and that finds the row; the rest is only in the hash.
    required("prefix", Text),
    required("token_hash", Text),
    required("label", Text),
    required("created_at", UtcTime),
    required("created_by", Text),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("revoked_by", Text),
    UniqueConstraint("prefix"),
)
Index("ix_api_keys_user_id", api_keys.c.user_id)

sessions = new_table(
    "sessions",
    required("user_id", Id, ForeignKey("users.id")),
    required("token_hash", Text),
    required("created_at", UtcTime),
    required("seen_at", UtcTime),
    required("expires_at", UtcTime),
    UniqueConstraint("token_hash"),
)
Index("ix_sessions_user_id", sessions.c.user_id)

# Wrong passwords of the last hour. Names and addresses are hashed: they are only compared.
login_attempts = new_table(
    "login_attempts",
    required("bucket", Text),
    required("at", UtcTime),
)
Index("ix_login_attempts_bucket_at", login_attempts.c.bucket, login_attempts.c.at)

# Sealed; NULL once anonymised. One row a report that names somebody.
report_people = new_table(
    "report_people",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    Column("reporter_name", Text),
    Column("reporter_phone", Text),
    Column("reporter_address", Text),
    required("sealed_with", Text),
    required("created_at", UtcTime),
    Column("anonymised_at", UtcTime),
    UniqueConstraint("report_id"),
)
Index("ix_report_people_sealed_with", report_people.c.sealed_with)

# Who sent a report. The receipt, given to whoever sends one, shows it too; reports that came
# with a file have none.
report_senders = new_table(
    "report_senders",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    required("receipt", Text),
    # NULL for who was not signed in.
    Column("account_id", Id, ForeignKey("users.id")),
    UniqueConstraint("report_id"),
    UniqueConstraint("receipt"),
)
Index("ix_report_senders_account_id", report_senders.c.account_id)

# Who read whom a report names, when and why; nothing of what was read.
personal_reads = new_table(
    "personal_reads",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    required("read_by", Text),
    required("roles", Text),
    required("read_at", UtcTime),
    required("why", Text),
)
Index("ix_personal_reads_report_id", personal_reads.c.report_id)
