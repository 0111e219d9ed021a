"""Facts announced inside a transaction, so that a room may react to one it must not import."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

Fact = TypeVar("Fact")
Handler = Callable[[AsyncSession, Any], Awaitable[None]]

SUBSCRIPTIONS: Final = "subscriptions"
"""Key of a session's `info` under which `Database` puts the subscriptions."""


class Subscriptions:
    """Which handlers wait for which fact; filled once, where the application is composed."""

    def __init__(self) -> None:
        self._handlers: defaultdict[type, list[Handler]] = defaultdict(list)

    def on(self, fact: type[Fact], handler: Callable[[AsyncSession, Fact], Awaitable[None]]) -> None:
        """Call `handler` for every announced `fact`, in the order of subscription."""
        self._handlers[fact].append(handler)

    async def dispatch(self, session: AsyncSession, fact: object) -> None:
        """Hand `fact` to its handlers; a failing one fails the transaction."""
        for handler in self._handlers[type(fact)]:
            await handler(session, fact)


async def announce(session: AsyncSession, fact: object) -> None:
    """Tell the subscribers of `fact`, within the caller's transaction."""
    subscriptions: Subscriptions = session.info[SUBSCRIPTIONS]
    await subscriptions.dispatch(session, fact)
