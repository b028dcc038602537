#!/usr/bin/env python3
"""A Flask and a Django application, Debian's, on strata-prefork behind
strata-proxy."""

import json
import re

import lib
import pair

FLASK = '''\
from flask import Flask, jsonify, redirect, request, session, url_for

application = Flask(__name__)
application.secret_key = "no secret"


@application.route("/")
def home():
    return "<h1>Flask</h1>"


@application.route("/greet/<name>")
def greet(name):
    return f"Hello, {name}!"


@application.route("/form", methods=["POST"])
def form():
    session["name"] = request.form["name"]
    return redirect(url_for("who", _external=True))


@application.route("/who")
def who():
    return jsonify(name=session.get("name"))


@application.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, length=len(file.read()))


@application.route("/stream")
def stream():
    return application.response_class(
        (f"{n}\\n" for n in range(100)), mimetype="text/plain")


@application.route("/broken")
def broken():
    raise RuntimeError("on purpose")
'''

DJANGO = '''\
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    SECRET_KEY="no secret", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"])


def home(request):
    return HttpResponse("<h1>Django</h1>")


def greet(request, name):
    return HttpResponse(f"Hello, {name}!")


@csrf_exempt
def form(request):
    answer = JsonResponse({"name": request.POST["name"],
                           "url": request.build_absolute_uri()})
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2")
    return answer


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"name": file.name, "length": len(file.read())})


def stream(request):
    return StreamingHttpResponse(f"{n}\\n" for n in range(100))


def broken(request):
    raise RuntimeError("on purpose")


urlpatterns = [path("", home), path("greet/<name>", greet),
               path("form", form), path("upload", upload),
               path("stream", stream), path("broken", broken)]
application = get_wsgi_application()
'''


def common(t, name, port):
    """What both applications do."""
    a = lib.ask(t.host, port, "GET", "/")
    t.equal(f"{name}: the page", (a.status, a.text), (200, f"<h1>{name}</h1>"))
    a = lib.ask(t.host, port, "HEAD", "/")
    t.equal(f"{name}: HEAD", (a.status, a.body), (200, b""))
    a = lib.ask(t.host, port, "GET", "/greet/Zo%C3%AB%20B")
    t.equal(f"{name}: a path that is not ASCII", a.text, "Hello, Zoë B!")
    blob = bytes(range(256)) * 2000
    kind, body = lib.multipart("file", "blob.bin", blob)
    a = lib.ask(t.host, port, "POST", "/upload", {"Content-Type": kind}, body)
    t.equal(f"{name}: an upload", json.loads(a.body),
            {"name": "blob.bin", "length": len(blob)})
    a = lib.ask(t.host, port, "GET", "/stream")
    t.equal(f"{name}: a stream", a.text.split(), [str(n) for n in range(100)])
    a = lib.ask(t.host, port, "GET", "/none")
    t.equal(f"{name}: its own 404", a.status, 404)
    a = lib.ask(t.host, port, "GET", "/broken")
    t.equal(f"{name}: an exception is its own 500", a.status, 500)


def flask(t, port):
    common(t, "Flask", port)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    a = lib.ask(t.host, port, "POST", "/form", kind, b"name=Ada")
    t.equal("Flask: a redirect that knows the front's address",
            (a.status, a.get("Location")),
            (302, f"http://{t.host}:{port}/who"))
    cookie = re.match("[^;]*", a.get("Set-Cookie") or "").group()
    a = lib.ask(t.host, port, "GET", "/who", {"Cookie": cookie})
    t.equal("Flask: a session", json.loads(a.body), {"name": "Ada"})


def django(t, port):
    common(t, "Django", port)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    a = lib.ask(t.host, port, "POST", "/form", kind, b"name=Ada")
    t.equal("Django: a form, and the address that it was sent to",
            json.loads(a.body),
            {"name": "Ada", "url": f"http://{t.host}:{port}/form"})
    t.equal("Django: two cookies", len(
        [v for k, v in a.fields if k == "Set-Cookie"]), 2)


with lib.Test("Flask and Django on the stack") as t:
    for number, (file, text, check) in enumerate(
            [("flask_site.py", FLASK, flask),
             ("django_site.py", DJANGO, django)]):
        t.write(f"{number}/{file}", text)
        back = f"{t.host}:{9090 + number}"
        t.start([*lib.HOST, "--socket", back, "--master", "--processes",
                 "2", "--chdir", t.dir / str(number), "--module",
                 file[:-3] + ":application"], ready=(t.host, 9090 + number))
        pair.start_front(t, lib.FRONT,
                         pair.nginx_conf(t, back, 8080 + number),
                         8080 + number)
        check(t, 8080 + number)
