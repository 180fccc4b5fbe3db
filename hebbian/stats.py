"""Error bars: disorder averages, Student's t intervals, jackknife, autocorrelation and binning.

The independent unit is the disorder sample.  A time mean within a sample comes first, then mean and standard error over
samples; that error already contains the thermal noise.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from hebbian.errors import InvalidInput


@dataclass(frozen=True)
class Estimate:
    """A disorder average with its standard error over samples; prints as 0.9645(12).

    values : float array (samples, ...), one value a sample; NaN marks a sample that is missing.
    mean, error, median : over samples, with the trailing shape of `values`; the error is NaN for a single sample.
    """

    values: np.ndarray = field(repr=False)

    def __post_init__(self):
        object.__setattr__(self, "values", np.asarray(self.values, float))

    @property
    def n(self):
        """Number of samples behind the estimate."""
        count = np.count_nonzero(~np.isnan(self.values), axis=0)
        return int(count) if np.ndim(count) == 0 else count

    @property
    def mean(self):
        return _over_samples(np.nanmean, self.values)

    @property
    def median(self):
        return _over_samples(np.nanmedian, self.values)

    @property
    def error(self):
        """Standard error of the mean, sqrt(variance / n) with the n - 1 variance."""
        spread = _over_samples(lambda v, axis: np.nanstd(v, axis=axis, ddof=1), self.values, least=2)
        return spread / np.sqrt(self.n) if np.ndim(spread) else spread / math.sqrt(max(self.n, 1))

    def interval(self, level: float = 0.95):
        """Student's t confidence interval (low, high) of the mean at the given level."""
        from scipy.special import stdtrit

        reach = stdtrit(np.maximum(np.asarray(self.n) - 1, 1), (1 + level) / 2) * self.error
        return self.mean - reach, self.mean + reach

    def __str__(self):
        if np.ndim(self.mean):
            return "[" + ", ".join(with_error(m, e) for m, e in zip(np.ravel(self.mean), np.ravel(self.error))) + "]"
        return with_error(self.mean, self.error)


def _over_samples(function, values, least=1):
    count = np.count_nonzero(~np.isnan(values), axis=0)
    enough = count >= least
    if values.ndim == 1:
        return float(function(values, axis=0)) if enough else math.nan
    result = np.full(values.shape[1:], np.nan)
    if enough.any():
        result[enough] = function(values[:, enough], axis=0)
    return result


def with_error(mean: float, error: float) -> str:
    """A number with the error of its last digits in brackets: 0.9645(12), and 1.342(57)e-12 where it is small."""
    if not math.isfinite(mean) or not math.isfinite(error):
        return f"{mean:.6g}(?)" if math.isfinite(mean) else "nan"
    if error == 0:
        return f"{mean:.6g}(0)"
    size = max(abs(mean), error)
    if size < 1e-4:
        power = math.floor(math.log10(size))
        return f"{with_error(mean / 10.0**power, error / 10.0**power)}e{power:03d}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    scaled = round(error * 10**digits)
    return f"{mean:.{digits}f}({scaled})"


def autocorrelation_time(series: np.ndarray, window: float = 5.0) -> float:
    """Integrated autocorrelation time 1 + 2 sum_t rho(t) of a time series, in its own steps.

    The sum stops at the first t >= `window` times the running estimate (Sokal's window).  1 means uncorrelated; a constant
    series has no fluctuation to correlate and returns 1.  Biased low for series shorter than about 50 times the result.
    Checked against the exact (1 + rho) / (1 - rho) of an AR(1) process.
    """
    x = np.asarray(series, float)
    if x.ndim != 1 or x.size < 2:
        raise InvalidInput(f"series has shape {x.shape}: give a one-dimensional series of at least 2 values")
    x = x - x.mean()
    if not np.any(x):
        return 1.0
    length = 1 << (2 * x.size - 1).bit_length()
    transform = np.fft.rfft(x, length)
    covariance = np.fft.irfft(transform * transform.conj(), length)[:x.size]
    running = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    stop = np.flatnonzero(np.arange(x.size) >= window * running)
    return float(max(running[stop[0] if stop.size else -1], 1.0 / x.size))


def binned_error(series: np.ndarray, bins: int = 24) -> float:
    """Standard error of the mean of a correlated time series from `bins` block means (blocks must exceed the correlation)."""
    x = np.asarray(series, float)
    size = x.size // bins
    if size < 1:
        raise InvalidInput(f"series has {x.size} values: give at least {bins}, one for each bin")
    means = x[x.size - size * bins:].reshape(bins, size).mean(axis=1)
    return float(means.std(ddof=1) / math.sqrt(bins))


def jackknife(function, *samples: np.ndarray) -> tuple[float, float]:
    """Bias-corrected value and standard error of function(mean of each array) by leaving out one disorder sample at a time."""
    arrays = [np.asarray(values, float) for values in samples]
    n = len(arrays[0])
    if n < 2 or any(len(values) != n for values in arrays):
        raise InvalidInput(f"jackknife over {[len(v) for v in arrays]} samples: give arrays of one length, at least 2")
    full = function(*(values.mean(axis=0) for values in arrays))
    left = np.array([function(*((values.sum(axis=0) - values[k]) / (n - 1) for values in arrays)) for k in range(n)])
    error = math.sqrt((n - 1) * np.mean((left - left.mean()) ** 2))
    return float(n * full - (n - 1) * left.mean()), error


def wilson(hits: int, trials: int, level: float = 0.683) -> tuple[float, float]:
    """Wilson interval (low, high) of a fraction, here of retrieved samples."""
    from scipy.special import ndtri

    z = ndtri((1 + level) / 2)
    centre = (hits + z * z / 2) / (trials + z * z)
    reach = z / (trials + z * z) * math.sqrt(hits * (trials - hits) / trials + z * z / 4)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def exact_sum(integers: np.ndarray, axis: int = 0) -> list[int]:
    """Sums of an int64 array along its first axis as Python integers, free of overflow."""
    integers = np.asarray(integers, np.int64)
    high = (integers >> 32).sum(axis=axis)
    low = (integers & 0xFFFFFFFF).sum(axis=axis)
    return [(int(h) << 32) + int(part) for h, part in zip(np.atleast_1d(high), np.atleast_1d(low))]
