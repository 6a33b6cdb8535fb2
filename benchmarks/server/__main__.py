"""What the server can do: lessons, quizzes, sign-ins and reads a second, and plugins that wait, on each database.

``python -m benchmarks.server [--quick] [--only DATABASE] [--json]``. Each database gets a server of its own (`toolboxai serve`,
production's settings, reporting to a sink that swallows), the curriculum engine, and a school. CPU and memory are the server's; what
PostgreSQL and the generator of the load use is not in it. PostgreSQL is left out where none answers (``TEST_POSTGRES_URL``).
"""

import argparse
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import free_port, running
from benchmarks.server.measuring import Load, measure
from benchmarks.server.report import machine, table
from benchmarks.server.school import People, school_in
from benchmarks.server.target import Figures, Target
from tests.services import POSTGRES, empty_database, version_of

DATABASES = ("sqlite", "postgresql")
QUICK = Load(generations=20, orders=10, sign_ins=8, reads=80, plugins=100)


@contextmanager
def started(folder: Path, database_url: str, studios: int) -> Iterator[tuple[Target, People]]:
    """Run a server for the block, and give whom it knows."""
    sink, port = free_port(), free_port()
    people = school_in(folder, database_url, studios=studios)
    variables = {
        "DATABASE_URL": database_url,
        "TOOLBOXAI_DATA_DIR": str(folder),
        "SENTRY_DSN": f"http://key@127.0.0.1:{sink}/1",
        "SENTRY_ENVIRONMENT": "production",
    }
    serve = ("toolboxai", "serve", "--port", str(port))
    with (
        running("benchmarks.sink", str(sink), port=sink),
        running(*serve, port=port, variables=variables) as process,
    ):
        yield Target(port, process.pid), people


def measured(database: str, load: Load) -> dict[str, Figures]:
    """Return all figures of one database, and say on standard error how far it is."""
    found = {}
    place = empty_database() if database == "postgresql" else nullcontext("")
    with (
        TemporaryDirectory() as folder,
        place as url,
        started(Path(folder), url, load.plugins) as (server, people),
    ):
        for name, figures in measure(server, people, load):
            sys.stderr.write(f"{database}: {name}\n")
            found[name] = figures
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--only", choices=DATABASES, help="one database")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    _allow_open_files()
    wanted = [database for database in DATABASES if asked.only in {None, database}]
    if "postgresql" in wanted and not version_of(POSTGRES):
        sys.stderr.write(f"postgresql is left out: {POSTGRES.remedy}\n")
        wanted.remove("postgresql")
    load = QUICK if asked.quick else Load()
    found = {database: measured(database, load) for database in wanted}
    print(json.dumps({"machine": machine(), "figures": found}) if asked.json else table(found))


def _allow_open_files() -> None:
    """Let this process and its children have as many connections as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
