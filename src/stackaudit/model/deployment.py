"""What a project's deployment files declare: containers, the images under them, and variables by name; never a value that may be secret."""

from enum import StrEnum

from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word of a deployment file, and where it stands. It is empty where it hangs on what only a build or a start knows."""

    text: str
    where: Place


class Form(StrEnum):
    """Who a container's first process is: the program itself, a shell that hands no signal on, or a script that may do either."""

    PROGRAM = "program"
    SHELL = "shell"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a container is started. `runs` is `celery worker`, `celery beat` and so on; empty for all else.

    `time_limit` is the longest that a task may take by the command's own options, in seconds. `user` is whom it hands over to (`gosu USER`,
    `--uid USER`), None where it does not say so.
    """

    where: Place
    form: Form
    runs: str = ""
    time_limit: float | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A health check that runs celery's command line every `every` seconds; `addressed` says whether it names the node that it asks."""

    where: Place
    every: float
    addressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredVariable:
    """An environment variable that a file sets: its name, never its value.

    `holder` is what gets it: `service worker`, `Dockerfile`, `.env`. `broker` is the server and database that a broker's URL in it names,
    without login. `empty` says that it is set to nothing.
    """

    name: str
    where: Place
    holder: str
    broker: str | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container as the files declare it: a compose service, or the image of a Dockerfile that no service is made of.

    `name` is `service worker` or `image of Dockerfile`. `base` is the foreign image under it, `user` who runs it, each None where no file
    says. `grace` are the seconds that a service may take to stop, None where none are given; `composed` says whether it is a service.
    `programs` are those of `ffmpeg` and `ffprobe` that its instructions put in; `opaque` is the first step of which only a build shows what
    it puts in. `hands_over` says whether its instructions put in a program by which a script can start another as another user (gosu).
    `built` says whether the project builds its image, `whole` whether all that makes it up was read.
    """

    name: str
    where: Place
    composed: bool
    built: bool
    base: Said | None = None
    user: Said | None = None
    start: Start | None = None
    grace: float | None = None
    health: HealthCheck | None = None
    programs: tuple[str, ...] = ()
    opaque: Place | None = None
    variables: tuple[DeclaredVariable, ...] = ()
    hands_over: bool = False
    whole: bool = True

    @property
    def runs_worker(self) -> bool:
        """Whether it is started as a Celery worker."""
        return self.start is not None and self.start.runs == "celery worker"

    @property
    def runs_celery(self) -> bool:
        """Whether it is started as any of Celery's programs."""
        return self.start is not None and self.start.runs.startswith("celery")


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A variable that Celery lets win over what the project's code says at `code`; `differs` says whether the two are not the same."""

    variable: str
    where: Place
    setting: str
    code: Place
    differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """All that the deployment files (`sources`) say.

    `bases` are the foreign images that they name. `variables` are those of `.env` files; a container holds its own. `overrides` and `named`
    are what the project's code says about variables: which it overrides, and which it reads, each with the place.
    """

    sources: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()
    bases: tuple[Said, ...] = ()
    variables: tuple[DeclaredVariable, ...] = ()
    overrides: tuple[Override, ...] = ()
    named: tuple[Said, ...] = ()

    def all_variables(self) -> tuple[DeclaredVariable, ...]:
        """Those of the `.env` files, and those of the containers that the project builds or runs Celery in."""
        ours = (each.variables for each in self.containers if each.built or each.runs_celery)
        return (*self.variables, *(variable for held in ours for variable in held))
