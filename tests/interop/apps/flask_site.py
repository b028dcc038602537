"""flask_site: the example site in Flask."""

from flask import (Blueprint, Flask, abort, flash, get_flashed_messages,
                   jsonify, redirect, render_template_string, request,
                   send_file, session, stream_with_context, url_for)

import site_parts

main = Blueprint("main", __name__)


@main.get("/")
def home():
    return "<h1>Flask</h1>"


@main.get("/greet/<name>")
def greet(name):
    return f"Hello, {name}!"


@main.get("/query")
def query():
    return jsonify(request.args.to_dict(flat=False))


@main.post("/form")
def form():
    return jsonify(request.form.to_dict(flat=False))


@main.post("/json")
def json():
    return jsonify(sum=sum(request.get_json()["numbers"]))


@main.post("/upload")
def upload():
    file = request.files["file"]
    return file.read(), {"X-Name": file.filename, "Content-Type": "x/y"}


@main.post("/raw")
def raw():
    return request.stream.read(), {"Content-Type": "x/y"}


@main.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@main.get("/cookies")
def cookies():
    answer = jsonify(request.cookies)
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2 and more", httponly=True)
    return answer


@main.get("/redirect")
def moved():
    return redirect("/greet/Ada")


@main.get("/nothing")
def nothing():
    return "", 204


@main.get("/broken")
def broken():
    raise RuntimeError("broken on purpose")


@main.get("/stream")
def stream():
    return site_parts.lines(), {"Content-Type": "text/plain"}


@main.get("/slow/<name>")
def slow(name):
    return site_parts.one_then_two(name), {"X-Accel-Buffering": "no"}


@main.get("/endless")
def endless():
    return (stream_with_context(site_parts.endless()),
            {"X-Accel-Buffering": "no"})


@main.get("/file")
def file():
    return send_file(site_parts.BIG, mimetype="x/y", conditional=True)


# What only the Flask test asks for.


@main.get("/template")
def template():
    return render_template_string(
        "{% for word in words %}{{ word }};{% endfor %}",
        words=["<b>", "é", "€"])


@main.post("/leave")
def leave():
    flash(request.form["note"])
    return redirect(url_for("main.left", _external=True))


@main.get("/left")
def left():
    return jsonify(get_flashed_messages())


@main.get("/teapot")
def teapot():
    abort(418)


def create_app(key="no secret"):
    app = Flask(__name__)
    app.secret_key = key
    app.register_blueprint(main)
    app.after_request(lambda a: (a.headers.set("X-Hook", "seen"), a)[1])
    app.register_error_handler(418, lambda error: ("short and stout", 418))
    return app


application = site_parts.door(create_app())
