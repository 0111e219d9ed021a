"""The one place that asks what time it is."""

from datetime import UTC, date, datetime


def utcnow() -> datetime:
    """The present instant, aware and in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day in UTC."""
    return utcnow().date()
