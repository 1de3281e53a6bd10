"""The certificate authorities that an HTTP client trusts."""

import contextlib
import os
import ssl
import threading
from pathlib import Path

from stackaudit.outside._exchange import Unanswered
from stackaudit.outside.ways import Kind


class Authorities:
    """Those that are named, else those that the environment names, else the system's and, where it is, those of certifi.

    They are read when they are first asked for, and certifi's when the system's do not suffice: each takes longer than most answers.
    """

    def __init__(self, certificates: str | None) -> None:
        self._named = certificates or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        # The last two are read by OpenSSL itself, in the place of the system's.
        self.are_all = any((self._named, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")))

    def context(self) -> ssl.SSLContext:
        """What trusts them, and nobody else.

        Raises:
            Unanswered: they can't be read.
        """
        with self._lock:
            if self._context is None:
                self._context = self._read()
            return self._context

    def add_all(self) -> None:
        """Let the same context trust all of them from now on.

        Raises:
            Unanswered: they can't be read.
        """
        context = self.context()
        with self._lock:
            if self.are_all:
                return
            with contextlib.suppress(ImportError):
                import certifi

                try:
                    context.load_verify_locations(certifi.where())
                except OSError as error:
                    raise Unanswered(Kind.NO_AUTHORITIES) from error
            # Not before: another thread would take the certificate that it asks about for untrusted by all.
            self.are_all = True

    def _read(self) -> ssl.SSLContext:
        folder = self._named if self._named and Path(self._named).is_dir() else None
        try:
            return ssl.create_default_context(cafile=None if folder else self._named or None, capath=folder)
        except OSError as error:
            raise Unanswered(Kind.NO_AUTHORITIES) from error
