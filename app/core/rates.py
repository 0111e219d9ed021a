"""How often: a moving window per key, per organisation, and per address that fails to sign in."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Final, TypeVar
from uuid import UUID

import structlog
from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from limits.util import WindowStats
from starlette.types import Scope

from app.core.errors import CannotStart, RateLimited
from app.core.headers import reply_headers
from app.core.settings import Settings

log = structlog.get_logger(__name__)

STORAGE_TIMEOUT_S: Final = 0.5
SWEEP_EVERY_S: Final = 60.0
MAX_REMEMBERED: Final = 10_000

Answer = TypeVar("Answer")


class ProcessMemory(MemoryStorage):
    """The moving windows of this process.

    The library's own storage starts a task on every hit that visits each window in a thread; here a window is tidied
    when it is used, and those that nobody uses once a minute.
    """

    STORAGE_SCHEME: list[str] = ["process"]  # noqa: RUF012 - the library declares it so

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, tuple[deque[float], int]] = {}
        self._swept_at = time.time()

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether `amount` more fit into the window; they are noted when they do."""
        window = self._window(key, expiry)
        if len(window) + amount > limit:
            return False
        window.extend([time.time()] * amount)
        self._windows[key] = window, expiry
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        """When the oldest entry was made, and how many there are."""
        window = self._window(key, expiry)
        return (window[0] if window else time.time()), len(window)

    def _window(self, key: str, expiry: int) -> deque[float]:
        now = time.time()
        if not 0 <= now - self._swept_at < SWEEP_EVERY_S:
            self._swept_at = now
            self._windows = {key: kept for key, kept in self._windows.items() if kept[0][-1] > now - kept[1]}
        window, _ = self._windows.get(key, (deque[float](), expiry))
        while window and window[0] <= now - expiry:
            window.popleft()
        return window


class Rates:
    """Counts what callers do and refuses what is too much."""

    def __init__(self, settings: Settings) -> None:
        self._windows = MovingWindowRateLimiter(storage_at(settings.rate_storage_uri))
        self._per_key = settings.rate_per_key
        self._per_organisation = settings.rate_per_organisation
        self._per_address = settings.rate_failures_per_address
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def count_request(self, scope: Scope, key_id: UUID, organisation_id: UUID) -> None:
        """Count a request of a caller that is known; the reply says what remains.

        Raises:
            RateLimited: the key or its organisation has used up its quota.
        """
        # The key first: what one key is refused must not use up what its organisation may do.
        await self._spend(scope, "key", self._per_key, key_id.hex)
        await self._spend(scope, "organisation", self._per_organisation, organisation_id.hex)

    async def admit_attempt(self, scope: Scope, credential: str) -> None:
        """Refuse to look at a credential when its address has failed too often.

        A credential that has been good before is always looked at: whoever shares an address with a guesser, behind
        one proxy or one NAT, is not shut out with it.

        Raises:
            RateLimited: too many attempts from this address have failed.
        """
        if self._per_address is None or fingerprint(credential) in self._known:
            return
        rate, address = self._per_address, address_of(scope)
        window = WindowStats(time.time(), rate.amount)
        window = await self._kindly(self._windows.get_window_stats(rate, "address", address), otherwise=window)
        if window.remaining < 1:
            raise refusal(scope, "address", tell(scope, "address", rate, window))

    async def count_failure(self, scope: Scope, credential: str) -> None:
        """Count a credential that was not good, or is so no longer."""
        self._known.pop(fingerprint(credential), None)
        if self._per_address is not None:
            await self._kindly(self._windows.hit(self._per_address, "address", address_of(scope)), otherwise=True)

    def remember(self, credential: str) -> None:
        """Note that a credential was good."""
        known = fingerprint(credential)
        self._known[known] = None
        self._known.move_to_end(known)
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    async def _spend(self, scope: Scope, policy: str, rate: RateLimitItem | None, who: str) -> None:
        if rate is None:
            return
        window = WindowStats(time.time() + rate.get_expiry(), rate.amount)
        passed, window = await self._kindly(self._hit(policy, rate, who), otherwise=(True, window))
        wait = tell(scope, policy, rate, window)
        if not passed:
            raise refusal(scope, policy, wait)

    async def _hit(self, policy: str, rate: RateLimitItem, who: str) -> tuple[bool, WindowStats]:
        passed = await self._windows.hit(rate, policy, who)
        return passed, await self._windows.get_window_stats(rate, policy, who)

    async def _kindly(self, asked: Awaitable[Answer], *, otherwise: Answer) -> Answer:
        """What the storage answers; when it does not, `otherwise`: a lost counter must not stop the service."""
        try:
            async with asyncio.timeout(STORAGE_TIMEOUT_S):
                return await asked
        except (StorageError, TimeoutError):
            log.warning("the storage of rate limits does not answer")
            return otherwise


def storage_at(uri: str | None) -> Storage:
    """The storage at `uri`, shared with other processes; None keeps the windows in this one.

    Raises:
        CannotStart: the address is not one of a storage that can hold moving windows.
    """
    if uri is None:
        return ProcessMemory()
    try:
        storage = storage_from_string(f"async+{uri}", wrap_exceptions=True)
        MovingWindowRateLimiter(storage)
    # The library's ways to say: no such scheme, a client library that is missing, no moving windows.
    except (ConfigurationError, NotImplementedError, AssertionError, ValueError) as failure:
        raise CannotStart("PUENTE_RATE_STORAGE_URI: there is no such storage, or its client is missing.") from failure
    assert isinstance(storage, Storage)  # noqa: S101 - "async+" gives no other
    return storage


def tell(scope: Scope, policy: str, rate: RateLimitItem, window: WindowStats) -> int:
    """Say in the reply's headers what remains of a quota, and return the seconds until there is more."""
    width = rate.get_expiry()
    wait = min(max(1, ceil(window.reset_time - time.time())), width)
    # draft-ietf-httpapi-ratelimit-headers-10: lists of strings with parameters.
    headers = reply_headers(scope)
    append(headers, "RateLimit-Policy", f'"{policy}";q={rate.amount};w={width}')
    append(headers, "RateLimit", f'"{policy}";r={max(0, window.remaining)};t={wait}')
    return wait


def refusal(scope: Scope, policy: str, wait: int) -> RateLimited:
    """The refusal by a policy, with the time to wait in the reply's headers."""
    reply_headers(scope)["Retry-After"] = str(wait)
    return RateLimited(f"Too many requests by the policy `{policy}`; wait {wait} seconds.", policy=policy)


def address_of(scope: Scope) -> str:
    """The address a request came from; of IPv6 the /64, which is what one subscriber is given."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)[:64]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def fingerprint(credential: str) -> bytes:
    """What is kept of a credential that was good."""
    return sha256(credential.encode(errors="surrogatepass")).digest()


def append(headers: dict[str, str], name: str, item: str) -> None:
    """Add an item to the list that a header holds."""
    headers[name] = f"{headers[name]}, {item}" if name in headers else item
