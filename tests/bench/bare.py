"""The peer of `guards.py`: the same profile read on plain FastAPI and SQLModel, with nothing in its way.

    python -m tests.bench.bare --url postgresql+psycopg://… --port 8001

The same statements, the same response model, the same engine and server settings; no caller, no limits, no middleware,
no entity tag, no log line. It connects as whoever the URL names; `guards.py` names the superuser, so that the database
guards nothing either. Profiles are sealed here too, and it must open what it reads; but it holds everybody's key in
memory from the start, and asks for none.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import create_engine
from app.core.encryption import Key
from app.core.keyring import keys as keyring
from app.core.keyring import person_keys
from app.core.settings import Settings
from app.talent.models import Engineer
from app.talent.queries import whole
from app.talent.schemas import EngineerOut


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    app = bare_app(create_engine(arguments.url, Settings()))
    uvicorn.run(app, port=arguments.port, log_config=None, access_log=False, server_header=False, proxy_headers=False)


def bare_app(engine: AsyncEngine) -> FastAPI:
    """One route, as a tutorial would write it."""
    keys: dict[UUID, Key] = {}

    @asynccontextmanager
    async def holding_keys(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncSession(engine, info=keyring(Settings())) as session:
            every = (await session.exec(select(Engineer.id))).all()
            for start in range(0, len(every), 1000):
                keys.update(await person_keys(session, every[start : start + 1000]))
        yield

    app = FastAPI(lifespan=holding_keys)

    async def get_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session:
            yield session

    @app.get("/engineers/{engineer_id}", response_model=EngineerOut)
    async def get_engineer(engineer_id: UUID, session: Annotated[AsyncSession, Depends(get_session)]) -> Engineer:
        statement = select(Engineer).where(col(Engineer.id) == engineer_id).options(*whole())
        engineer = (await session.exec(statement)).one_or_none()
        if engineer is None:
            raise HTTPException(404)
        engineer.open(keys[engineer_id])
        return engineer

    return app


if __name__ == "__main__":
    main()
