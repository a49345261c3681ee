"""The browser of the tests and the bench."""

import shutil

PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")


def chromium() -> str | None:
    """The first installed one. The shell has no windows of its own, which are not throttled and
    take most of a browser's processor time.
    """
    return next(filter(None, map(shutil.which, PROGRAMS)), None)
