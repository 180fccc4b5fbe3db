# %% [markdown]
# # A sweep in a notebook
#
# Cells are separated by `# %%`: editors such as VS Code, Spyder and Jupyter (with jupytext) open this file as a
# notebook, and Python runs it as a script. It opens the results of a sweep, slices them, draws them over their theory,
# and looks at the HDF5 file itself. Without results it makes a small sweep first.

# %%
import sys
from pathlib import Path

import h5py
import matplotlib.pyplot as plt

import hebbian as hb
from hebbian.comparison import chi_square, compare_dataset, extrapolate
from hebbian.stats import Estimate

interactive = "ipykernel" in sys.modules
directory = Path("results/ags_retrieval" if interactive or len(sys.argv) < 2 else sys.argv[1])

if not (directory / "results.h5").exists():
    directory = Path("results/explore") if interactive or len(sys.argv) < 2 else directory
    hb.sweep(hb.DenseHopfield(p=2), grid={"N": [200, 400, 800], "alpha": [0.02, 0.05], "T": [0.2, 0.3, 0.4, 0.5, 0.6]},
             samples=12, burn_in=50, sweeps=100, seed=11, dir=directory)

# %% [markdown]
# ## What is in it
# One dataset with labelled axes: every observable over the grid and the samples, its theory over the grid, and whatever
# the sweep file said as coordinates and attributes.

# %%
data = hb.load(directory)
print(data.attrs["title"])
print(dict(data.sizes))
print([name for name in data.data_vars if f"{name}_theory" in data])

# %% [markdown]
# ## One curve
# Slices go by value. The mean over samples needs its error, so it is an `Estimate`.

# %%
load, N = data["alpha"].values[1], data["N"].values[-1]
curve = data.sel(alpha=load, N=N)
for T, m, theory in zip(curve["T"].values, curve["m"].values, curve["m_theory"].values):
    print(f"T = {T:.2f}   m = {Estimate(m)!s:>12}   theory {theory:.4f}")

# %% [markdown]
# ## Beside its theory
# A row per point and observable; points where every sample was retrieved at three sizes or more are extrapolated to
# N = infinity.

# %%
table = compare_dataset(data)
mixed = [row for row in table.rows if row["observable"] == "m" and 0 < row["retrieved"] < 1]
print(f"{len(mixed)} points hold two phases: their mean is not an order parameter, look at the median and the fraction")
print("\n".join(str(table).splitlines()[-6:]))

# %%
ax = hb.plots.overlap(data)
ax.set_title("overlap over theory")
ax = hb.plots.dataset(data, kind="retrieved")

# %% [markdown]
# ## Towards infinite size
# The same temperature at every size, against 1/N.

# %%
T = data["T"].values[1]
point = data.sel(alpha=load, T=T)
estimates = [Estimate(values) for values in point["m"].values]
fit = extrapolate(point["N"].values, [e.mean for e in estimates], [e.error for e in estimates])
print(f"alpha = {load}, T = {T}: m at N = infinity is {fit}, theory {point['m_theory'].values[-1]:.5f}")
ax = hb.plots.overlap(point, x="N")

# %% [markdown]
# ## A whole curve at once
# Points of one curve share their disorder samples, so their deviations are correlated: chi-square needs the covariance.

# %%
inside = curve.isel(T=slice(1, 4))
test = chi_square(inside["m"].values.T, inside["m_theory"].values)
print(f"chi2 = {test.chi2:.1f} for {test.dof} points at N = {N}, probability {test.probability:.2f}")

# %% [markdown]
# ## Without this package
# `results.h5` is plain HDF5 with dimension scales, also readable by `xarray.open_dataset` and `pandas`.

# %%
with h5py.File(directory / "results.h5") as file:
    print({key: file.attrs[key] for key in ("hebbian_version", "numerics", "family")})
    m = file["m"]
    print("m", m.shape, "over", [dimension[0].name for dimension in m.dims])
    print(file["provenance/config"].asstr()[()])

# %%
plt.close("all")
