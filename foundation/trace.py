"""Where a log line and a job row come from: the request, the person, the job. Set by whoever begins one."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
request_id: ContextVar[str] = ContextVar("request_id", default="")
user_id: ContextVar[str] = ContextVar("user_id", default="")  # the public id
job_id: ContextVar[str] = ContextVar("job_id", default="")  # the public id


def begin_request(given: str) -> str:
    """Nothing of the request before is left; the id of this one: the given one if it is a plain word, or a new one."""
    request_id.set(given if SANE.fullmatch(given) else uuid.uuid4().hex)
    user_id.set("")
    job_id.set("")
    return request_id.get()


@contextmanager
def job(public_id: uuid.UUID, asked_in: str) -> Iterator[None]:
    """Until the block ends, lines are those of the job and of the request that asked for it."""
    tokens = job_id.set(str(public_id)), request_id.set(asked_in)
    try:
        yield
    finally:
        job_id.reset(tokens[0])
        request_id.reset(tokens[1])
