"""What stands under /books/ and only refunds know; part of the namespace `books`."""

from django.urls import path

from refunds.views import books

urlpatterns = [
    path("memos/", books.memo_list, name="memos"),
    path("memos/<str:number>.pdf", books.memo, name="memo"),
    path("taxes/", books.taxes, name="taxes"),
    path("conservation/", books.conservation, name="conservation"),
    path("conservation/checks/", books.conservation_check, name="conservation_check"),
    path("exports/", books.exports, name="exports"),
]
