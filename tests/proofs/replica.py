"""The server as it is in production, on a model that loads at once; what it does now and then it does all the time.

    python -m tests.proofs.replica --port 8001 [--unlearned]        (PUENTE_DATABASE_URL, PUENTE_STATE_DIR)

Several may share a state folder. An unlearned one compares titles without having learned from names, which takes each
process some seconds of its start. Each says on its standard output, as one JSON line, whether it took its pool from the
snapshot that is there, and how many profiles it then had.
"""

import argparse
import json

import uvicorn
from sqlmodel.ext.asyncio.session import AsyncSession

from app import main as application
from app.core.settings import Settings
from app.matchmaking import snapshots
from app.matchmaking.engine import Engine
from app.matchmaking.knowledge import FOLDER
from app.matchmaking.snapshots import Snapshots
from matching import HashingEncoder


class Telling(Engine):
    """An engine that says how it started."""

    async def _restored(self, snapshots: Snapshots, session: AsyncSession) -> bool:
        restored = await super()._restored(snapshots, session)
        print(json.dumps({"restored": restored, "profiles": self.size}), flush=True)
        return restored


def load_engine(settings: Settings) -> Engine:
    """An engine with the folders of production."""
    return Telling(HashingEncoder(), snapshots=settings.snapshot_folder, knowledge=settings.state_dir / FOLDER)


def load_unlearned(settings: Settings) -> Engine:
    """The same, and nothing is learned."""
    return Telling(HashingEncoder(), snapshots=settings.snapshot_folder)


def main() -> None:
    """Serve until struck down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--unlearned", action="store_true")
    arguments = parser.parse_args()
    application.load_engine = load_unlearned if arguments.unlearned else load_engine  # type: ignore[attr-defined]
    application.FOLLOW_EVERY_S = 2.0  # type: ignore[misc]
    application.STORE_EVERY_S = 0.2  # type: ignore[misc]
    snapshots.PUBLISH_EVERY_S = 0.5  # type: ignore[misc]
    snapshots.FORGET_WITHIN_S = 0.5  # type: ignore[misc]
    app = application.create_app(Settings())
    uvicorn.run(app, port=arguments.port, log_config=None, access_log=False, lifespan="on")


if __name__ == "__main__":
    main()
