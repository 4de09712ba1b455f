"""A reward for training: completions in, scores out."""
from __future__ import annotations

import uuid
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from .client import Client
from .entries import files, patch

Completion = Union[str, Mapping[str, Any]]
Task = Union[str, Mapping[str, Any]]


class Reward:
    """Scores completions with their strict score, from 0 to 1; None where there is no verdict.

    A completion is a mapping path -> text (the submission's files) or a text (a patch). None is never a 0: a fault says
    nothing about the completion, and a training step has to leave it out. `faults` has the last call's, by index.
    """

    def __init__(self, client: Client, in_flight: int = 32, labels: Optional[Mapping[str, Any]] = None) -> None:
        self._client = client
        self._in_flight = in_flight
        self._labels = dict(labels or {})
        self.__name__ = "assay_reward"  # what training libraries log it under
        self.faults: Dict[int, Dict[str, Any]] = {}

    def __call__(self, completions: Sequence[Completion], task: Union[Task, Sequence[Task]],
                 **_: Any) -> List[Optional[float]]:
        """`task` is the one of all completions, or a list with one for each."""
        one = isinstance(task, (str, Mapping))
        tasks: Sequence[Any] = [task] * len(completions) if one else list(task)  # type: ignore[list-item]
        if len(tasks) != len(completions):
            raise ValueError(f"{len(completions)} completions, but {len(tasks)} tasks")
        call = uuid.uuid4().hex
        places = {f"r-{call}-{index}": index for index in range(len(completions))}
        entries = ({"id": name, "task": tasks[index], "source": self._source(completions[index]),
                    "labels": self._labels} for name, index in places.items())
        scores: List[Optional[float]] = [None] * len(completions)
        self.faults = {}
        for result in self._client.evaluate_many(entries, self._in_flight):
            index = places[result["id"]]
            if "fault" in result:
                self.faults[index] = result["fault"]
            else:
                scores[index] = float(result["reward"])
        return scores

    @staticmethod
    def _source(completion: Completion) -> Dict[str, Any]:
        return patch(completion) if isinstance(completion, str) else files(completion)
