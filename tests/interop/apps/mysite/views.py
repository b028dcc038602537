"""The views of the example site."""

import json as json_text

from django.http import (FileResponse, HttpResponse, HttpResponseRedirect,
                         JsonResponse, StreamingHttpResponse)
from django.shortcuts import get_object_or_404
from django.template import RequestContext, Template
from django.views.decorators.csrf import csrf_exempt

import site_parts
from mysite.models import Note


def home(request):
    return HttpResponse("<h1>Django</h1>")


def greet(request, name):
    return HttpResponse(f"Hello, {name}!")


def query(request):
    return JsonResponse(dict(request.GET.lists()))


@csrf_exempt
def form(request):
    return JsonResponse(dict(request.POST.lists()))


@csrf_exempt
def json(request):
    return JsonResponse({"sum": sum(json_text.load(request)["numbers"])})


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    answer = HttpResponse(file.read(), content_type="x/y")
    answer["X-Name"] = file.name
    return answer


@csrf_exempt
def raw(request):
    return HttpResponse(request.body, content_type="x/y")


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def cookies(request):
    answer = JsonResponse(request.COOKIES)
    answer.set_cookie("one", "1")
    answer.set_cookie("two", "2 and more", httponly=True)
    return answer


def moved(request):
    return HttpResponseRedirect("/greet/Ada")


def nothing(request):
    return HttpResponse(status=204)


def broken(request):
    raise RuntimeError("broken on purpose")


def stream(request):
    return StreamingHttpResponse(site_parts.lines(),
                                 content_type="text/plain")


def slow(request, name):
    answer = StreamingHttpResponse(site_parts.one_then_two(name))
    answer["X-Accel-Buffering"] = "no"
    return answer


def endless(request):
    answer = StreamingHttpResponse(site_parts.endless())
    answer["X-Accel-Buffering"] = "no"
    return answer


def file(request):
    return FileResponse(open(site_parts.BIG, "rb"), content_type="x/y")


# What only the Django test asks for.


def write(request):
    """A form that only whoever was shown it may send."""
    if request.method == "POST":
        return HttpResponse("written: " + request.POST["text"])
    page = Template('<form method="post">{% csrf_token %}'
                    '<input name="text"></form>')
    return HttpResponse(page.render(RequestContext(request)))


def note(request, name):
    return HttpResponse(get_object_or_404(Note, name=name).text)


def where(request):
    return HttpResponse(request.build_absolute_uri("/x?y=1"))
