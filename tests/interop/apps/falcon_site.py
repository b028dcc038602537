"""falcon_site: the example site in Falcon."""

import os

import falcon

import site_parts


class Answer:
    """A resource with one responder, made of a function; HEAD is GET's."""

    def __init__(self, method, function):
        setattr(self, f"on_{method}", function)
        if method == "get":
            self.on_head = function


app = falcon.App()
app.req_options.strip_url_path_trailing_slash = False


def route(path, method="get"):
    def add(function):
        app.add_route(path, Answer(method, function))
        return function
    return add


@route("/")
def home(req, resp):
    resp.content_type = falcon.MEDIA_HTML
    resp.text = "<h1>Falcon</h1>"


@route("/greet/{name}")
def greet(req, resp, name):
    resp.content_type = falcon.MEDIA_TEXT
    resp.text = f"Hello, {name}!"


@route("/query")
def query(req, resp):
    resp.media = {key: req.get_param_as_list(key) for key in req.params}


@route("/form", "post")
def form(req, resp):
    resp.media = {key: value if isinstance(value, list) else [value]
                  for key, value in req.get_media().items()}


@route("/json", "post")
def json(req, resp):
    resp.media = {"sum": sum(req.get_media()["numbers"])}


@route("/upload", "post")
def upload(req, resp):
    for part in req.get_media():
        resp.set_header("X-Name", part.filename)
        resp.data = part.stream.read()
    resp.content_type = "x/y"


@route("/raw", "post")
def raw(req, resp):
    resp.content_type = "x/y"
    resp.data = req.stream.read()


@route("/visits")
def visits(req, resp):
    count = 1 + int(req.cookies.get("visits", 0))
    resp.set_cookie("visits", str(count), secure=False)
    resp.text = str(count)


@route("/cookies")
def cookies(req, resp):
    resp.media = req.cookies
    resp.set_cookie("one", "1", secure=False, http_only=False)
    resp.set_cookie("two", "2 and more", secure=False)


@route("/redirect")
def moved(req, resp):
    raise falcon.HTTPFound("/greet/Ada")


@route("/nothing")
def nothing(req, resp):
    resp.status = falcon.HTTP_204


@route("/broken")
def broken(req, resp):
    raise RuntimeError("broken on purpose")


@route("/stream")
def stream(req, resp):
    resp.content_type = "text/plain"
    resp.stream = site_parts.lines()


@route("/slow/{name}")
def slow(req, resp, name):
    resp.set_header("X-Accel-Buffering", "no")
    resp.stream = site_parts.one_then_two(name)


@route("/endless")
def endless(req, resp):
    resp.set_header("X-Accel-Buffering", "no")
    resp.stream = site_parts.endless()


@route("/file")
def file(req, resp):
    resp.content_type = "x/y"
    resp.set_stream(open(site_parts.BIG, "rb"),
                    os.path.getsize(site_parts.BIG))


# What only the Falcon test asks for.


@route("/refused")
def refused(req, resp):
    raise falcon.HTTPUnauthorized(title="Who is there?",
                                  challenges=['Basic realm="x"'])


@route("/matched")
def matched(req, resp):
    resp.etag = "one"
    resp.text = "matched"
    if req.if_none_match and "one" in req.if_none_match:
        resp.status = falcon.HTTP_304


app.add_static_route("/static", site_parts.FILES)
application = site_parts.door(app)
