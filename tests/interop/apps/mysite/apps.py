"""The database is a test's: it need not outlive a power failure, and so it
waits for no disk."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


def hurry(connection, **_):
    connection.cursor().execute("PRAGMA synchronous = OFF")


class SiteConfig(AppConfig):
    name = "mysite"

    def ready(self):
        connection_created.connect(hurry)
