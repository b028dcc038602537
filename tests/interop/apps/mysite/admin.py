"""Notes in Django's admin."""

from django.contrib import admin

from mysite.models import Note

admin.site.register(Note)
