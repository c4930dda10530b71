"""A long call of the library on a thread of its own, while its callbacks run on the caller's thread.

So Ctrl-C, which Python delivers between instructions of its main thread, cancels in the middle of a step; and callbacks
see the thread, and with it the thread-local state, that the caller knows.
"""

from __future__ import annotations

import queue
import threading
from typing import Any, Callable, List, Optional


class Request:
    """A callback that waits to be run."""

    def __init__(self, function: Callable[..., int], arguments: Any) -> None:
        self.function, self.arguments = function, arguments
        self.answered = threading.Event()
        self.answer = 1

    def run(self) -> None:
        self.answer = self.function(*self.arguments)
        self.answered.set()


class Call:
    """cancel makes the running call return soon; it may be called from any thread."""

    def __init__(self, cancel: Callable[[], None] = lambda: None) -> None:
        self._cancel = cancel
        self._requests: "queue.SimpleQueue[Optional[Request]]" = queue.SimpleQueue()
        self._stopped, self._ended = threading.Event(), threading.Event()
        self._lock, self._begun = threading.Lock(), False
        self.failure: Optional[BaseException] = None

    def stopped(self, *_: Any) -> int:
        """1 after a callback has raised, or Ctrl-C."""
        return int(self._stopped.is_set())

    def callback(self, function: Callable[..., int]) -> Callable[..., int]:
        """function for the library's thread: it runs on the caller's, and the answer is 1 once anything was raised."""
        def ask(*arguments: Any) -> int:
            request = Request(function, arguments)
            self._requests.put(request)
            while not request.answered.wait(0.1):
                if self._stopped.is_set():
                    return 1
            return request.answer
        return ask

    def run(self, function: Callable[[], int]) -> int:
        """The status that function returns. Raises what a callback, or Ctrl-C, raised."""
        statuses: List[int] = []

        def work() -> None:
            with self._lock:
                if self._stopped.is_set():
                    return
                self._begun = True
            try:
                statuses.append(function())
            finally:
                self._ended.set()
                self._requests.put(None)

        thread = threading.Thread(target=work, name="img2vid")
        try:
            thread.start()
            while self._serve():
                pass
        finally:
            self._end()
        if self.failure is not None:
            try:
                raise self.failure
            finally:
                self.failure = None  # else the exception's own traceback would keep it alive
        return statuses[0]

    def _end(self) -> None:
        """Returns when the library's thread is out of the library, and will not enter it: Ctrl-C may come at any time,
        even before that thread has begun. Another one only has to wait."""
        while True:
            try:
                if not self._ended.is_set():
                    self._stop()
                    with self._lock:
                        begun = self._begun
                    if begun:
                        self._ended.wait()
                return
            except KeyboardInterrupt as interrupt:
                self.failure = self.failure or interrupt

    def _serve(self) -> bool:
        """Waits for a callback and runs it; False when the call has ended."""
        try:
            request = self._requests.get()
            if request is None:
                return False
            if not self._stopped.is_set():
                request.run()
        except BaseException as failure:
            self.failure = self.failure or failure
            self._stop()
            return not self._ended.is_set()
        return True

    def _stop(self) -> None:
        self._stopped.set()
        self._cancel()
