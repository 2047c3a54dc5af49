"""`python -m bpmn check FILE…`: may these diagrams be published, and if not, what is to be done.

Exit code 0: all may. 1: there are errors. 2: a file cannot be read.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson

from bpmn.bundles import gather
from bpmn.checks import Finding, Known, check, is_publishable
from records.region.groups import GROUPS
from tasks import policies, recipients
from tasks.access.roles import ROLES
from tasks.services import SERVICES

WORDS = {"error": "错误", "warning": "警告", "note": "提示"}
VERDICTS = {True: ("可以发布", "may be published"), False: ("不能发布", "may not be published")}


def run_check(options: argparse.Namespace) -> int:
    results: dict[str, list[Finding]] = {}
    for name in options.files:
        try:
            results[name] = findings_of(Path(name))
        except OSError as problem:
            print(f"{name}: 无法读取 / cannot be read: {problem.strerror}", file=sys.stderr)
            return 2
    if options.json:
        print(orjson.dumps(as_json(results), option=orjson.OPT_INDENT_2).decode())
    else:
        for name, findings in results.items():
            print("\n".join(told(name, findings, options.lang)))
    return 0 if all(map(is_publishable, results.values())) else 1


def findings_of(path: Path) -> list[Finding]:
    """What was converted, then what is wrong."""
    gathered = gather(path)
    beside = path.parent.glob("*.bpmn")
    known = Known(
        services=SERVICES.keys(),
        groups=GROUPS,
        roles=ROLES.keys(),
        diagrams={other.stem for other in beside},
        calendars=policies.shipped("calendars")["calendars"].keys(),
        clocks=policies.shipped("clocks")["clocks"].keys(),
        **recipients.names(policies.shipped("recipients")),
    )
    return [*check(gathered.files, known), *gathered.conversions]


def as_json(results: dict[str, list[Finding]]) -> list[dict[str, object]]:
    return [
        {
            "file": name,
            "is_publishable": is_publishable(findings),
            "findings": [asdict(found) for found in findings],
        }
        for name, findings in results.items()
    ]


def told(name: str, findings: list[Finding], lang: str) -> Iterator[str]:
    zh, en = VERDICTS[is_publishable(findings)]
    yield f"{name}: {chosen(zh, en, lang)}"
    for found in findings:
        severity = chosen(WORDS[found.severity], found.severity, lang)
        yield f"  {severity} [{found.code}] {found.element}".rstrip()
        yield from (f"    {text}" for text in chosen(found.zh, found.en, lang, "\n").split("\n"))


def chosen(zh: str, en: str, lang: str, between: str = " / ") -> str:
    return {"zh": zh, "en": en}.get(lang, f"{zh}{between}{en}")


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bpmn", description="Diagrams / 流程图")
    commands = parser.add_subparsers(required=True)
    checking = commands.add_parser("check", help="may these diagrams be published? / 能否发布")
    checking.add_argument("files", nargs="+", metavar="FILE", help=".bpmn")
    checking.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    checking.add_argument("--json", action="store_true", help="for programs / 供程序读取")
    checking.set_defaults(run=run_check)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = read_arguments(arguments)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
