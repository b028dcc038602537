#!/usr/bin/python3
"""What a developer types to have an application loaded by strata-wsgi, and what
the program says to whoever mistypes it."""

import frameworks
import lib

APP = '''\
from json import dumps


def create_app(name="made"):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [name.encode()]
    return app


class holder:
    app = create_app("held")


def unready(name):
    return create_app(name)


def failing():
    return {}.nothing


async def asynchronous(scope, receive, send):
    pass


class Asynchronous:
    async def __call__(self, scope, receive, send):
        pass


class Site:
    def __call__(self, environ, start_response):
        return create_app("an object")(environ, start_response)

    def method(self, environ, start_response):
        return create_app("a method")(environ, start_response)

    def factory(self):
        return create_app("a factory")


class Page:
    def __init__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])

    def __iter__(self):
        return iter([b"a class"])


def anything(*args):
    return create_app("anything")(*args)


asgi = Asynchronous()
site = Site()
'''

SYNTAX = "def application(environ, start_response):\n    return [b'x'\n"
SETTINGS = "SECRET_KEY = 'x'\nROOT_URLCONF = 'mysite.urls'\n" \
           "ALLOWED_HOSTS = ['*']\n"
URLS = '''\
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("mysite"))]
'''
WSGI = "from django.core.wsgi import get_wsgi_application\n" \
       "application = get_wsgi_application()\n"


def sources(t):
    for name, text in {
            "shop.py": APP, "syntax.py": SYNTAX, "mysite/__init__.py": "",
            "mysite/settings.py": SETTINGS, "mysite/urls.py": URLS,
            "mysite/wsgi.py": WSGI, "needs.py": "import in_the_environment\n"
            "from shop import holder\napplication = holder.app\n"}.items():
        t.write("project/" + name, text)
    for name in ("venv", "newer"):
        t.run([frameworks.PYTHON, "-m", "venv", "--without-pip",
               t.dir / name])
    [packages] = t.dir.glob("venv/lib/python3.*/site-packages")
    (packages / "in_the_environment.py").write_text("")
    [newer] = t.dir.glob("newer/lib/python3.*")
    newer.rename(newer.parent / "python3.99")


def runs(t):
    """Each of these serves what stands at its end."""
    project = t.dir / "project"
    for number, (words, says) in enumerate((
            ("--chdir project -w shop --callable holder.app", "held"),
            ("--chdir project -w shop:create_app()", "made"),
            ("--chdir project --wsgi-file shop.py --callable create_app()",
             "made"),
            ("--pythonpath none --pythonpath project -w shop:site",
             "an object"),
            ("--chdir project -w shop:site.method", "a method"),
            ("--chdir project -w shop:site.factory()", "a factory"),
            ("--chdir project -w shop:Page", "a class"),
            ("--chdir project -w shop:anything", "anything"),
            ("--chdir project -w mysite.wsgi --env "
             "DJANGO_SETTINGS_MODULE=mysite.settings", "mysite"),
            (f"--chdir {project} -w needs --virtualenv ../venv", "held"))):
        port = 9000 + number
        child = t.start(["strata-wsgi", "--http-socket", f"{t.host}:{port}",
                         *words.split()], ready=(t.host, port))
        t.equal(words, lib.ask(t.host, port, "GET", "/").text, says)
        t.stop(child)


# A command line, and what must be said of it.
SLIPS = (
    ("--chdir project -w shp", "No module named 'shp'",
     'looked for in ., /', '"." is {dir}/project;'),
    ("--pythonpath projct -w shop", "No module named 'shop'",
     "projct (not there), /"),
    ("--chdir projct -w shop", "--chdir projct: No such file"),
    ("--chdir project -w shop.py", "--wsgi-file shop.py loads it"),
    ("-w project/shop.py:site",
     "--wsgi-file project/shop.py --callable site"),
    ("--wsgi-file project/shop.py:site",
     "--wsgi-file project/shop.py --callable site"),
    ("--chdir project --wsgi-file shpo.py", "shpo.py",
     "looked for from {dir}/project:"),
    ("--chdir project --wsgi-file mysite", "mysite is not a file"),
    ("--chdir project -w shop", 'unable to find "application" callable in '
     "module shop", "be called there: create_app, unready, failing, "
     "asynchronous, anything, asgi, site;"),
    ("--chdir project -w shop:holder.ap", 'find "holder.ap"', "'ap'"),
    ("--chdir project -w shop:create_app", "takes (name='made'), where",
     'ask for "create_app()"'),
    ("--chdir project -w shop:site.factory", "takes (), where",
     'ask for "site.factory()"'),
    ("--chdir project -w shop:unready", "takes (name), where WSGI"),
    ("--chdir project -w shop:unready()", "the call of unready() in module "
     "shop failed", "1 required positional argument: 'name'"),
    ("--chdir project -w shop:failing()", "the call of failing()",
     "no attribute 'nothing'"),
    ("--chdir project -w shop:asynchronous", "needs an ASGI server"),
    ("--chdir project -w shop:asgi", "takes (scope, receive, send), where",
     "needs an ASGI server"),
    ("--chdir project -w shop:__name__", "of type str, which cannot be"),
    ("--chdir project -w syntax", "project/syntax.py\", line 2",
     "'[' was never closed"),
    ("--chdir project -w mysite.wsgi", "DJANGO_SETTINGS_MODULE"),
    ("--chdir project -w mysite.wsgi --env "
     "DJANGO_SETTINGS_MODULE=mysite.setings",
     "No module named 'mysite.setings'"),
    ("--chdir project -w needs", "No module named 'in_the_environment'",
     'needs.py", line 1', "asked for: --virtualenv {dir}/venv"),
    ("--chdir project -w needs --virtualenv venv",
     "--virtualenv {dir}/project/venv: No such file"),
    ("-w needs --virtualenv=", "--virtualenv {dir}/: No such file"),
    ("-w needs --virtualenv project", "there is no pyvenv.cfg",
     "python3 -m venv DIR"),
    ("--chdir project -w needs --virtualenv ../newer",
     "its packages are another Python's", "No module named"),
    ("--chdir project shop:site", '"shop:site" is no option', "--module"))


def slips(t):
    for words, *says in SLIPS:
        status, said = t.run(["strata-wsgi", "--http-socket", f"{t.host}:0",
                              *words.split()])
        t.equal(f"{words}: ends with 1", status, 1)
        for text in says:
            t.contains("  and says", said, text.format(dir=t.dir))


with lib.Test("loading an application, and the slips") as t:
    t.env.update(PYTHONDONTWRITEBYTECODE="1",
                 VIRTUAL_ENV=str(t.dir / "venv"))
    sources(t)
    runs(t)
    slips(t)
