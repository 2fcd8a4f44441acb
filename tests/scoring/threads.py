"""Run things at the same time in tests, each on a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """Begin all verbs at one barrier and return what each returned or raised, in their order."""
    barrier = threading.Barrier(len(verbs))
    answers: list[Any] = [None] * len(verbs)

    def run(place: int, verb: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            answers[place] = verb()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, verb)) for place, verb in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def elsewhere(verb: Callable[[], Any]) -> Any:
    """Run a verb on another connection and wait for it; what it raises is raised here."""
    [answer] = at_once(verb)
    if isinstance(answer, Exception):
        raise answer
    return answer
