"""Names every setting that there is, with its type, its default and one line about it."""

from stackaudit.model.audit import Gate
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import SettingValue
from stackaudit.model.matrix import Rung
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One setting: its name in TOML (`fail-on`), its type, its default, and one line about it.

    The environment variable is `STACKAUDIT_FAIL_ON`, the option `--fail-on`. `choices` closes the set of its
    values; `example` stands in where there is no default. `single` says that one value of a list may stand without brackets.
    """

    name: str
    kind: type
    default: SettingValue
    about: str
    choices: tuple[str, ...] = ()
    example: str = ""
    single: bool = False


CHECKS = ("matrix", "conflicts", "vulnerabilities", "releases", "redis", "celery", "ffmpeg", "environment")
"""The checks that `--only`, `--skip` and `--require` name."""

SEVERITIES = tuple(Severity)

KEYS = (
    Key(
        name="matrix",
        kind=str,
        default=None,
        example="celery-redis-ffmpeg",
        about="the matrix: a shipped one's name, or a file",
    ),
    Key(
        name="python",
        kind=str,
        default=None,
        example=".venv/bin/python",
        about="the interpreter whose environment is audited",
    ),
    Key(
        name="python-version",
        kind=str,
        default=None,
        example="3.11",
        about="the Python that the requirement files are for, X.Y",
    ),
    Key(
        name="exclude-newer",
        kind=str,
        default=None,
        example="2026-11-22",
        about="what the index had on this day, an RFC 3339 date or time",
    ),
    Key(name="requirements", kind=tuple, default=(), about="the files that declare the pins"),
    Key(name="extras", kind=tuple, default=(), about="the extras of the project's own pyproject.toml that are in use"),
    Key(name="groups", kind=tuple, default=(), about="the dependency groups of pyproject.toml that are in use"),
    Key(name="broker-url", kind=str, default=None, example="redis://localhost:6379/0", about="the Celery broker"),
    Key(
        name="redis-url",
        kind=str,
        default=None,
        example="redis://localhost:6379/1",
        about="the Redis to check, where it is not the broker",
    ),
    Key(
        name="ffmpeg",
        kind=str,
        default=None,
        example="/usr/bin/ffmpeg",
        about="the ffmpeg to probe, a name on PATH or a path",
    ),
    Key(
        name="deployment",
        kind=tuple,
        default=(),
        about="the Dockerfiles, compose files and .env files that are deployed; those in the project's folder where none is named",
    ),
    Key(
        name="needs",
        kind=tuple,
        default=(),
        about="what the media tasks need of ffmpeg: encoder libx264, decoder h264, filter drawtext, protocol https, option vsync",
    ),
    Key(name="expect", kind=tuple, default=(), about="the Celery nodes that must answer"),
    Key(name="control-exchange", kind=str, default="celery", about="the workers' control_exchange"),
    Key(name="global-keyprefix", kind=str, default=None, example="p:", about="the workers' global_keyprefix"),
    Key(name="fanout-prefix", kind=bool, default=True, about="the workers' fanout_prefix"),
    Key(
        name="app",
        kind=str,
        default=None,
        example="proj.celery:app",
        about="the Celery application that is imported in the target's interpreter, MODULE:NAME",
    ),
    Key(name="only", kind=tuple, default=(), about="the checks to run, and no others", choices=CHECKS),
    Key(name="skip", kind=tuple, default=(), about="the checks to leave out", choices=CHECKS),
    Key(
        name="require",
        kind=tuple,
        default=(),
        about="the checks that must run, and the rung that the check of the matrix must reach",
        choices=(*CHECKS, *Rung),
        single=True,
    ),
    Key(name="fail-on", kind=str, default="medium", about="the least severity that fails", choices=SEVERITIES),
    Key(name="allow-unknown", kind=tuple, default=(), about="the checks or rules whose unknown passes the gate"),
    Key(name="ignore", kind=tuple, default=(), about="the rules or advisories that do not count"),
    Key(
        name="baseline",
        kind=str,
        default=None,
        example="audit.json",
        about="the record that new findings are told by: what this change brought, what the world, what was known",
    ),
    Key(
        name="gate",
        kind=str,
        default="all",
        about="what fails: all findings, or those of this change alone, which needs a baseline",
        choices=tuple(Gate),
    ),
    Key(
        name="documents",
        kind=str,
        default=None,
        example="docs/audits",
        about="the folder of the quarterly documents that `report --quarter` writes",
    ),
    Key(name="timeout", kind=float, default=30.0, about="the most that any one check may take, in seconds"),
    Key(
        name="advisories",
        kind=str,
        default="auto",
        about="where advisories come from: auto, pypi, osv, a URL or a path",
    ),
    Key(
        name="advisories-max-age",
        kind=float,
        default=14.0,
        about="the most days that the newest record of a local copy of advisories may be old",
    ),
    Key(
        name="private",
        kind=tuple,
        default=(),
        about="the packages that no public source knows: names, or patterns such as acme-*",
    ),
    Key(name="offline", kind=bool, default=False, about="ask nobody but the broker, Redis and loopback services"),
    Key(
        name="engine",
        kind=str,
        default="reference",
        about="who looks for conflicts and vulnerabilities: pip check and pip-audit (reference), or this tool itself",
        choices=("reference", "native"),
    ),
)
