#!/usr/bin/env python3
"""A server that never answers does not hold the batch, and its counts are those of newman."""
import time

import support

NAME = "aiohttp-hangs"


def requests_of(run):
    """Of the last attempt: on a starved machine the first one is not believed, and repeated."""
    events = support.lines(run / "events.ndjson")
    last = max(index for index, event in enumerate(events) if event["event"] == "admitted")
    return [event for event in events[last:] if event["event"] == "request"]


def evaluate(assay, scratch, *options):
    begin = time.monotonic()
    found = assay.batch(support.BACKENDS, scratch / "run", "--filter", NAME, "--jobs", 1, *options)
    return found[NAME], requests_of(scratch / "run"), time.monotonic() - begin


def wanted():
    return tuple(support.expected(NAME)["assertions"][name] for name in ("total", "passed", "failed"))


def three_timeouts_end_the_waiting(assay, scratch):
    result, requests, seconds = evaluate(assay, scratch, "--timeout-request", 1000, "--ready-timeout", 2)
    assert support.counts(result) == wanted(), f"counts {support.counts(result)}, expected {wanted()}"
    presumed = [request.get("presumed", False) for request in requests]
    # Exactly the first three were waited for.
    assert presumed == [False] * 3 + [True] * (len(requests) - 3), presumed
    assert result["verdict"]["presumed_timeouts"] == len(requests) - 3
    assert all(request.get("error") and "answer" not in request for request in requests)
    # 2 s until it counts as not ready and three times 1 s; twice that, when the machine was starved and the
    # attempt is repeated; and the rest for starting.
    limit = 2 * (2 + 3) + 20
    assert seconds < limit, f"{seconds:.1f} s, more than {limit} s"


def without_the_limit_every_request_is_waited_for(assay, scratch):
    result, requests, _ = evaluate(assay, scratch, "--timeout-request", 60, "--ready-timeout", 3,
                                   "--timeouts-in-a-row", 0)
    assert support.counts(result) == wanted(), f"counts {support.counts(result)}, expected {wanted()}"
    assert result["verdict"]["presumed_timeouts"] == 0
    assert not any(request.get("presumed") for request in requests)
    phase = result["usage"]["phases"]["suite"]["wall_us"]
    assert phase >= 60_000 * len(requests), f"{len(requests)} timeouts of 60 ms in {phase} us"


def a_hanging_server_does_not_hold_the_others(assay, scratch):
    found = assay.batch(support.BACKENDS, scratch / "run", "--filter", "aiohttp-*", "--timeout-request", 1000,
                        "--ready-timeout", 5)
    assert support.counts(found["aiohttp-ok"])[2] == 0
    assert support.counts(found[NAME]) == wanted()
    order = list(found)  # results.jsonl is in the order of ends
    assert order.index("aiohttp-ok") < order.index(NAME), order


if __name__ == "__main__":
    support.main(three_timeouts_end_the_waiting, without_the_limit_every_request_is_waited_for,
                 a_hanging_server_does_not_hold_the_others, description=__doc__)
