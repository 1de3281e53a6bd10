"""What is asked of the files of a project, besides what they always ask for."""

from collections.abc import Mapping
from dataclasses import field

from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which optional parts of a project are in use: extras, dependency groups; and the variables for files that it points to."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
