"""The command line. Each command imports what it needs, so that light commands stay light."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from config.codes import Code
from config.errors import AxspaError, SettingsError, UnusableInput
from config.settings import Colormap, Settings, load_settings

NOTICE = "Research software, not a medical device."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 for success, 2 for wrong use or unusable input, 1 for other failures."""
    options = build_parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Settings], int] = options.command
    try:
        return command(options, load_settings(options.config))
    except AxspaError as error:
        print(f"axspa-node: {error.sentence} [{error.code}]", file=sys.stderr)
        return 2 if isinstance(error, SettingsError | UnusableInput) else 1
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    parser = argparse.ArgumentParser(prog="axspa-node", description=f"Reads sacroiliac MRI sent by DICOM. {NOTICE}")
    parser.add_argument("--version", action="version", version=f"axspa-node {version('axspa-node')}. {NOTICE}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace, Settings], int], text: str, more: str = ""
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text} {more}".strip())
        added.add_argument("--config", type=Path, metavar="FILE", help="TOML settings (see config/example.toml)")
        added.set_defaults(command=run)
        return added

    command("serve", _serve, "Run the node until SIGTERM or Ctrl-C.")

    process = command("process", _process, "Analyse a folder of DICOM files, offline.")
    process.add_argument("input", type=Path, metavar="INPUT", help="a DICOM file, or a folder of them")
    process.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where results are written")
    process.add_argument("--application", default="sij_mri", metavar="NAME", help="an installed one (default sij_mri)")
    process.add_argument("--bundle", default="", metavar="NAME", help="of its models (default: as settings say)")
    process.add_argument(
        "--language", default="", metavar="CODE", help="of the words, as de (default: as settings say)"
    )
    process.add_argument(
        "--colormap", default="", choices=get_args(Colormap), help="colors of heat maps (default: as settings say)"
    )
    words = "objects to write: default, all, or kinds with commas between them (docs/how-to/choose-what-is-sent.md)"
    process.add_argument("--kinds", default="default", metavar="NAMES", help=words)

    pictures = command("pictures", _pictures, "Read a folder of PNG and JPEG pictures by published models, offline.")
    pictures.add_argument("input", type=Path, metavar="INPUT", help="a picture, or a folder of them")
    pictures.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where results are written")
    pictures.add_argument(
        "--application", default="mri_slices", metavar="NAME", help="one that reads pictures (default mri_slices)"
    )
    pictures.add_argument(
        "--bundle", default="mri-slices-demo", metavar="NAME", help="of its models (default mri-slices-demo)"
    )
    pictures.add_argument(
        "--language", default="", metavar="CODE", help="of the words, as de (default: as settings say)"
    )

    demo = command("demo", _demo, "Start a node, send it the shipped synthetic study, show what comes back.")
    demo.add_argument("--exit", action="store_true", dest="leave", help="stop when the results are there")
    demo.add_argument("--out", type=Path, metavar="FOLDER", help="keep the received results here")

    command(
        "doctor",
        _doctor,
        "Check ports, disk, bundle, database and destinations, and say what to do.",
        "It only looks: nothing is made or changed, the database included. Exit status 1 where the node cannot work.",
    )

    deployments = command("deployments", _deployments, "Show what runs on studies, or take what the settings say.")
    deployments.add_argument("action", choices=("show", "adopt"), nargs="?", default="show")

    places = command(
        "destinations",
        _destinations,
        "Show who gets results, or open or close one of them.",
        "A node sends nothing to a destination before it is opened. One that is opened gets what is made from then on; "
        "with --kept also what was kept of results that stand. What waits for one that is closed is kept.",
    )
    places.add_argument("action", choices=("list", "open", "close"), nargs="?", default="list")
    places.add_argument("name", nargs="?", default="", metavar="NAME", help="as in the settings")
    places.add_argument("--kept", action="store_true", help="with open: send also what was kept")

    review = command(
        "review",
        _review,
        "Show the last results: what was sent or would have been, how long it took, what was held back.",
        "It only looks: nothing is made or changed, and no patient is named.",
    )
    review.add_argument("--last", type=int, default=25, metavar="N", help="how many results (default 25)")

    retract = command(
        "retract",
        _retract,
        "Take back a result that was delivered and proved wrong.",
        "Nothing more of it is sent. The running node tells the destinations that have it: by a rejection note where "
        "the settings say that it is honored, else by a report whose first line says that it is withdrawn.",
    )
    retract.add_argument("result", type=int, metavar="RESULT", help="its number, as in the address of its page")
    retract.add_argument("--reason", required=True, metavar="TEXT", help="why; write no names in it")

    backup = command(
        "backup",
        _backup,
        "Copy the node into a folder, while it runs: database, files, secret of the site.",
        "The folder must be empty, or not be there yet. docs/how-to/back-up.md says what else belongs to a backup.",
    )
    backup.add_argument("folder", type=Path, metavar="FOLDER")

    restore = command(
        "restore",
        _restore,
        "Make a node of a backup.",
        "Every file is compared with its hash first. data_dir of the settings must be empty, or not be there yet, and "
        "its database too.",
    )
    restore.add_argument("folder", type=Path, metavar="FOLDER")

    command(
        "health",
        _health,
        "Say how the running node does.",
        "Exit status 0 while it receives and analyses, 1 where it does not; a destination that is not reached is told "
        "and does not count. It only looks.",
    )

    ways = ("release", "discard", "keep", "again")
    held = command(
        "held",
        _held,
        "Show what is held back, or decide about it.",
        "release: the images are all of one patient, send what was held for that alone. discard: send nothing. keep: "
        "read only the images of one patient and set the others aside. again: read it again after a correction. Each "
        "needs a reason, which is kept.",
    )
    held.add_argument("action", choices=("show", *ways), nargs="?", default="show")
    held.add_argument("study", type=int, nargs="?", default=0, metavar="STUDY", help="its number, as in the panel")
    held.add_argument("--reason", default="", metavar="TEXT", help="why; write no names in it")
    held.add_argument("--patient", default="", metavar="KEY", help="whose images to keep, as show says")

    user = command(
        "user",
        _user,
        "Add or change a user of the panel.",
        "Where there is no database yet, add makes it. A database of another version is left as it is: start the node "
        "once, which brings an older one up to date, then repeat the command.",
    )
    user.add_argument("action", choices=("add", "password", "disable", "enable"))
    user.add_argument("name")
    user.add_argument("--role", choices=("reader", "admin"), default="reader")
    user.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    audit = command(
        "audit",
        _audit,
        "Verify the chain of the audit log, or export it as JSON lines.",
        "It only looks: nothing is made or changed. Exit status 1 where the chain is broken, or where there is no "
        "database of this version to look at.",
    )
    audit.add_argument("action", choices=("verify", "export"))
    return parser


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import serve

    return serve(settings)


def _process(options: argparse.Namespace, settings: Settings) -> int:
    from config import logs

    logs.setup(settings.logging)
    with logs.native_silence():
        from dicom_node.commands.process import process

    return process(
        options.input,
        options.out,
        settings=settings,
        application=options.application,
        bundle=options.bundle,
        language=options.language,
        colormap=options.colormap,
        kinds=options.kinds,
    )


def _pictures(options: argparse.Namespace, settings: Settings) -> int:
    from config import logs

    logs.setup(settings.logging)
    with logs.native_silence():
        from dicom_node.commands.pictures import pictures

    return pictures(
        options.input,
        options.out,
        settings=settings,
        application=options.application,
        bundle=options.bundle,
        language=options.language,
    )


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.demo.run import demo

    return demo(settings, out=options.out, leave=options.leave)


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.commands.doctor import examine

    findings = examine(settings)
    for finding in findings:
        print(f"{finding.verdict.value:<5} {finding.subject}: {finding.sentence}")
    return 1 if any(finding.failed for finding in findings) else 0


def _deployments(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import looking, open_database
    from dicom_node.purposes import check_purposes
    from storage import deployments

    with looking(settings) as database:
        rows = deployments.every(database)
    if options.action == "adopt":
        check_purposes((one.application, one.purpose) for one in settings.wanted_deployments)
        database = open_database(settings)
        for sentence in deployments.adopt(database, settings.wanted_deployments, actor="command line"):
            print(f"Changed: {sentence}")
        rows = deployments.every(database)
        database.dispose()
    for row in rows:
        state = "on" if row.enabled else "off"
        bundle = row.bundle or "no bundle"
        print(f"{row.application} with {bundle}: {row.purpose.value}, series from {row.series_base}, {state}")
    for sentence in deployments.differences(rows, settings.wanted_deployments):
        print(f"Differs: {sentence}")
    return 0


def _destinations(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import changing, looking
    from dicom_node.commands import destinations

    if options.action == "list":
        with looking(settings) as database:
            print("\n".join(destinations.show(database, settings)))
        return 0
    with changing(settings) as database:
        print(destinations.switch(database, options.name, to=options.action == "open", send_kept=options.kept))
    return 0


def _review(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import looking
    from dicom_node.commands import destinations

    with looking(settings) as database:
        print("\n".join(destinations.review(database, count=options.last)) or "Nothing was analysed yet.")
    return 0


def _retract(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import changing
    from storage import retraction

    with changing(settings) as database:
        count = retraction.retract(database, options.result, reason=options.reason, actor="command line")
    print(f"Result {options.result} is taken back; {count} deliveries of it are to be told of.")
    return 0


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node import backup
    from dicom_node.app import changing

    with changing(settings) as database:
        print(backup.make(database, settings, options.folder))
    return 0


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node import backup

    print(backup.restore(settings, options.folder))
    return 0


def _health(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import looking
    from dicom_node.health import look

    with looking(settings) as database:
        ready, lines = look(settings, database)
    print("\n".join(lines))
    return 0 if ready else 1


def _held(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import changing, looking
    from dicom_node.commands import held

    if options.action == "show":
        with looking(settings) as database:
            print("\n".join(held.show(database)) or "Nothing is held back.")
        return 0
    with changing(settings) as database:
        said = held.decide(
            database, settings, options.action, options.study, reason=options.reason, patient=options.patient
        )
    print(said)
    return 0


def _user(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import changing
    from storage import users

    name, actor = options.name, "command line"
    with changing(settings, make=options.action == "add") as database:
        if options.action == "add":
            users.add(database, name, _password(options), role=options.role, actor=actor)
        elif options.action == "password":
            users.set_password(database, name, _password(options), actor=actor)
        else:
            users.set_disabled(database, name, disabled=options.action == "disable", actor=actor)
    print(f"User {name}: {options.action} done.")
    return 0


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise UnusableInput(Code.PASSWORDS_DIFFER, "The two passwords differ; nothing was changed.")
    return first


def _audit(options: argparse.Namespace, settings: Settings) -> int:
    from dicom_node.app import looking
    from storage import audit

    with looking(settings) as database:
        if options.action == "verify":
            verdict = audit.verify(database)
            print(verdict.sentence)
            return 0 if verdict.intact else 1
        for row in audit.rows(database):
            columns = {name: getattr(row, name) for name in row.__table__.columns.keys()}  # noqa: SIM118
            print(json.dumps(columns, ensure_ascii=False, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
