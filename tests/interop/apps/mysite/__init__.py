"""mysite: the example site in Django, laid out as a Django project is."""
