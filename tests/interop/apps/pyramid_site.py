"""pyramid_site: the example site in Pyramid."""

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPUnauthorized
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory
from pyramid.view import view_config

import site_parts

ROUTES = {}


def route(pattern, **how):
    """A view with a route of its own."""
    def add(function):
        name = function.__name__
        ROUTES[name] = pattern
        return view_config(route_name=name, **how)(function)
    return add


@route("/")
def home(request):
    return Response("<h1>Pyramid</h1>")


@route("/greet/{name}")
def greet(request):
    return Response(f"Hello, {request.matchdict['name']}!")


@route("/query", renderer="json")
def query(request):
    return request.GET.dict_of_lists()


@route("/form", request_method="POST", renderer="json")
def form(request):
    return request.POST.dict_of_lists()


@route("/json", request_method="POST", renderer="json")
def json(request):
    return {"sum": sum(request.json_body["numbers"])}


@route("/upload", request_method="POST")
def upload(request):
    file = request.POST["file"]
    answer = Response(file.file.read(), content_type="x/y")
    answer.headers["X-Name"] = file.filename
    return answer


@route("/raw", request_method="POST")
def raw(request):
    return Response(request.body, content_type="x/y")


@route("/visits")
def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return Response(str(request.session["visits"]))


@route("/cookies", renderer="json")
def cookies(request):
    request.response.set_cookie("one", "1")
    request.response.set_cookie("two", "2 and more", httponly=True)
    return dict(request.cookies)


@route("/redirect")
def moved(request):
    return HTTPFound("/greet/Ada")


@route("/nothing")
def nothing(request):
    return Response(status=204)


@route("/broken")
def broken(request):
    raise RuntimeError("broken on purpose")


@route("/stream")
def stream(request):
    return Response(app_iter=site_parts.lines(), content_type="text/plain")


@route("/slow/{name}")
def slow(request):
    request.response.app_iter = site_parts.one_then_two(
        request.matchdict["name"])
    request.response.headers["X-Accel-Buffering"] = "no"
    return request.response


@route("/endless")
def endless(request):
    request.response.app_iter = site_parts.endless()
    request.response.headers["X-Accel-Buffering"] = "no"
    return request.response


@route("/file")
def file(request):
    return FileResponse(site_parts.BIG, request, content_type="x/y")


# What only one test asks for.


@route("/where")
def where(request):
    return Response(request.route_url("greet", name="Ada"))


@route("/refused")
def refused(request):
    raise HTTPUnauthorized("Who is there?")


@route("/matched")
def matched(request):
    return Response("0123456789", etag="one", conditional_response=True)


def make():
    with Configurator() as config:
        config.set_session_factory(SignedCookieSessionFactory("no secret"))
        for name, pattern in ROUTES.items():
            config.add_route(name, pattern)
        config.add_static_view("static", site_parts.FILES)
        config.scan(__name__)
        return config.make_wsgi_app()


application = site_parts.door(make())
