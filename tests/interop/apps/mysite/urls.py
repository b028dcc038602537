"""The addresses of the example site."""

from django.contrib import admin
from django.urls import path

from mysite import views

urlpatterns = [
    path("", views.home), path("greet/<name>", views.greet),
    path("query", views.query), path("form", views.form),
    path("json", views.json), path("upload", views.upload),
    path("raw", views.raw), path("visits", views.visits),
    path("cookies", views.cookies), path("redirect", views.moved),
    path("nothing", views.nothing), path("broken", views.broken),
    path("stream", views.stream), path("slow/<name>", views.slow),
    path("endless", views.endless), path("file", views.file),
    path("write", views.write), path("note/<name>", views.note),
    path("where", views.where), path("admin/", admin.site.urls)]
