"""Publishing what is on sale: `python -m billing catalogue check FILE | publish FILE | list | show [VERSION]`."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from billing import models, repository
from billing.domain.catalogue_rules import IN_DETAIL, Fault, faults_of
from chassis.config import ServiceConfig
from chassis.database import Database
from chassis.unit_of_work import UnitOfWork, Units

SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Files:
    """How a catalogue is read from a file and written: what of it has the wrong shape, by place, and its members in their order."""

    shape_faults: Callable[[object], list[tuple[str, str]]]
    as_published: Callable[[dict[str, Any]], object]


def faults(session: Session, *, content: Any, files: Files) -> list[Fault]:
    """Find everything that keeps the content from being the next version: first of its shape, then of its rules."""
    found = [Fault(path=path, message=message) for path, message in files.shape_faults(content)]
    if any(fault.message not in IN_DETAIL for fault in found):
        return found
    return faults_of(content, last=repository.catalogue_version(session)) or found


def publish(uow: UnitOfWork, *, content: Any, files: Files) -> list[Fault]:
    """Publish the content as the catalogue in force from now on, whole, or nothing where it has a fault: give all of them.

    What was bought or quoted before stays on the version that it was priced by. Another who publishes waits for this one's end.
    """
    repository.lock_catalogues(uow.session)
    found = faults(uow.session, content=content, files=files)
    if not found:
        uow.session.add(models.Catalogue(version=content["version"], content=content, published_at=uow.platform_now))
    return found


def run(config: ServiceConfig, arguments: list[str], *, files: Files) -> int:
    """Run the command line; tell its exit code: 0, or 1 where something is wrong with the file or the version is not there."""
    parser = argparse.ArgumentParser(prog="python -m billing catalogue", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say everything that is wrong with a catalogue").add_argument("file", type=Path)
    commands.add_parser("publish", help="have it in force from now on").add_argument("file", type=Path)
    commands.add_parser("list", help="one line a version, the newest first")
    commands.add_parser("show", help="a version whole, the one in force by itself").add_argument("version", type=int, nargs="?")
    options = parser.parse_args(arguments)
    database = Database(config.database_url, pool_size=1, statement_timeout_seconds=SECONDS, application_name="comptoir-catalogue")
    try:
        return _run(Units(database), options, files)
    finally:
        database.close()


def _run(units: Units, options: argparse.Namespace, files: Files) -> int:
    match options.command:
        case "check":
            content = _content(options.file)
            with units.reading() as session:
                return _said(faults(session, content=content, files=files), f"{options.file} can be published.")
        case "publish":
            content = _content(options.file)
            with units.begin() as uow:
                found = publish(uow, content=content, files=files)
            return _said(found, f"{options.file} is in force.")
        case "list":
            return _list(units)
        case _:
            return _show(units, options.version, files)


def _list(units: Units) -> int:
    with units.reading() as session:
        lines = [f"{each.version:4}  {each.published_at:%Y-%m-%d %H:%M}" for each in repository.catalogues(session)]
    _say(f"{lines[0]}  in force", *lines[1:])
    return 0


def _show(units: Units, version: int | None, files: Files) -> int:
    with units.reading() as session:
        shown = next((each for each in repository.catalogues(session) if version in (None, each.version)), None)
    if shown is None:
        _say(f"There is no version {version}.")
        return 1
    _say(json.dumps(files.as_published(shown.content), indent=2, ensure_ascii=False))
    return 0


def _content(file: Path) -> object:
    """Read the file; what cannot be read or is no JSON ends the command with a sentence."""
    try:
        content: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{file} cannot be read: {error}")
    return content


def _said(found: list[Fault], otherwise: str) -> int:
    _say(*([f"{fault.path}: {fault.message}" for fault in found] or [otherwise]))
    return 1 if found else 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
