"""Progress is a bar on a terminal and a few lines elsewhere, and never more than that."""

import io
from types import SimpleNamespace

from hebbian import progress
from hebbian.progress import Progress

TASKS = [SimpleNamespace(cost=cost) for cost in (4.0, 3.0, 2.0, 1.0)]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_lines_count_work_not_tasks(monkeypatch):
    monkeypatch.setattr(progress, "PAUSE", 0.0)
    out = io.StringIO()
    with Progress(TASKS, stream=out) as bar:
        for index in range(4):
            bar.reach(index)
    lines = out.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [f"hebbian: {share} % done" for share in (40, 70, 90)]
    assert "task 2 of 4" in lines[0] and "left" in lines[0]


def test_short_work_prints_nothing():
    out = io.StringIO()
    with Progress(TASKS, stream=out) as bar:
        for index in range(4):
            bar.reach(index)
    assert out.getvalue() == ""


def test_ten_thousand_failures_are_one_line():
    out = io.StringIO()
    with Progress(TASKS, stream=out) as bar:
        for _ in range(10_000):
            bar.fail("no")
    assert out.getvalue() == "hebbian: a task failed: no\n" and bar.failures == 10_000


def test_a_terminal_gets_a_bar():
    out = Terminal()
    with Progress(TASKS, stream=out) as bar:
        bar.reach(2)
        bar.say("a word")
    assert "|" in out.getvalue() and "hebbian: a word\n" in out.getvalue()


def test_other_ranks_are_silent():
    out = io.StringIO()
    with Progress(TASKS, shown=False, stream=out) as bar:
        bar.reach(3)
        bar.fail("no")
    assert out.getvalue() == ""
