"""Submissions to a server, and what comes back."""
from __future__ import annotations

import json
import random
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple, TypeVar
from urllib.parse import quote

from .connection import Connection, refusal
from .entries import Entry, Result
from .errors import AssayError, Refused, Unreachable

T = TypeVar("T")

_HOLD_S = 30  # how long one request waits for a result
_PAUSES_S = (0.1, 0.2, 0.5, 1, 2, 5)  # between tries; the last one repeats


class Client:
    """Talks to one `assay serve`. Threads may share it.

    address   "unix:PATH", "http://HOST:PORT" or "HOST:PORT"
    token     of a server on the network
    timeout   seconds that an answer may take, beyond the time that a request asks the server to wait
    patience  seconds for which a full queue, a full disk or a lost connection is tried again
    """

    def __init__(self, address: str, token: Optional[str] = None, timeout: float = 30, patience: float = 600) -> None:
        self._connection = Connection(address, token, timeout)
        self._patience = patience

    @property
    def address(self) -> str:
        return self._connection.address

    # --- submissions -------------------------------------------------------------------------------------------------

    def evaluate(self, entry: Entry) -> Result:
        """One entry of a batch, evaluated: its result line, with a verdict or a fault.

        An entry without an id gets one here: then a try that is repeated is the same submission.
        """
        entry = dict(entry)
        entry.setdefault("id", f"c-{uuid.uuid4().hex}")
        target = f"/v1/submissions?wait={_HOLD_S}"
        body = json.dumps(entry).encode()

        def hand_in() -> Dict[str, Any]:
            said = self._connection.json("POST", target, body, "application/json", _HOLD_S)
            return said["submissions"][0]  # type: ignore[no-any-return]

        state = self._persist(hand_in)
        while state["state"] != "done":
            found = self._persist(lambda: self._look(entry["id"], _HOLD_S))
            # A server that was ended before it had the entry on disk does not know it: hand it in again.
            state = found if found is not None else self._persist(hand_in)
        return state["result"]  # type: ignore[no-any-return]

    def evaluate_many(self, entries: Iterable[Entry], in_flight: int = 32) -> Iterator[Result]:
        """Results in the order in which they are done; at most `in_flight` entries are handed in and not done.

        `entries` is read as results come. An entry that the server refuses gives a result with a fault.
        """
        source = iter(entries)
        open_: Set["Future[Result]"] = set()
        with ThreadPoolExecutor(max_workers=in_flight, thread_name_prefix="assay") as threads:
            try:
                more = True
                while True:
                    while more and len(open_) < in_flight:
                        try:
                            open_.add(threads.submit(self._evaluate_or_fault, next(source)))
                        except StopIteration:
                            more = False
                    if not open_:
                        return
                    done, open_ = wait(open_, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield future.result()
            finally:
                for future in open_:
                    future.cancel()

    def result(self, submission: str, wait: float = 0) -> Optional[Result]:
        """The result line of a submission, None while there is none. `wait`: seconds to wait for it, at most 3600."""
        found = self._look(submission, wait)
        if found is None:
            raise Refused(404, f"there is no submission {submission}")
        return found.get("result") if found["state"] == "done" else None

    def state(self, submission: str) -> Optional[str]:
        """"queued", "running" or "done"; None: there is no such submission."""
        found = self._look(submission, 0)
        return None if found is None else str(found["state"])

    def withdraw(self, submission: str) -> None:
        """Takes a queued submission back; one that runs, or is done, is Refused."""
        self._connection.json("DELETE", f"/v1/submissions/{quote(submission, safe='')}")

    def logs(self, submission: str) -> List[str]:
        """Names of a submission's logs."""
        said = self._connection.json("GET", f"/v1/submissions/{quote(submission, safe='')}/logs")
        return list(said["logs"])

    def log(self, submission: str, name: str) -> bytes:
        target = f"/v1/submissions/{quote(submission, safe='')}/logs/{quote(name, safe='')}"
        status, text = self._connection.request("GET", target)
        if status >= 300:
            raise refusal(status, text)
        return text

    # --- the server --------------------------------------------------------------------------------------------------

    def events(self, offset: int = 0, follow: bool = True) -> Iterator[Tuple[int, Dict[str, Any]]]:
        """The journal: each event with the offset of the next one, where another call can go on."""
        connection = self._connection.open(timeout=3600)
        try:
            target = f"/v1/events?from={offset}&follow={int(follow)}"
            connection.request("GET", target, headers=self._connection.headers())
            answer = connection.getresponse()
            if answer.status >= 300:
                raise refusal(answer.status, answer.read())
            for line in answer:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                yield offset, json.loads(line)
        finally:
            connection.close()

    def metrics(self) -> Dict[str, float]:
        """Every sample: 'assay_submissions{state="queued"}' -> its value."""
        status, text = self._connection.request("GET", "/metrics")
        if status >= 300:
            raise refusal(status, text)
        samples = {}
        for line in text.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples

    def health(self) -> bool:
        """Whether the server is there and takes submissions."""
        try:
            return self._connection.request("GET", "/healthz")[0] == 200
        except Unreachable:
            return False

    def close(self) -> None:
        """Closes this thread's connection."""
        self._connection.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _look(self, submission: str, seconds: float) -> Optional[Dict[str, Any]]:
        target = f"/v1/submissions/{quote(submission, safe='')}?wait={seconds:g}"
        try:
            return self._connection.json("GET", target, wait=seconds)  # type: ignore[no-any-return]
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _evaluate_or_fault(self, entry: Entry) -> Result:
        try:
            return self.evaluate(entry)
        except AssayError as error:
            return {"id": entry.get("id"), "labels": entry.get("labels", {}), "reward": None,
                    "fault": {"step": "hand in", "reason": str(error),
                              "retryable": isinstance(error, Unreachable) or getattr(error, "passes", False)}}
        finally:
            self.close()

    def _persist(self, request: Callable[[], T]) -> T:
        """What may pass is tried again, for as long as the patience lasts."""
        end = time.monotonic() + self._patience
        tries = 0
        while True:
            try:
                return request()
            except Unreachable:
                if time.monotonic() > end:
                    raise
            except Refused as refused:
                if not refused.passes or time.monotonic() > end:
                    raise
            time.sleep(_PAUSES_S[min(tries, len(_PAUSES_S) - 1)] * random.uniform(0.5, 1))
            tries += 1
