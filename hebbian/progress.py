"""How far long work is: a bar with the time left on a terminal, one line every few per cent elsewhere."""

import sys
import time

#: Without a terminal, a line is printed after this share of the work or this many seconds, whichever comes first,
SHARE, SECONDS = 0.05, 600.0

#: but never sooner than this after the last one.
PAUSE = 1.0


class Progress:
    """Progress through tasks that several processes draw in order: reaching one means those before it were drawn."""

    def __init__(self, tasks, shown: bool = True, stream=None):
        self.stream = stream or sys.stderr
        self.shown = shown and bool(tasks)
        self.count = len(tasks)
        self.before = [0.0]
        for task in tasks:
            self.before.append(self.before[-1] + task.cost)
        self.begun = self.told = time.monotonic()
        self.share = 0.0
        self.failures = 0
        self.bar = None

    def __enter__(self):
        if self.shown and self.stream.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=self.before[-1], file=self.stream, desc="hebbian", leave=False,
                            bar_format="{desc} {percentage:3.0f} %|{bar}| {elapsed} done, {remaining} left{postfix}")
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()

    def reach(self, index: int) -> None:
        """Note that task `index` begins."""
        if not self.shown:
            return
        share, now = self.before[index] / self.before[-1], time.monotonic()
        if self.bar is not None:
            self.bar.set_postfix_str(f"task {index + 1} of {self.count}, {self.failures} failed", refresh=False)
            self.bar.update(self.before[index] - self.bar.n)
        elif now - self.told >= PAUSE and (share - self.share >= SHARE or now - self.told >= SECONDS) and share:
            left = (now - self.begun) * (1 - share) / share
            self.say(f"{100 * share:.0f} % done, task {index + 1} of {self.count}, about {_duration(left)} left")
            self.share, self.told = share, now

    def fail(self, message: str) -> None:
        """Count a failed task; only the first is printed, since ten thousand may fail alike."""
        self.failures += 1
        if self.shown and self.failures == 1:
            self.say(f"a task failed: {message}")

    def say(self, text: str) -> None:
        """Print a line without breaking the bar."""
        if self.bar is not None:
            self.bar.write(f"hebbian: {text}", file=self.stream)
        else:
            print(f"hebbian: {text}", file=self.stream, flush=True)


def _duration(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
