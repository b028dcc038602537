"""What a server loads."""

import os

from django.core.wsgi import get_wsgi_application

import site_parts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
application = site_parts.door(get_wsgi_application())
