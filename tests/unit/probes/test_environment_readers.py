"""What counts as reading an environment variable, and which variables celery's command line takes."""

import ast

import pytest

from stackaudit.probes._environment_readers import command_variables, names_read, parse

CELERY = """
@click.group(cls=DYMGroup, invoke_without_command=True)
@click.option('-b', '--broker', envvar='BROKER_URL', cls=CeleryOption)
@click.option('--skip-checks', is_flag=True)
def celery(ctx, broker): ...

@celery.command(cls=CeleryCommand)
def report(ctx): ...

def main():
    return celery(auto_envvar_prefix="CELERY")
"""
WORKER = """
@click.command(cls=CeleryDaemonCommand, context_settings={})
@click.option('-c', '--concurrency', type=int)
@click.option('-Q', '--queues', 'chosen_queues')
@click.option('--color/--plain')
def worker(ctx): ...
"""
BASE = """
class CeleryDaemonCommand(CeleryCommand):
    def __init__(self):
        self.params.extend((DaemonOption("--logfile", "-f", help="x"), DaemonOption("--uid")))
"""


def tree(source: str) -> ast.Module:
    return ast.parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "os.environ.get('X', 1)",
        "os.environ['X']",
        "environ.pop('X')",
        "os.getenv('X')",
        "getenv('X')",
        "'X' in os.environ",
        "'X' not in environ",
        "option('--x', envvar='X')",
        "option('--x', envvar=['Y', 'X'])",
        "def install(a, envvar='X', b=1): ...",
        "def install(*, env='X'): ...",
        "async_(env.get('X'))",
    ],
)
def test_this_reads_a_variable(source: str) -> None:
    assert "X" in names_read(tree(source))


@pytest.mark.parametrize(
    "source",
    [
        "os.environ['X'] = '1'",
        "os.environ.setdefault('X', '1')",
        "os.environ.update(X='1')",
        "del os.environ['X']",
        "conf.get('X')",
        "conf['X']",
        "'X' in conf",
        "# os.environ['X']",
        '"""Set os.environ["X"]."""',
        "print('X')",
        "def install(name='X'): ...",
    ],
)
def test_this_reads_none(source: str) -> None:
    assert "X" not in names_read(tree(source))


def test_the_command_line_takes_a_variable_for_each_option() -> None:
    variables = command_variables({"celery": tree(CELERY), "worker": tree(WORKER), "base": tree(BASE)})
    assert variables == {
        "CELERY_BROKER": "celery --broker",
        "CELERY_SKIP_CHECKS": "celery --skip-checks",
        "CELERY_WORKER_CONCURRENCY": "celery worker --concurrency",
        "CELERY_WORKER_CHOSEN_QUEUES": "celery worker --queues",
        "CELERY_WORKER_COLOR": "celery worker --color",
        "CELERY_WORKER_LOGFILE": "celery worker --logfile",
        "CELERY_WORKER_UID": "celery worker --uid",
    }


def test_without_the_automatic_prefix_in_the_source_it_takes_none() -> None:
    assert command_variables({"celery": tree(CELERY.replace("auto_envvar_prefix", "prog_name"))}) == {}
    assert command_variables({"worker": tree(WORKER)}) == {}


def test_source_that_this_python_can_not_parse_is_told_from_source_that_reads_nothing() -> None:
    assert parse(b"print 'x'") is None
    assert parse(b"x = '\\d'") is not None
