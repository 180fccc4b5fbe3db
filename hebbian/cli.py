"""The command line: its verbs are the functions of the package, its exit status says what is on disk."""

import argparse
import re
import sys
import traceback

from hebbian.errors import HebbianError

EPILOG = """exit status: 0 all that was asked for is done (a sweep: it is in results.h5 and was read back),
1 some task failed, 2 bad input, 75 stopped early: run the same command again to resume.

  hebbian simulate dense --alpha 0.05 --N 2000 --T 0.4
  hebbian solve dense --alpha 0.05 --T 0.4
  hebbian sweep sweep.toml            (on a cluster: mpiexec -n 64 hebbian sweep sweep.toml)
"""

#: Verbs on one point: their arguments come from the records of the family, so they are parsed a second time.
POINT_VERBS = ("simulate", "solve", "phase")


def main(argv=None) -> int:
    """Run one command and return its exit status."""
    argv = sys.argv[1:] if argv is None else list(argv)
    debug = "--debug" in argv
    argv = [argument for argument in argv if argument != "--debug"]
    try:
        arguments = parser().parse_args(argv)
        # The verbs load NumPy and more: only once the command line is known to make sense.
        from hebbian import commands

        return commands.VERBS[arguments.verb](arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
    except BrokenPipeError:
        # A reader such as `head` has seen enough; Python would complain once more when it closes stdout.
        sys.stdout = None
        return 0
    except KeyboardInterrupt:
        print("hebbian: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        elif _speaks():
            text = str(error) if isinstance(error, HebbianError) else _unforeseen(error)
            if isinstance(error, OSError) and error.filename:
                text = f"{error.filename}: cannot be read or written ({error.strerror}): give another path"
            print("\n".join(f"hebbian: {line}" for line in text.splitlines()), file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The command line as argparse sees it."""
    top = argparse.ArgumentParser(
        prog="hebbian", description="The statistical mechanics of associative memory: simulation beside theory.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action=_Version)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    helps = {"simulate": "simulate a model at one point and print every observable with its error",
             "solve": "solve the theory of a model at one point",
             "phase": "trace the lines of a phase diagram"}
    for name in POINT_VERBS:
        verb = verbs.add_parser(name, help=helps[name], epilog=f"hebbian {name} FAMILY --help lists the fields of a family")
        verb.add_argument("family", metavar="FAMILY", nargs="?",
                          help="dense, multitasking, dendrites, willshaw, sequence or modern")
        verb.add_argument("fields", nargs=argparse.REMAINDER)

    sweep = verbs.add_parser("sweep", help="run or resume a sweep file; under mpiexec every rank takes part")
    sweep.add_argument("file", metavar="FILE", help="TOML file of the sweep")
    sweep.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", dest="overrides",
                       help="override a value of the file, such as simulate.samples=4")
    sweep.add_argument("--dir", metavar="DIR", help="output directory, instead of [output] dir")
    sweep.add_argument("--extend", action="store_true", help="add points or samples to a directory that holds fewer")
    workers = sweep.add_mutually_exclusive_group()
    workers.add_argument("--jobs", type=_count, metavar="n", help="use n local processes and no MPI")
    workers.add_argument("--shard", type=_shard, metavar="i/n",
                         help="do part i = 0 .. n-1 of n without MPI, for job arrays; `hebbian collect` afterwards")
    sweep.add_argument("--schedule", choices=("dynamic", "cyclic"), default="dynamic",
                       help="draw tasks from a shared counter (default), or deal them in turns")
    sweep.add_argument("--limit-memory", type=_bytes, metavar="4G", help="memory a process may use")
    sweep.add_argument("--time", type=_seconds, metavar="3h50m", help="stop cleanly (status 75) after this time")
    sweep.add_argument("--dry-run", action="store_true", help="list points, tasks, memory and core-hours")
    sweep.add_argument("--quiet", action="store_true", help="no progress")
    sweep.add_argument("--json", action="store_true", help="print the outcome as JSON")

    collect = verbs.add_parser("collect", help="consolidate the shards of a job array into results.h5")
    status = verbs.add_parser("status", help="how far a sweep is, while it runs or after it stopped")
    compare = verbs.add_parser("compare", help="simulation beside theory at every point of a sweep")
    plot = verbs.add_parser("plot", help="draw a sweep into a file")
    export = verbs.add_parser("export", help="write the results as tidy CSV or netCDF")
    digest = verbs.add_parser("digest", help="hash names, types, shapes and values of the results")
    for verb in (collect, status, compare, plot, export, digest):
        verb.add_argument("directory", metavar="DIR", help="directory of a sweep, or a results file")
    for verb in (collect, status, compare, digest):
        verb.add_argument("--json", action="store_true", help="print JSON")
    compare.add_argument("--summary", action="store_true", help="how many points agree, instead of every point")
    plot.add_argument("kind", nargs="?", default="overlap", help="overlap (default), or the name of any observable")
    plot.add_argument("--output", metavar="FILE", help="figure file; by default KIND.pdf in DIR")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--csv", metavar="FILE", help="CSV file, one row a sample; - is standard output (default)")
    form.add_argument("--netcdf", metavar="FILE", help="netCDF-4 file")

    verbs.add_parser("check", help="a minute of self-tests; the first line of a batch job")
    info = verbs.add_parser("info", help="versions, CPU features and kernel path in use, MPI library")
    info.add_argument("--json", action="store_true", help="print JSON")
    bench = verbs.add_parser("bench", help="kernel rates on this machine beside its measured limits")
    bench.add_argument("--json", action="store_true", help="print JSON")
    return top


class _Version(argparse.Action):
    def __init__(self, option_strings, dest):
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser, *ignored):
        from hebbian import __version__

        print(f"hebbian {__version__}")
        parser.exit()


def _speaks():
    """Whether this rank tells the user what is wrong: one of many is enough."""
    from hebbian.parallel import launcher_rank

    return launcher_rank() == 0


def _unforeseen(error):
    return f"{type(error).__name__}: {error or 'no message'} (an error in hebbian; --debug shows where)"


def _count(text):
    if not re.fullmatch(r"[1-9]\d{0,4}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a whole number from 1")
    return int(text)


def _shard(text):
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match or not int(match[1]) < int(match[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give i/n with i from 0 to n - 1, such as 0/20")
    return int(match[1]), int(match[2])


def _bytes(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kKMGT]?)(?:i?B)?", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a size such as 4G or 500M")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def _seconds(text):
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", text)
    if not match or not text:
        raise argparse.ArgumentTypeError(f"{text!r} is not allowed: give a time such as 3h50m, 90m or 600s")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds
