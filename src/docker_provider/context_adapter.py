"""HTTPS for requests with one TLS context and nothing else."""

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class ContextAdapter(HTTPAdapter):
    """A requests adapter whose connections use one TLS context and nothing else.

    requests would otherwise add its public CA bundle, or the one of REQUESTS_CA_BUNDLE, to the
    authorities of the context, and accept an engine that the given CA has not signed.
    """

    def __init__(self, context: ssl.SSLContext, pool_maxsize: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=pool_maxsize)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        """Leave the certificates to the context."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {
            "ssl_context": self._context,
            "cert_reqs": self._context.verify_mode,
            "assert_hostname": None if self._context.check_hostname else False,
        }

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing: the context verifies."""
