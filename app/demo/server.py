"""A server for the tour: the one that runs, or one started for it and stopped after."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from app.core.errors import CannotStart
from app.core.settings import Settings
from app.demo.tour import Tour
from app.seeding.credentials import FILE

START_S: Final = 600
"""A first start seeds, which takes a minute or two on a slow machine."""


@contextmanager
def running_server(settings: Settings) -> Iterator[str]:
    """The address of a ready server."""
    url = f"http://{settings.host}:{settings.port}"
    if is_ready(url):
        yield url
        return
    port = free_port()
    environment = os.environ | {"PUENTE_PORT": str(port), "PUENTE_LOG_LEVEL": "warning"}
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--setup"]
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - ourselves
    try:
        url = f"http://{settings.host}:{port}"
        wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(settings.shutdown_timeout_s)


def take_tour(url: str, state_dir: Path, out: Console) -> None:
    """Walk the tour with the keys of the demonstration."""
    with httpx.Client(base_url=url, timeout=60) as client:
        Tour(client, credentials(state_dir / FILE), out).walk()


def credentials(file: Path) -> Mapping[str, Any]:
    """One key for each side of the marketplace."""
    try:
        found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise CannotStart(
            f"There are no keys in {file}: run `puente seed`, or point PUENTE_STATE_DIR there."
        ) from failure
    return found


def is_ready(url: str) -> bool:
    """Whether a server of ours answers there."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5).is_success
    except httpx.TransportError:
        return False


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait for a server that was started."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotStart("The server for the tour did not start; see above.")
        if is_ready(url):
            return
        time.sleep(0.3)
    raise CannotStart(f"The server for the tour was not ready after {START_S} s.")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
