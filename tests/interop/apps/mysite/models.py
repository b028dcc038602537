"""One kind of thing to keep."""

from django.db import models


class Note(models.Model):
    name = models.SlugField(primary_key=True)
    text = models.TextField()

    def __str__(self):
        return self.name
