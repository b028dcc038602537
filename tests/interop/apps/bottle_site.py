"""bottle_site: the example site in Bottle."""

import json as json_text

from bottle import (Bottle, HTTPResponse, abort, redirect, request, response,
                    static_file, template)

import site_parts

app = Bottle()


@app.get("/")
def home():
    return "<h1>Bottle</h1>"


@app.get("/greet/<name>")
def greet(name):
    return f"Hello, {name}!"


@app.get("/query")
def query():
    words = request.query.decode()
    return {key: words.getall(key) for key in words}


@app.post("/form")
def form():
    words = request.forms.decode()
    return {key: words.getall(key) for key in words}


@app.post("/json")
def json():
    return {"sum": sum(request.json["numbers"])}


@app.post("/upload")
def upload():
    file = request.files.get("file")
    response.content_type = "x/y"
    response.set_header("X-Name", file.raw_filename)
    return file.file.read()


@app.post("/raw")
def raw():
    response.content_type = "x/y"
    return request.body.read()


@app.get("/visits")
def visits():
    count = 1 + (request.get_cookie("visits", secret="no secret") or 0)
    response.set_cookie("visits", count, secret="no secret")
    return str(count)


@app.get("/cookies")
def cookies():
    response.set_cookie("one", "1")
    response.set_cookie("two", "2 and more", httponly=True)
    return dict(request.cookies)


@app.get("/redirect")
def moved():
    redirect("/greet/Ada", 302)


@app.get("/nothing")
def nothing():
    return HTTPResponse(status=204)


@app.get("/broken")
def broken():
    raise RuntimeError("broken on purpose")


@app.get("/stream")
def stream():
    response.content_type = "text/plain"
    return site_parts.lines()


@app.get("/slow/<name>")
def slow(name):
    response.set_header("X-Accel-Buffering", "no")
    return site_parts.one_then_two(name)


@app.get("/endless")
def endless():
    response.set_header("X-Accel-Buffering", "no")
    return site_parts.endless()


@app.get("/file")
def file():
    return static_file("big.bin", site_parts.FILES, mimetype="x/y")


# What only the Bottle test asks for.


@app.get("/download")
def download():
    return static_file("big.bin", site_parts.FILES, mimetype="x/y",
                       download="größe.bin")


@app.get("/template")
def page():
    return template("% for word in words:\n{{word}};\n% end",
                    words=["<b>", "é", "€"])


@app.get("/text-pieces")
def text_pieces():
    return (word for word in ["é", "€", "\N{SNOWMAN}"])


@app.get("/refused")
def refused():
    abort(401, "Who is there?")


@app.error(404)
def lost(error):
    response.content_type = "application/json"
    return json_text.dumps({"lost": request.path})


application = site_parts.door(app)
