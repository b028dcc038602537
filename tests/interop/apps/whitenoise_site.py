"""whitenoise_site: a plain WSGI application whose files WhiteNoise serves."""

from whitenoise import WhiteNoise

import site_parts


def home(environ, start_response):
    """Everything that is no file."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<h1>WhiteNoise</h1>"]


application = site_parts.door(WhiteNoise(
    home, root=site_parts.FILES, prefix="static/", index_file=True,
    max_age=600))
