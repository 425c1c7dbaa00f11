from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose page is too old, or that came from elsewhere: nothing was done, here is a way on."""
    return render(request, "403_csrf.html", status=403)
